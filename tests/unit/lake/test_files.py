"""Data files that are read elsewhere: the rows of the snapshot, whoever reads them."""

import cloudpickle
import pyarrow as pa
import pytest

from pipelines.errors import NotFoundError
from pipelines.lake.files import files
from pipelines.lake.lake import Lake
from pipelines.settings import Settings

TABLE = "millrace.things"
SCHEMA = pa.schema([("id", pa.string()), ("day", pa.string()), ("version", pa.int32())])


@pytest.fixture
def lake(tmp_path):
    found = Lake.open(Settings(home=tmp_path))
    found.create(TABLE, SCHEMA, ["day", "version"])
    for day, version in (("monday", 1), ("monday", 2), ("tuesday", 1)):
        rows = [{"id": f"{day[0]}{version}{at}", "day": day, "version": version} for at in range(3)]
        found.append(TABLE, pa.Table.from_pylist(rows, schema=SCHEMA), {"note": "x" * 1000})
    return found


def read(lake, where, **asked):
    found = files(lake, TABLE, snapshot_id=lake.current_snapshot(TABLE), where=where, **asked)
    sent = cloudpickle.loads(cloudpickle.dumps(found.split(1)))
    return pa.concat_tables([pa.Table.from_batches([b]) for one in sent for b in one.batches()])


def test_rows_are_those_that_any_condition_describes(lake):
    found = read(lake, [{"day": ["monday"], "version": [2]}, {"day": ["tuesday"]}])

    assert sorted(found["id"].to_pylist()) == ["m20", "m21", "m22", "t10", "t11", "t12"]
    assert read(lake, [{"day": ["monday"]}], columns=["id"]).column_names == ["id"]
    # Partitions hold other rows too: each row is looked at.
    some = read(lake, [{"id": ["m10", "m21"]}, {"day": ["tuesday"], "id": ["t11"]}])
    assert sorted(some["id"].to_pylist()) == ["m10", "m21", "t11"]


def test_snapshot_is_the_one_that_was_named_when_a_later_one_has_other_rows(lake):
    first = lake.history(TABLE)[-1].snapshot_id
    found = files(lake, TABLE, snapshot_id=first, where=[{"day": ["monday"]}])

    assert [one.num_rows for one in found.batches()] == [3]
    assert found.schema.names == SCHEMA.names
    with pytest.raises(NotFoundError, match="no snapshot 12"):
        files(lake, TABLE, snapshot_id=12, where=[{"day": ["monday"]}])


def test_column_that_an_older_file_lacks_is_null(lake):
    wider = pa.schema([*SCHEMA, ("size", pa.int64())])
    lake.create(TABLE, wider, ["day", "version"])
    lake.append(TABLE, wider.empty_table(), {})

    assert read(lake, [{"day": ["tuesday"]}])["size"].to_pylist() == [None] * 3


def test_files_are_cut_into_parts_of_a_size_and_none_is_lost(lake):
    found = files(
        lake,
        TABLE,
        snapshot_id=lake.current_snapshot(TABLE),
        where=[{"day": ["monday", "tuesday"]}],
    )
    sizes = [one.file.file_size_in_bytes for one in found.tasks]

    whole, pairs, single = found.split(sum(sizes)), found.split(2 * max(sizes)), found.split(1)

    assert [len(parts) for parts in (whole, pairs, single)] == [1, 2, 3]
    for parts in (whole, pairs, single):
        assert sum(rows.num_rows for one in parts for rows in one.batches()) == 9
    assert files(lake, TABLE, snapshot_id=None, where=[{"day": ["friday"]}]).split(1) == []


def test_what_is_sent_does_not_grow_with_the_commits(lake):
    found = files(
        lake, TABLE, snapshot_id=lake.current_snapshot(TABLE), where=[{"day": ["friday"]}]
    )

    assert len(cloudpickle.dumps(found)) < 10_000 and b"xxxx" not in cloudpickle.dumps(found)
