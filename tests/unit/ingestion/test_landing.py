import json
import os
from concurrent.futures import ThreadPoolExecutor
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


def test_landing_again_changes_nothing_when_the_file_is_the_same(
    land, settings, write, document, tmp_path
):
    path = write("f.jsonl", document(), "{")
    first = land(path)
    before = _state(settings.landing)
    again = land(path, today=date(2026, 4, 9))  # a later day without received_at
    renamed = path.rename(tmp_path / "other.jsonl")
    assert land(renamed) == again == first
    assert _state(settings.landing) == before


def test_landing_gives_the_same_bytes_when_the_file_is_the_same(land, settings, write, document):
    path = write("f.jsonl", document(fields={"b": "1", "a": None}), document(document_id="x"), "{")
    land(path)
    (file,) = settings.landing.glob("receipts/2026-03-31/*.parquet")
    first = file.read_bytes()
    file.unlink()  # as if somebody had lost it
    land(path)
    assert file.read_bytes() == first


def test_file_moves_when_it_lands_in_another_partition(land, landed, write, document):
    path = write("f.jsonl", document())
    land(path)
    result = land(path, partition="2026-01-01")
    assert result.days == ["2026-01-01", "2026-03-31"]  # both are to be published again
    assert list(landed()) == ["2026-01-01"]


def test_partition_is_replaced_when_asked_and_other_days_stay(land, landed, write, document):
    march = write(
        "march.jsonl",
        document(document_id="a", received_at="2026-03-30T10:00:00Z"),
        document(document_id="b", received_at="2026-03-29T10:00:00Z"),
    )
    land(march)
    corrected = write("corrected.jsonl", document(document_id="a2"))
    result = land(corrected, partition="2026-03-30", replace=True)
    assert result.days == ["2026-03-30"]
    ids = {day: [row["document_id"] for row in rows] for day, rows in landed().items()}
    assert ids == {"2026-03-29": ["b"], "2026-03-30": ["a2"]}
    land(march)  # known, and what was replaced stays replaced
    assert [row["document_id"] for row in landed()["2026-03-30"]] == ["a2"]


def test_file_lands_again_when_all_of_it_was_replaced(land, landed, write, document):
    first = write("first.jsonl", document(document_id="a"))
    land(first)
    land(write("second.jsonl", document(document_id="b")), partition="2026-03-31", replace=True)
    assert [row["document_id"] for row in landed()["2026-03-31"]] == ["b"]
    land(first, partition="2026-03-31", replace=True)  # the correction was the mistake
    assert [row["document_id"] for row in landed()["2026-03-31"]] == ["a"]
    second = land(write("third.jsonl", document(document_id="c")), today=date(2026, 4, 1))
    assert second.days == ["2026-04-01"]
    assert land(write("second.jsonl", document(document_id="b"))).rows == 1
    assert {row["document_id"] for row in landed()["2026-03-31"]} == {"a", "b"}


def test_day_of_a_row_is_in_utc_whatever_zone_its_reader_gave():
    evening = datetime(2026, 3, 31, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert days.of(Record({}, at=evening), None, date(2020, 1, 1)) == "2026-04-01"
    assert days.of(Record({}), None, date(2020, 1, 1)) == "2020-01-01"
    assert days.of(Record({}, at=evening), "2019-01-01", date(2020, 1, 1)) == "2019-01-01"


def test_landing_goes_on_where_it_was_killed(land, settings, write, document):
    files = [write(f"f{number}.jsonl", document(document_id=str(number))) for number in range(3)]

    def killed_at_the_second(done, total, name):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land(*files, progress=killed_at_the_second)
    half = _state(settings.landing)
    seen = []
    result = land(*files, progress=lambda *args: seen.append(args))
    assert (result.files, result.rows, seen[-1][:2]) == (3, 3, (3, 3))
    parquet = {path: state for path, state in half.items() if path.endswith(".parquet")}
    parquet = {path: state for path, state in parquet.items() if "/.work/" not in path}
    assert parquet.items() <= _state(settings.landing).items()  # not written twice


def test_two_landings_at_once_have_one_effect(land, landed, write, document):
    path = write("f.jsonl", *(document(document_id=str(number)) for number in range(50)))
    with ThreadPoolExecutor(2) as pool:
        results = [running.result() for running in [pool.submit(land, path) for _ in range(2)]]
    assert results[0] == results[1]
    assert len(landed()["2026-03-31"]) == 50


def test_file_is_read_again_when_its_manifest_was_never_written(land, settings, write, document):
    path = write("f.jsonl", document())
    land(path)
    for manifest in settings.landing.glob("receipts/.manifests/*"):
        manifest.unlink()
    assert land(path).rows == 1
    assert len(list(settings.landing.glob("receipts/*/*.parquet"))) == 1


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


def test_names_that_climb_out_of_the_home_are_harmless(land, landed, settings, write, document):
    before = _state(settings.root.parent)
    path = write("..%2f..; rm -rf ~.jsonl", document(document_id="../../../../tmp/evil"))
    land(path)
    assert landed()["2026-03-31"][0]["document_id"] == "../../../../tmp/evil"
    home = str(settings.root)
    new = set(_state(settings.root.parent)) - set(before) - {str(path)}
    assert all(name.startswith(home) for name in new)


def test_file_is_left_for_next_time_when_it_changes_while_it_is_read(
    land, landed, monkeypatch, tmp_path
):
    add_dataset(tmp_path, "read_while_it_grows")
    monkeypatch.setattr(specs, "EXPECTATIONS", tmp_path)
    path = tmp_path / "growing.csv"
    path.write_text("a line\n", encoding="utf-8")
    result = land(path, dataset="cards")
    assert (result.files, result.rows, result.days) == (0, 0, [])
    assert result.deferred == [
        "growing.csv: file_changed_while_read: it was written to or replaced meanwhile; "
        "left for the next time"
    ]
    assert landed("cards") == {}
    assert land(path, dataset="cards").rows == 1  # whole now


def test_other_files_land_when_one_kills_its_process(land, landed, monkeypatch, tmp_path):
    add_dataset(tmp_path, "read_and_die")
    monkeypatch.setattr(specs, "EXPECTATIONS", tmp_path)
    for name in ("a", "deadly", "b", "c"):
        (tmp_path / f"{name}.csv").write_text(name, encoding="utf-8")
    paths = sorted(tmp_path.glob("*.csv"))
    result = land(*paths, dataset="cards", workers=2)
    assert (result.files, result.rows, result.unreadable) == (4, 4, 1)
    rows = landed("cards")["2026-03-31"]
    assert {row["transaction_id"] for row in rows if row["rule"] is None} == {"a", "b", "c"}
    (dead,) = (row for row in rows if row["rule"])
    assert (dead["rule"], dead["source_file"]) == ("reader_died", "deadly.csv")


def test_rows_before_are_kept_when_a_reader_fails(land, landed, monkeypatch, tmp_path):
    add_dataset(tmp_path, "read_and_fail")
    monkeypatch.setattr(specs, "EXPECTATIONS", tmp_path)
    (tmp_path / "a.csv").write_text("a", encoding="utf-8")
    assert land(tmp_path / "a.csv", dataset="cards").unreadable == 1
    good, bad = landed("cards")["2026-03-31"]
    assert good["transaction_id"] == "first"
    assert (bad["rule"], "RuntimeError" in bad["reason"]) == ("reader_failed", True)


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


def test_unreadable_rows_belong_to_the_day_of_their_neighbours(land, landed, write, document):
    path = write(
        "mixed.jsonl",
        "{",
        document(document_id="a", received_at="2026-03-01T10:00:00Z"),
        "{",
        document(document_id="b", received_at="2026-03-02T10:00:00Z"),
        "{",
    )
    assert land(path).days == ["2026-03-01", "2026-03-02"]
    rows = landed()
    assert [row["source_line"] for row in rows["2026-03-01"]] == [1, 2, 3]
    assert [row["source_line"] for row in rows["2026-03-02"]] == [4, 5]


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


def test_rows_of_further_days_are_refused_when_a_file_has_too_many(
    land, landed, write, document, monkeypatch
):
    monkeypatch.setattr(reading, "_MOST_DAYS", 5)
    dates = [date(2024, 1, 1) + timedelta(days=number) for number in range(9)]
    rows = [document(document_id=str(day), received_at=f"{day}T12:00:00Z") for day in dates]
    result = land(write("years.jsonl", *rows))
    assert (result.rows, result.unreadable, len(result.days)) == (9, 4, 6)
    assert {row["rule"] for row in landed()["2026-03-31"]} == {"too_many_days"}


def test_real_receipts_land_whole(land, landed, sroie):
    result = land(sroie, format="sroie")
    assert (result.rows, result.unreadable) == (626, 0)
    assert len({row["document_id"] for row in landed()["2026-03-31"]}) == 626


def _put(path, text, when):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (when.timestamp(), when.timestamp()))


def _state(folder):
    """Files by name with what tells that they were written again."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
