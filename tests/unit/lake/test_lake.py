"""The lake on a real catalog of a home of its own, without Spark."""

import sqlite3
import threading

import pyarrow as pa
import pytest

from pipelines.errors import NotFoundError, TransientError
from pipelines.lake.lake import Lake
from pipelines.settings import Settings

TABLE = "millrace.things"
SCHEMA = pa.schema([("id", pa.string()), ("size", pa.int64()), ("day", pa.string())])


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def lake(settings):
    found = Lake.open(settings)
    found.create(TABLE, SCHEMA, ["day"])
    return found


def append(lake, *rows):
    """Commits rows as a writer outside the room would."""
    lake._catalog.load_table(TABLE).append(pa.Table.from_pylist(list(rows), schema=SCHEMA))
    return lake.current_snapshot(TABLE)


def thing(name, day="2026-01-01", size=1):
    return {"id": name, "size": size, "day": day}


def ids(table):
    return sorted(table["id"].to_pylist())


def test_read_gives_the_pinned_snapshot_when_a_later_one_exists(lake):
    first = append(lake, thing("a"))
    second = append(lake, thing("b", "2026-01-02"))

    assert ids(lake.read(TABLE, snapshot_id=first)) == ["a"]
    assert ids(lake.read(TABLE)) == ["a", "b"]
    assert [one.snapshot_id for one in lake.history(TABLE)] == [second, first]
    assert (lake.count(TABLE, first), lake.count(TABLE, second)) == (1, 2)


def test_read_keeps_what_where_and_columns_ask_for(lake):
    append(lake, thing("a", size=1), thing("b", size=2), thing("c", "2026-01-02", 2))

    assert ids(lake.read(TABLE, where={"size": 2})) == ["b", "c"]
    assert ids(lake.read(TABLE, where={"size": [1, 2], "day": "2026-01-01"})) == ["a", "b"]
    assert ids(lake.read(TABLE, where={"day": []})) == []
    assert lake.read(TABLE, columns=["size"]).column_names == ["size"]


def test_read_takes_a_quote_in_a_value_as_a_value(lake):
    append(lake, thing("a' OR 'a'='a"), thing("b"))

    assert ids(lake.read(TABLE, where={"id": "a' OR 'a'='a"})) == ["a' OR 'a'='a"]


def test_lake_says_nothing_was_committed_when_a_table_is_new_or_absent(lake):
    assert lake.exists(TABLE) and not lake.exists("millrace.nothing")
    assert lake.current_snapshot(TABLE) is lake.current_snapshot("millrace.nothing") is None
    assert lake.history(TABLE) == lake.history("millrace.nothing") == []
    assert lake.read(TABLE).num_rows == 0


def test_read_refuses_when_table_or_snapshot_is_not_there(lake):
    with pytest.raises(NotFoundError, match=r"no table millrace\.nothing"):
        lake.read("millrace.nothing")
    with pytest.raises(NotFoundError, match="no snapshot 12"):
        lake.read(TABLE, snapshot_id=12)


def test_create_adds_a_column_when_the_schema_has_grown(lake):
    append(lake, thing("a"))

    wider = SCHEMA.append(pa.field("colour", pa.string()))
    lake.create(TABLE, wider, ["day"])
    lake.create(TABLE, SCHEMA, ["day"])  # fewer columns take nothing away

    red = {**thing("b"), "colour": "red"}
    lake._catalog.load_table(TABLE).append(pa.Table.from_pylist([red], schema=wider))
    found = sorted(lake.read(TABLE).to_pylist(), key=lambda row: row["id"])
    assert found == [{**thing("a"), "colour": None}, red]


def test_create_partitions_by_plain_values(lake):
    append(lake, thing("a"), thing("b", "2026-01-02"))

    files = lake._catalog.load_table(TABLE).inspect.files()
    assert sorted(part["day"] for part in files["partition"].to_pylist()) == [
        "2026-01-01",
        "2026-01-02",
    ]


def test_lake_waits_when_another_writer_holds_the_catalog(settings, lake):
    path = settings.root / "lake" / "catalog.db"
    writer = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    threading.Timer(0.4, lambda: (writer.execute("COMMIT"), writer.close())).start()

    append(lake, thing("a"))

    assert ids(lake.read(TABLE)) == ["a"]
    assert sqlite3.connect(path).execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_lake_reads_when_another_writer_holds_the_catalog(settings, lake):
    append(lake, thing("a"))
    writer = sqlite3.connect(settings.root / "lake" / "catalog.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    assert ids(Lake.open(settings).read(TABLE)) == ["a"]
    writer.close()


def test_counts_are_those_of_the_newest_commit_when_rows_were_replaced(lake):
    assert lake.counts(TABLE, "day") == {}
    append(lake, thing("a"), thing("b"), thing("c", "2026-01-02"))
    lake._catalog.load_table(TABLE).overwrite(
        pa.Table.from_pylist([thing("d")], schema=SCHEMA), "day = '2026-01-01'"
    )

    assert lake.counts(TABLE, "day") == {"2026-01-01": 1, "2026-01-02": 1}


def test_replace_touches_only_what_it_names(lake):
    rows = [thing("a"), thing("b", size=2), thing("c", "2026-01-02", 2)]
    base = append(lake, *rows)
    new = pa.Table.from_pylist([thing("d", size=9)], schema=SCHEMA)
    where = [{"day": "2026-01-01", "size": [2]}, {"day": "2026-01-03"}]

    last = lake.replace(TABLE, new, where, base=base, note={"why": "test"})

    assert ids(lake.read(TABLE, snapshot_id=last)) == ["a", "c", "d"]
    assert lake.history(TABLE)[0].summary["why"] == "test"
    with pytest.raises(TransientError, match="another attempt wrote"):
        lake.replace(TABLE, new, [], base=base, note={})
    assert ids(lake.read(TABLE)) == ["a", "c", "d"]
