"""Card transactions from CSV: what is read, and each way a file or a line can be wrong."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines import specs
from pipelines.contracts import names
from pipelines.ingestion import formats
from pipelines.ingestion.land import LandSpec, run
from pipelines.ingestion.readers import csvlines
from pipelines.ingestion.readers.card_transactions import landed_schema, read
from pipelines.ingestion.record import Block, Limits, Refusal
from pipelines.settings import Settings

HEADER = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD"
GOOD = "{0},2018-04-01 00:00:31,596,3156,57.16,0"


@pytest.fixture
def limits(tmp_path):
    return Limits.of(Settings(home=tmp_path))


def write(folder: Path, *lines: str | bytes, header: str = HEADER) -> Path:
    path = folder / "in.csv"
    given = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    path.write_bytes(b"".join(line + b"\n" for line in given))
    return path


def rows_of(found: list) -> list[dict]:
    return [row for one in found if isinstance(one, Block) for row in one.rows.to_pylist()]


def refusals_of(found: list) -> list[Refusal]:
    return [one for one in found if isinstance(one, Refusal)]


def test_reader_takes_what_is_known_and_leaves_what_gives_the_label_away(tmp_path, limits):
    path = write(
        tmp_path,
        "7,2018-04-01 00:00:31,596,3156,85.64999999999999,31,0,1,3",
        '"8","2018-04-01T00:02:10","596","3156",5,130,0,,\r',
        header=f"{HEADER.removesuffix(',TX_FRAUD')},TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,"
        "TX_FRAUD_SCENARIO",
    )

    first, second = rows_of(list(read(path, limits)))

    assert {**first, names.CONTENT_HASH: ""} == {
        "transaction_id": "7",
        "at": datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC),
        "customer_id": "596",
        "terminal_id": "3156",
        "amount": 85.65,
        "fraud": True,
        names.CONTENT_HASH: "",
    }
    assert (second["transaction_id"], second["amount"], second["fraud"]) == ("8", 5.0, None)


@pytest.mark.parametrize(
    ("line", "rule", "says"),
    [
        ("1,2018-04-01 00:00:31,596", "wrong_columns", "does not have 6 values"),
        ("1,2018-02-30 00:00:31,5,6,1.00,0", "wrong_type", "TX_DATETIME is not a time"),
        ("1,2018-04-01 25:00:31,5,6,1.00,0", "wrong_type", "TX_DATETIME is not a time"),
        ("1,yesterday,5,6,1.00,0", "wrong_type", "TX_DATETIME is not a time"),
        ("1,2018-04-01 00:00:31,,6,1.00,0", "wrong_type", "CUSTOMER_ID is not an id"),
        ("1,2018-04-01 00:00:31,5,6,NaN,0", "wrong_type", "TX_AMOUNT is not an amount"),
        ("1,2018-04-01 00:00:31,5,6,1e400,0", "wrong_type", "TX_AMOUNT is not an amount"),
        ("1,2018-04-01 00:00:31,5,6,1.00,2", "wrong_type", "TX_FRAUD is not 0 or 1"),
        (b"1,2018-04-01 00:00:31,\xff\xfe,6,1.00,0", "wrong_encoding", "not UTF-8"),
        ("a\x00b,2018-04-01 00:00:31,5,6,1.00,0", "wrong_type", "TRANSACTION_ID is not an id"),
    ],
)
def test_reader_refuses_the_line_and_reads_the_others(tmp_path, limits, line, rule, says):
    path = write(tmp_path, GOOD.format(1), line, GOOD.format(3))

    found = list(read(path, limits))

    (refused,) = refusals_of(found)
    assert (refused.rule, refused.line) == (rule, 3)
    assert says in refused.reason and refused.raw
    assert [row["transaction_id"] for row in rows_of(found)] == ["1", "3"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty_file"),
        (f"{HEADER}\n".encode(), "empty_file"),
        (b"a,b,c\n1,2,3\n", "wrong_header"),
        (HEADER.replace("TX_AMOUNT,", "").encode() + b"\n1,2,3,4,0\n", "wrong_header"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "wrong_header"),
        (gzip.compress(f"{HEADER}\n{GOOD.format(1)}\n".encode())[:-12], "truncated_gzip"),
    ],
)
def test_reader_refuses_the_file_when_it_is_no_table(tmp_path, limits, content, rule):
    path = tmp_path / "in.csv.gz"
    path.write_bytes(content)

    assert [one.rule for one in refusals_of(list(read(path, limits)))] == [rule]


def test_reader_stops_at_the_limit_when_a_gzip_unpacks_to_too_much(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(
        gzip.compress(f"{HEADER}\n".encode() + (GOOD.format(1) + "\n").encode() * 9_999)
    )
    limits = Limits.of(Settings(home=tmp_path, max_file_bytes=100_000))

    assert [one.rule for one in read(path, limits)] == ["file_too_large"]


def test_reader_refuses_a_line_that_is_too_long_alone(tmp_path):
    path = write(tmp_path, GOOD.format(1), "9" * 5_000, GOOD.format(3))
    limits = Limits.of(Settings(home=tmp_path, max_line_bytes=1_024))

    found = list(read(path, limits))

    assert [(one.rule, one.line) for one in refusals_of(found)] == [("line_too_long", 3)]
    assert len(rows_of(found)) == 2


@pytest.mark.parametrize("block", [1, 2, 50_000])
def test_landing_puts_blocks_into_their_days_with_the_refused_beside(tmp_path, monkeypatch, block):
    monkeypatch.setattr(csvlines, "_BLOCK_ROWS", block)
    first, second = "2018-04-01", "2018-04-02"
    lines = [f"{number},{day} 10:00:00,5,6,1.00,0" for number, day in enumerate((first, second))]
    path = write(tmp_path, *lines, "broken", "3,2018-04-01 11:00:00,5,6,1.00,0")
    settings = Settings(home=tmp_path / "home")
    spec = LandSpec(
        dataset="card_transactions",
        today=date(2026, 1, 1),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        files=(path,),
    )

    landed = run(spec, settings=settings, progress=lambda *_: None)

    assert (landed.rows, landed.unreadable, landed.days) == (4, 1, [first, second])
    tables = [
        pq.read_table(one) for one in (settings.landing / "card_transactions" / first).iterdir()
    ]
    rows = [row for one in tables for row in one.to_pylist() if row["transaction_id"]]
    assert all(table.schema.equals(landed_schema()) for table in tables)
    assert {(row["transaction_id"], row[names.SOURCE_LINE]) for row in rows} == {("0", 2), ("3", 5)}
    assert {row[names.SOURCE_FILE] for row in rows} == {"in.csv"}


def test_batches_hold_every_line_in_its_state(tmp_path, limits):
    path = write(tmp_path, *(GOOD.format(number) for number in range(7)), "broken")

    found = list(formats.batches(specs.dataset("card_transactions"), path, None, limits, rows=3))

    assert [batch.num_rows for batch in found] == [3, 3, 1, 1]
    assert [rule for batch in found for rule in batch.column(names.RULE).to_pylist()] == [
        *[None] * 7,
        "wrong_columns",
    ]


@pytest.mark.slow
def test_every_real_transaction_is_read(limits):
    path = specs.EXPECTATIONS.parents[1] / "shared/data/fraud/transactions_2018-04.csv.gz"
    if not path.is_file():
        pytest.skip("real transactions are not here: ../shared/data/fraud")

    found = list(read(path, limits))

    assert not refusals_of(found)
    assert sum(one.rows.num_rows for one in found) == 288_062
