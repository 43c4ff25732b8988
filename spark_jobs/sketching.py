"""Sketches of many days in one pass: DataFrame in, partial sketches out, nothing is written.

Rows are counted where they are: each task adds its batches up and gives one small row for each
column of each day, so that nothing is shuffled and only counts reach the driver.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from pipelines import specs
from pipelines.contracts.monitoring import Bins, Side, Sketch
from pipelines.contracts.names import DAY, MODEL_VERSION
from pipelines.contracts.spec import ModelSpec
from pipelines.monitoring.sketch import empty, finished, merge, of_table
from pipelines.monitoring.watch import Watch, by_day, watch
from pipelines.tasks import task
from spark_jobs.scorer import NEW, gathered, with_groups, with_history

_PARTIAL = pa.schema([(DAY, pa.string()), ("sketch", pa.string())])
"""Sketches of one task, as JSON: a column's sketch is a few hundred bytes."""
_MANY = 32
"""Sketches of a day and column that are held before they are added up."""

Found = dict[str, list[Sketch]]
"""Finished sketches by day."""


def inputs(published: DataFrame, spec: ModelSpec, days: Sequence[str]) -> DataFrame:
    """Published rows of the days with what a prediction is made of, history included.

    Rows of a model with a history are computed as batch scoring does it, from the rows before.
    """
    columns = (*task(spec.task).input_columns(spec), DAY)
    rows = published.select(*columns)
    if spec.history is None:
        return rows.where(F.col(DAY).isin(list(days)))
    marked = rows.withColumn(NEW, F.col(DAY).isin(list(days)))
    return with_groups(with_history(marked, spec), spec).sortWithinPartitions(DAY)


def outputs(predictions: DataFrame, shown: Mapping[str, int]) -> DataFrame:
    """Predictions of the version that is shown of each day; `shown` has at least one."""
    days: dict[int, list[str]] = {}
    for day, version in sorted(shown.items()):
        days.setdefault(version, []).append(day)
    conditions = [
        (F.col(MODEL_VERSION) == version) & F.col(DAY).isin(mine) for version, mine in days.items()
    ]
    return predictions.where(reduce(Column.__or__, conditions))


def sample(rows: DataFrame, spec: ModelSpec, side: Side, most: int) -> pa.Table:
    """Watched columns of at most so many rows, drawn by a hash of the key: the same every time."""
    key = specs.key(spec)
    drawn = rows.orderBy(F.xxhash64(key), key).limit(most)
    watched, schema = watch(spec, side, to_arrow_schema(rows.schema))
    return drawn.mapInArrow(_watching(watched), from_arrow_schema(schema)).toArrow()


def sketches(
    rows: DataFrame, spec: ModelSpec, side: Side, columns: Sequence[Bins], days: Sequence[str]
) -> Found:
    """Sketches of that side's columns for each of the days; a day without rows has empty ones."""
    mine = [bins for bins in columns if bins.side == side]
    watched, _ = watch(spec, side, to_arrow_schema(rows.schema))
    return added_up(partial(rows, watched, mine), mine, days)


def partial(rows: DataFrame, watched: Watch, columns: Sequence[Bins]) -> DataFrame:
    """Sketches of each task's rows; `rows` have DAY."""
    return rows.mapInArrow(_counting(watched, columns), from_arrow_schema(_PARTIAL))


def added_up(partials: DataFrame, columns: Sequence[Bins], days: Sequence[str]) -> Found:
    """One sketch for each column and day; brings the partial ones to the driver."""
    parts: dict[tuple[str, str], list[Sketch]] = {}
    for row in partials.toArrow().to_pylist():
        sketch = Sketch.model_validate_json(row["sketch"])
        parts.setdefault((row[DAY], sketch.name), []).append(sketch)
    return {
        day: [
            finished(merge(parts[day, one.name])) if (day, one.name) in parts else empty(one)
            for one in columns
        ]
        for day in days
    }


def _watching(watched: Watch) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def apply(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in gathered(batches):
            yield from watched(rows).to_batches()

    return apply


def _counting(
    watched: Watch, columns: Sequence[Bins]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def apply(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: dict[str, list[list[Sketch]]] = {}
        for rows in gathered(batches):
            for day, part in by_day(watched(rows), rows[DAY]):
                mine = held.setdefault(day, [])
                mine.append(of_table(part, columns))
                if len(mine) >= _MANY:
                    held[day] = [_merged(mine)]
        found = [(day, one) for day, mine in held.items() for one in _merged(mine)]
        yield pa.record_batch(
            [[day for day, _ in found], [one.model_dump_json() for _, one in found]],
            schema=_PARTIAL,
        )

    return apply


def _merged(parts: Sequence[Sequence[Sketch]]) -> list[Sketch]:
    return [merge(of_column) for of_column in zip(*parts, strict=True)]
