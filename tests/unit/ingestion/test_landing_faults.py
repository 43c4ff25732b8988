"""Files that change, break their reader or kill it: what can be landed lands."""

from datetime import date, timedelta

import pytest
from landing_readers import add_dataset

from pipelines import specs
from pipelines.ingestion import reading

pytestmark = pytest.mark.slow


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


def test_rows_of_further_days_are_refused_when_a_file_has_too_many(
    land, landed, write, document, monkeypatch
):
    monkeypatch.setattr(reading, "_MOST_DAYS", 5)
    dates = [date(2024, 1, 1) + timedelta(days=number) for number in range(9)]
    rows = [document(document_id=str(day), received_at=f"{day}T12:00:00Z") for day in dates]
    result = land(write("years.jsonl", *rows))
    assert (result.rows, result.unreadable, len(result.days)) == (9, 4, 6)
    assert {row["rule"] for row in landed()["2026-03-31"]} == {"too_many_days"}
