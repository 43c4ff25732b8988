"""Sketches of many days in one pass: rows in, partial sketches out, nothing is written.

Rows are counted where they are: each task adds its batches up and gives one small row for each
column of each day, so that nothing is shuffled and only counts reach the driver.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from pipelines import specs
from pipelines.contracts.monitoring import Bins, Side, Sketch
from pipelines.contracts.names import DAY, MODEL_VERSION
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.files import Files, files
from pipelines.lake.lake import Lake
from pipelines.monitoring.sketches.sketch import empty, finished, merge, of_table
from pipelines.monitoring.sketches.watch import Watch, by_day, watch
from pipelines.tasks import task
from spark_jobs.scorer import NEW, gathered, with_groups, with_history
from spark_jobs.session import CATALOG

_PARTIAL = pa.schema([(DAY, pa.string()), ("sketch", pa.string())])
"""Sketches of one task, as JSON: a column's sketch is a few hundred bytes."""
_TASK_BYTES = 128 * 2**20
"""Files of about this size together are one task's, as Spark itself cuts them."""
_MANY = 32
"""Sketches of a day and column that are held before they are added up."""

Found = dict[str, list[Sketch]]
"""Finished sketches by day."""


@dataclass(frozen=True)
class Rows:
    """Rows of one side that are to be sketched, as of a snapshot."""

    side: Side
    table: str
    snapshot: int | None
    days: Mapping[str, int | None]
    """To the version that is shown; None of the inputs."""
    computed: bool
    """Other rows are needed to say what is watched of these: a history."""

    @property
    def where(self) -> list[dict[str, Any]]:
        """Days of each version, as `where` of `Lake.read`."""
        by_version: dict[int | None, list[str]] = {}
        for day, version in self.days.items():
            by_version.setdefault(version, []).append(day)
        return [
            {DAY: days} if version is None else {DAY: days, MODEL_VERSION: [version]}
            for version, days in by_version.items()
        ]

    def files(self, lake: Lake, spec: ModelSpec) -> Files:
        """Their data files."""
        columns = _published(spec) if self.side == "input" else None
        return files(lake, self.table, snapshot_id=self.snapshot, where=self.where, columns=columns)

    def frame(self, spark: SparkSession, spec: ModelSpec) -> DataFrame:
        """What a prediction is made of, or the predictions; with what a history adds, computed as
        batch scoring does it."""
        table = f"{CATALOG}.{self.table}"
        rows = spark.read.option("versionAsOf", str(self.snapshot)).table(table)
        if self.side == "input":
            rows = rows.select(*(name for name in _published(spec) if name in rows.columns))
        wanted = reduce(Column.__or__, (_all_of(one) for one in self.where))
        if not self.computed:
            return rows.where(wanted)
        with_all = with_history(rows.withColumn(NEW, wanted), spec)
        return with_groups(with_all, spec).sortWithinPartitions(DAY)


def _published(spec: ModelSpec) -> tuple[str, ...]:
    return (*task(spec.task).watched_columns(spec), DAY)


def _all_of(where: Mapping[str, list[Any]]) -> Column:
    return reduce(Column.__and__, (F.col(name).isin(values) for name, values in where.items()))


def sample(rows: DataFrame, spec: ModelSpec, side: Side, most: int) -> pa.Table:
    """Watched columns of at most so many rows, drawn by a hash of the key: the same every time."""
    key = specs.key(spec)
    drawn = rows.orderBy(F.xxhash64(key), key).limit(most)
    watched, schema = watch(spec, side, to_arrow_schema(rows.schema))
    return drawn.mapInArrow(_watching(watched), from_arrow_schema(schema)).toArrow()


def partial(rows: DataFrame, spec: ModelSpec, side: Side, columns: Sequence[Bins]) -> DataFrame:
    """Sketches of each task's rows; `rows` have DAY."""
    watched, _ = watch(spec, side, to_arrow_schema(rows.schema))
    return rows.mapInArrow(_counting(watched, columns), from_arrow_schema(_PARTIAL))


def partial_of_files(
    spark: SparkSession, found: Files, spec: ModelSpec, side: Side, columns: Sequence[Bins]
) -> DataFrame:
    """The same of the rows of data files, which the tasks read themselves.

    Of a million rows of 30 columns this takes a quarter of the CPU time of `partial`: Spark's
    reader would make rows of the columns, and columns of the rows again.
    """
    watched, _ = watch(spec, side, found.schema)
    parts = found.split(_TASK_BYTES)
    places = spark.range(0, len(parts), 1, max(1, len(parts)))
    return places.mapInArrow(_reading(parts, watched, columns), from_arrow_schema(_PARTIAL))


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
        yield _counted(batches, watched, columns)

    return apply


def _reading(
    parts: Sequence[Files], watched: Watch, columns: Sequence[Bins]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def apply(places: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for place in (one for batch in places for one in batch.column(0).to_pylist()):
            yield _counted(parts[place].batches(), watched, columns)

    return apply


def _counted(
    batches: Iterable[pa.RecordBatch], watched: Watch, columns: Sequence[Bins]
) -> pa.RecordBatch:
    """Sketches of all batches by day, as rows of _PARTIAL."""
    held: dict[str, list[list[Sketch]]] = {}
    for rows in gathered(batches):
        for day, part in by_day(watched(rows), rows[DAY]):
            mine = held.setdefault(day, [])
            mine.append(of_table(part, columns))
            if len(mine) >= _MANY:
                held[day] = [_merged(mine)]
    found = [(day, one) for day, mine in held.items() for one in _merged(mine)]
    texts = [one.model_dump_json() for _, one in found]
    return pa.record_batch([[day for day, _ in found], texts], schema=_PARTIAL)


def _merged(parts: Sequence[Sequence[Sketch]]) -> list[Sketch]:
    return [merge(of_column) for of_column in zip(*parts, strict=True)]
