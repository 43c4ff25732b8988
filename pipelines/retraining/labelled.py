"""Whether published days hold anything that a model could learn from."""

from collections.abc import Iterator, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake
from pipelines.tasks import task


def labelled_rows(lake: Lake, spec: ModelSpec, days: Sequence[str]) -> int:
    """Rows of these days, as published now, that came with a label."""
    return sum(rows for _, rows in _by_day(lake, spec, days))


def labelled_since(
    lake: Lake, spec: ModelSpec, days: Sequence[str], reviewed: Sequence[str] = ()
) -> tuple[int, int]:
    """Rows of these days that have a label, and days from the first to the newest of them.

    `reviewed` are the keys of rows that people have labelled since.
    """
    found = {day: rows for day, rows in _by_day(lake, spec, days, reviewed) if rows}
    if not found:
        return 0, 0
    first, newest = date.fromisoformat(min(days)), date.fromisoformat(max(found))
    return sum(found.values()), (newest - first).days + 1


def _by_day(
    lake: Lake, spec: ModelSpec, days: Sequence[str], reviewed: Sequence[str] = ()
) -> Iterator[tuple[str, int]]:
    """Labelled rows of each day; one day is held at a time."""
    truth, table = task(spec.task).truth_column(spec), names.published_table(spec.dataset)
    key = specs.key(spec)
    for day in days:
        columns = [truth, key] if reviewed else [truth]
        rows = lake.read(table, columns=columns, where={names.DAY: day})
        told = _told(rows[truth])
        if reviewed:
            told = pc.or_(told, pc.is_in(rows[key], pa.array(list(reviewed), rows[key].type)))
        yield day, int(pc.sum(told).as_py() or 0)


def _told(truth: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which rows came with a label; a document without any field did not."""
    if pa.types.is_map(truth.type):
        return pa.chunked_array([[bool(fields) for fields in truth.to_pylist()]], pa.bool_())
    return pc.is_valid(truth)
