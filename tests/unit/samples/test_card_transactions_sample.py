"""The sample of card purchases: its bytes, its columns, and frauds as the handbook makes them."""

import gzip
from datetime import date

import polars as pl
import pytest

from pipelines.ingestion.readers.card_transactions import read
from pipelines.ingestion.record import Block, Limits, Refusal
from pipelines.samples.card_transactions import generate
from pipelines.settings import Settings

COLUMNS = [
    *("TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT"),
    *("TX_TIME_SECONDS", "TX_TIME_DAYS", "TX_FRAUD", "TX_FRAUD_SCENARIO"),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "s.csv"
    made = generate(20_000, 7, path)
    return made, pl.read_csv(path, try_parse_dates=True)


def test_sample_has_the_columns_of_the_handbook_in_the_order_of_time(sample):
    made, rows = sample

    assert rows.columns == COLUMNS
    assert rows.height == made.transactions == 20_000
    assert rows["TX_DATETIME"].is_sorted() and rows["TRANSACTION_ID"].is_unique().all()
    assert rows["TX_FRAUD"].sum() == made.frauds


def test_sample_is_the_same_bytes_when_the_seed_is(tmp_path):
    first, second = tmp_path / "a.csv.gz", tmp_path / "b.csv.gz"
    generate(2_000, 3, first, bad=3)
    generate(2_000, 3, second, bad=3)
    generate(2_000, 4, tmp_path / "c.csv.gz", bad=3)

    assert first.read_bytes() == second.read_bytes() != (tmp_path / "c.csv.gz").read_bytes()
    assert len(gzip.decompress(first.read_bytes()).splitlines()) == 2_004


def test_frauds_are_few_and_of_three_kinds(sample):
    _, rows = sample
    share = rows["TX_FRAUD"].mean()

    assert 0.004 < share < 0.04
    assert set(rows["TX_FRAUD_SCENARIO"]) == {0, 1, 2, 3}
    assert (rows["TX_FRAUD_SCENARIO"] > 0).to_list() == (rows["TX_FRAUD"] == 1).to_list()


def test_everything_at_a_compromised_terminal_is_fraud_for_a_time(sample):
    _, rows = sample
    hit = rows.filter(pl.col("TX_FRAUD_SCENARIO") == 2)
    terminal = hit["TERMINAL_ID"].mode()[0]
    days = hit.filter(pl.col("TERMINAL_ID") == terminal)["TX_TIME_DAYS"]

    between = rows.filter(
        (pl.col("TERMINAL_ID") == terminal)
        & pl.col("TX_TIME_DAYS").is_between(days.min(), min(days.max(), days.min() + 13))
    )

    assert between["TX_FRAUD"].mean() == 1.0


def test_volume_follows_weekday_and_hour(sample):
    _, rows = sample
    weekday = rows.group_by(pl.col("TX_DATETIME").dt.weekday()).len().sort("TX_DATETIME")["len"]
    noon = rows.filter(pl.col("TX_DATETIME").dt.hour().is_between(10, 14)).height
    night = rows.filter(pl.col("TX_DATETIME").dt.hour() < 5).height

    assert weekday[5] > 1.1 * weekday[0]
    assert noon > 3 * night


def test_broken_lines_are_refused_and_all_others_are_read(tmp_path):
    path = tmp_path / "s.csv"
    generate(500, 7, path, days=5, start=date(2026, 2, 1), bad=4)

    found = list(read(path, Limits.of(Settings(home=tmp_path))))

    assert sum(one.rows.num_rows for one in found if isinstance(one, Block)) == 500
    assert len([one for one in found if isinstance(one, Refusal)]) == 4
