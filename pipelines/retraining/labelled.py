"""Whether published days hold anything that a model could learn from."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake
from pipelines.tasks import task


def labelled_rows(lake: Lake, spec: ModelSpec, days: Sequence[str]) -> int:
    """Rows of these days, as published now, that came with a label."""
    column = task(spec.task).truth_column(spec)
    table = names.published_table(spec.dataset)
    truth = lake.read(table, columns=[column], where={names.DAY: list(days)})[column]
    return int(pc.sum(_told(truth)).as_py() or 0)


def labelled_since(
    lake: Lake, spec: ModelSpec, days: Sequence[str], reviewed: Sequence[str] = ()
) -> tuple[int, int]:
    """Rows of these days that have a label, and days from the first to the newest of them.

    `reviewed` are the keys of rows that people have labelled since.
    """
    kind = task(spec.task)
    key, column = kind.label_columns(spec)[0], kind.truth_column(spec)
    rows = lake.read(
        names.published_table(spec.dataset),
        columns=[key, names.DAY, column],
        where={names.DAY: list(days)},
    )
    by_people = pc.is_in(rows[key], pa.array(list(reviewed), rows[key].type))
    found = rows.filter(pc.or_(_told(rows[column]), by_people))[names.DAY]
    if not len(found):
        return 0, 0
    newest: str = pc.max(found).as_py()
    return len(found), (date.fromisoformat(newest) - date.fromisoformat(min(days))).days + 1


def _told(truth: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which rows came with a label; a document without any field did not."""
    if pa.types.is_map(truth.type):
        return pa.chunked_array([[bool(fields) for fields in truth.to_pylist()]], pa.bool_())
    return pc.is_valid(truth)
