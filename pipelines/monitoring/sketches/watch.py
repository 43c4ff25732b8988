"""What is watched of rows and predictions, as flat tables, whatever the rows hold."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.monitoring import Side
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError, RefusedError, TransientError
from pipelines.tasks import task

Watch = Callable[[pa.Table], pa.Table]
"""Rows to their watched columns, one row each in the same order."""

# Of these no row is guilty: they end the job.
_NOT_OF_A_ROW = (MemoryError, MisconfiguredError, RefusedError, TransientError)


def watch(spec: ModelSpec, side: Side, given: pa.Schema) -> tuple[Watch, pa.Schema]:
    """The function of the model's task for rows of the schema `given`, and what it returns.

    A row whose columns cannot be computed is missing in all of them: it is counted, and the
    others are told as they are.
    """
    one = task(spec.task)
    asked = one.watched_inputs if side == "input" else one.watched_outputs
    schema = asked(given.empty_table(), spec).schema

    def apply(rows: pa.Table) -> pa.Table:
        try:
            return asked(rows, spec).cast(schema)
        except _NOT_OF_A_ROW:
            raise
        except Exception:
            if rows.num_rows <= 1:
                return pa.table([pa.nulls(rows.num_rows, kind) for kind in schema.types], schema)
            half = rows.num_rows // 2
            return pa.concat_tables([apply(rows.slice(0, half)), apply(rows.slice(half))])

    return apply, schema


def by_day(watched: pa.Table, days: pa.ChunkedArray) -> Iterator[tuple[str, pa.Table]]:
    """Watched rows cut by their days; `days` has one entry a row."""
    counted = pc.value_counts(days).to_pylist()
    if len(counted) == 1:
        yield counted[0]["values"], watched
        return
    order = pc.sort_indices(days)
    watched, start = watched.take(order), 0
    for day, rows in sorted((one["values"], one["counts"]) for one in counted):
        yield day, watched.slice(start, rows)
        start += rows
