"""Predictions of one version as frames: DataFrame in, DataFrame out, nothing is written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from pipelines import features
from pipelines.contracts.names import CONTENT_HASH, DAY, REASON, RULE
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators.artefact import Artefact
from pipelines.scoring.rows import answers, grouped
from pipelines.tasks import task
from spark_jobs.features import BUCKETS
from spark_jobs.model import on_worker

NEW = "is_new"
"""Column that tells the rows to score from those that are their history."""
_BATCH_BYTES = 4 * 2**20
"""Rows are answered in batches of about this size: enough to be fast, few enough to be held."""


@dataclass(frozen=True)
class Scorer:
    """One model, with the columns it reads and writes."""

    artefact: Artefact
    artefact_hash: str
    inputs: tuple[str, ...]
    """Published columns that a prediction is made of; the key is the first."""
    predictions: pa.Schema
    """The key, then what the model answers."""

    @classmethod
    def of(cls, artefact: Artefact, artefact_hash: str, published: pa.Schema) -> "Scorer":
        """Asks the model itself, on no rows; BadDataError where `published` lacks a column."""
        spec = artefact.spec
        inputs = task(spec.task).input_columns(spec)
        given = pa.schema([published.field(name) for name in inputs if name in published.names])
        return cls(artefact, artefact_hash, inputs, artefact.answer(given.empty_table()).schema)

    @property
    def key(self) -> str:
        return self.inputs[0]

    @property
    def identity(self) -> list[str]:
        """Columns that tell one input from another."""
        return [self.key, CONTENT_HASH, DAY]

    def score(self, published: DataFrame, wanted: DataFrame) -> DataFrame:
        """Predictions of the rows of `published` whose identity is in `wanted`.

        Columns are the identity, RULE and REASON of a refused row, and the prediction.
        """
        spec = self.artefact.spec
        rows = published.select(*self.inputs, CONTENT_HASH, DAY)
        if spec.history is None:
            found = rows.join(wanted, self.identity, "left_semi").withColumns(_no_verdict())
        else:
            marked = rows.join(wanted.withColumn(NEW, F.lit(True)), self.identity, "left")
            found = with_groups(with_history(marked, spec), spec)
        partitions = int(rows.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)
        passed = pa.schema([(name, pa.string()) for name in self.identity])
        outcome = pa.schema([*passed, (RULE, pa.string()), (REASON, pa.string())])
        schema = pa.schema([*outcome, *(one for one in self.predictions if one.name != self.key)])
        return found.repartition(partitions).mapInArrow(
            _by_batch(self.artefact_hash, self.predictions, schema), from_arrow_schema(schema)
        )


def with_history(marked: DataFrame, spec: ModelSpec) -> DataFrame:
    """Of the rows those where NEW is true, and beside them all rows of the time they look at."""
    assert spec.history is not None  # noqa: S101 - who asks has seen that there is one
    at = F.col(spec.history.time)
    # As whole microseconds: a time would come through the zone of this process.
    ends = F.min(F.unix_micros(at)).alias("first"), F.max(F.unix_micros(at)).alias("last")
    span = marked.where(NEW).agg(*ends).first()
    if span is None or span["first"] is None:
        return marked.where(F.lit(False)).withColumns(_no_verdict())
    since = span["first"] - timedelta(days=spec.history.days + 1) // timedelta(microseconds=1)
    near = at.between(F.timestamp_micros(F.lit(since)), F.timestamp_micros(F.lit(span["last"])))
    return marked.where(near).fillna(False, [NEW]).withColumns(_no_verdict())


def _no_verdict() -> dict[str, Column]:
    return {name: F.lit(None).cast("string") for name in (RULE, REASON)}


def with_groups(rows: DataFrame, spec: ModelSpec) -> DataFrame:
    """What the functions of the groups add, for the marked rows alone."""
    columns = to_arrow_schema(rows.schema)
    for group in spec.history.groups if spec.history else ():
        columns = features.group_schema(columns, spec, group)
        rows = rows.groupBy(F.pmod(F.xxhash64(group), F.lit(BUCKETS))).applyInArrow(
            _by_group(spec, group, columns), from_arrow_schema(columns)
        )
    return rows.where(NEW)


def _by_group(spec: ModelSpec, group: str, schema: pa.Schema) -> Callable[[pa.Table], pa.Table]:
    def apply(rows: pa.Table) -> pa.Table:
        return grouped(rows, spec, group, schema)

    return apply


def _by_batch(
    artefact_hash: str, predictions: pa.Schema, schema: pa.Schema
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """The model's row-wise function and its answer; rows that are refused pass by."""

    def answer(rows: pa.Table) -> pa.Table:
        model = on_worker(artefact_hash)
        return model.fitted.predict(features.of_rows(rows, model.spec))

    def apply(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        key = predictions.names[0]
        for rows in gathered(batches):
            sound = rows.filter(rows[RULE].is_null())
            refused = rows.filter(rows[RULE].is_valid())
            if sound.num_rows:
                found = answers(sound.drop_columns([RULE, REASON]), answer, predictions, key)
                yield from _fitted(
                    {name: sound[name] for name in sound.column_names}, found, schema
                )
            if refused.num_rows:
                yield from _fitted({}, refused, schema)

    return apply


def _fitted(
    passed: dict[str, pa.ChunkedArray], found: pa.Table, schema: pa.Schema
) -> Iterable[pa.RecordBatch]:
    """Columns of `schema` from what was found, else from what passed by, else null."""
    columns = passed | {name: found[name] for name in found.column_names}
    missing = {name: pa.nulls(found.num_rows, schema.field(name).type) for name in schema.names}
    whole = missing | {name: columns[name] for name in schema.names if name in columns}
    yield from pa.table(whole, schema=schema).to_batches()


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size >= _BATCH_BYTES:
            yield pa.Table.from_batches(held).combine_chunks()
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held).combine_chunks()
