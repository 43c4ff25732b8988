import json
import os
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_readers import add_dataset

from pipelines import specs
from pipelines.errors import BadDataError, MisconfiguredError, NotFoundError
from pipelines.ingestion import days, reading
from pipelines.ingestion.documents import landed_schema
from pipelines.ingestion.record import Record


def test_landed_schema_is_what_the_lake_reads():
    names = (
        "document_id received_at source image pages fields ocr_confidence content_hash "
        "source_file source_line raw rule reason"
    )
    assert landed_schema().names == names.split()
    assert landed_schema().field("received_at").type == pa.timestamp("us", tz="UTC")
    assert landed_schema().field("fields").type == pa.map_(pa.string(), pa.string())


def test_files_land_by_the_day_that_their_documents_arrived(land, landed, write, document):
    path = write(
        "mail.jsonl",
        document(document_id="a", received_at="2026-03-30T10:00:00Z"),
        document(document_id="b", received_at="2026-03-28T23:30:00-05:00"),
        document(document_id="c"),
        '{"document_id": "d", ',
    )
    result = land(path)
    assert (result.days, result.rows, result.unreadable, result.files) == (
        ["2026-03-29", "2026-03-30", "2026-03-31"], 4, 1, 1,
    )  # fmt: skip
    rows = landed()
    assert [row["document_id"] for row in rows["2026-03-29"]] == ["b"]
    assert [row["document_id"] for row in rows["2026-03-31"]] == ["c", None]
    good, bad = rows["2026-03-31"]
    assert (good["rule"], good["reason"], good["raw"]) == (None, None, None)
    assert (bad["rule"], bad["source_file"], bad["source_line"]) == (
        "truncated_json", "mail.jsonl", 4,
    )  # fmt: skip


def test_every_row_lands_in_the_partition_when_one_is_given(land, landed, write, document):
    path = write("f.jsonl", document(received_at="2026-03-30T10:00:00Z"), "{")
    assert land(path, partition="2025-12-24").days == ["2025-12-24"]
    assert len(landed()["2025-12-24"]) == 2


@pytest.mark.parametrize("partition", ["2026-02-30", "2026-3-1", "../../etc", "20260301", ""])
def test_landing_is_refused_when_the_partition_is_no_day(land, write, document, partition):
    with pytest.raises(BadDataError, match="expected YYYY-MM-DD"):
        land(write("f.jsonl", document()), partition=partition)


def test_landing_is_refused_when_something_named_is_not_there(land, write, document, tmp_path):
    path = write("f.jsonl", document())
    with pytest.raises(NotFoundError, match="expected one that exists"):
        land(tmp_path / "nowhere.jsonl")
    with pytest.raises(NotFoundError, match="known: interchange, sroie, files"):
        land(path, format="word")
    with pytest.raises(NotFoundError, match="no data set 'nope'"):
        land(path, dataset="nope")
    with pytest.raises(MisconfiguredError, match="without a partition"):
        land(path, replace=True)


def test_day_of_a_row_is_in_utc_whatever_zone_its_reader_gave():
    evening = datetime(2026, 3, 31, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert days.of(Record({}, at=evening), None, date(2020, 1, 1)) == "2026-04-01"
    assert days.of(Record({}), None, date(2020, 1, 1)) == "2020-01-01"
    assert days.of(Record({}, at=evening), "2019-01-01", date(2020, 1, 1)) == "2019-01-01"


def test_original_is_kept_as_it_came(land, settings, write, document):
    path = write("My Mail (1).JSONL", document(), "{")
    land(path)
    (kept,) = settings.originals.glob("receipts/*/*")
    assert kept.read_bytes() == path.read_bytes()
    assert kept.suffix == ".jsonl"


def test_picture_of_a_document_is_kept_beside_it(land, landed, settings, write, document, tmp_path):
    path = write("f.jsonl", document(image="scans/a.png"), document(image="../out.png"))
    (tmp_path / "in" / "scans").mkdir()
    (tmp_path / "in" / "scans" / "a.png").write_bytes(b"picture")
    (tmp_path / "out.png").write_bytes(b"secret")
    land(path)
    inside, outside = landed()["2026-03-31"]
    assert (settings.root / inside["image"]).read_bytes() == b"picture"
    assert inside["image"].startswith("originals/receipts/")
    assert outside["image"] is None


def test_table_of_another_shape_needs_only_a_reader_and_a_schema(
    land, landed, monkeypatch, tmp_path
):
    add_dataset(tmp_path)
    monkeypatch.setattr(specs, "EXPECTATIONS", tmp_path)
    path = tmp_path / "cards.csv"
    path.write_text(
        "line,id,at,amount\n1,t1,2026-03-01T10:00:00,5.5\n2,t2,2026-03-02T10:00:00,much\n",
        encoding="utf-8",
    )
    assert land(path, dataset="cards").days == ["2026-03-01"]
    row, bad = landed("cards")["2026-03-01"]
    assert row["happened_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (bad["transaction_id"], bad["rule"]) == ("t2", "wrong_type")


def test_inbox_is_landed_and_emptied_when_its_files_have_settled(land, landed, settings, document):
    inbox = settings.landing / "receipts" / "inbox"
    old = datetime(2026, 3, 31, 11, tzinfo=UTC)
    names = ("a.jsonl", "deep/er/b.jsonl", ".hidden.jsonl", "c.jsonl.part", "d.tmp", "fresh.jsonl")
    for name in names:
        _put(inbox / name, json.dumps(document(document_id=name)), old)
    _put(inbox / "fresh.jsonl", "{", old + timedelta(minutes=59, seconds=58))
    (settings.root / "outside.jsonl").write_text(json.dumps(document()), encoding="utf-8")
    (inbox / "link.jsonl").symlink_to(settings.root / "outside.jsonl")
    assert land().files == 2
    assert {row["source_file"] for row in landed()["2026-03-31"]} == {"a.jsonl", "deep/er/b.jsonl"}
    left = {path.name for path in inbox.rglob("*") if not path.is_dir()}
    assert left == {".hidden.jsonl", "c.jsonl.part", "d.tmp", "fresh.jsonl", "link.jsonl"}
    assert land().files == 0


def test_second_name_of_a_file_leaves_the_inbox_too(land, settings, document):
    inbox = settings.landing / "receipts" / "inbox"
    for name in ("a.jsonl", "b.jsonl"):
        _put(inbox / name, json.dumps(document()), datetime(2026, 3, 31, 11, tzinfo=UTC))
    assert (land().rows, land().files) == (1, 0)
    assert list(inbox.iterdir()) == []


def test_rows_fill_several_row_groups_in_order_when_there_are_many(
    land, settings, write, document, monkeypatch
):
    monkeypatch.setattr(reading, "_FLUSH_ROWS", 100)
    rows = [document(document_id=f"{number:05d}") for number in range(150)]
    land(write("many.jsonl", *rows))
    (path,) = settings.landing.glob("receipts/2026-03-31/*.parquet")
    file = pq.ParquetFile(path)
    assert file.num_row_groups == 2
    ids = file.read(["document_id"]).column(0).to_pylist()
    assert ids == sorted(ids)


def test_real_receipts_land_whole(land, landed, sroie):
    result = land(sroie, format="sroie")
    assert (result.rows, result.unreadable) == (626, 0)
    assert len({row["document_id"] for row in landed()["2026-03-31"]}) == 626


def _put(path, text, when):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (when.timestamp(), when.timestamp()))
