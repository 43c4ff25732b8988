"""Computes a model's features from one snapshot of its data set, once.

    python spark_jobs/features.py --model receipts --token T --result FILE [--snapshot ID]

The key of a set is a hash of input snapshot, code and configuration. A set that is there is
not computed again, and Spark is not even started.
"""

from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from pipelines import features, specs
from pipelines import settings as configuration
from pipelines.contracts import names
from pipelines.contracts.names import FEATURE_KEY
from pipelines.contracts.result import FeaturesResult
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, NotFoundError
from pipelines.lake.features import computed, feature_key, note
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from spark_jobs import command
from spark_jobs.commit import replace
from spark_jobs.fence import fenced_session, held
from spark_jobs.session import CATALOG

BUCKETS = 64
"""Parts into which whole groups are put: each is one call of a group's function, so that small
groups do not cost a call each, and one task holds a part of the rows and not all."""


def run(model: str, snapshot: int | None, token: str, settings: Settings) -> FeaturesResult:
    """Features of the named snapshot of the model's data set, the newest unless named.

    Raises NotFoundError where there is no such snapshot, BadDataError where the model's
    function fails. Waits for a live twin with the same token.
    """
    spec = specs.model(model)
    lake = Lake.open(settings)
    source = names.published_table(spec.dataset)
    pinned = pinned_snapshot(lake, source, snapshot)
    key = feature_key(spec, pinned)
    table = names.features_table(model)
    with held(token, table, settings):
        found = computed(lake, model, key)
        reused = found is not None
        if found is None:
            with fenced_session(f"features {model}", token, settings) as spark:
                _compute(spark, lake, spec, pinned, key)
            found = computed(lake, model, key)
    assert found is not None  # noqa: S101 - the commit above carries the note
    return FeaturesResult(
        model=model,
        table=table,
        snapshot_id=found.snapshot_id,
        input_snapshot_id=pinned,
        feature_key=key,
        rows=found.rows,
        reused=reused,
    )


def pinned_snapshot(lake: Lake, table: str, snapshot: int | None) -> int:
    """The named snapshot of a published table, or its newest; raises NotFoundError."""
    known = [one.snapshot_id for one in lake.history(table)]
    if snapshot is not None and snapshot not in known:
        raise NotFoundError(
            f"table {table} has no snapshot {snapshot}. Take one of those it has, or none for "
            "the newest."
        )
    if not known:
        raise NotFoundError(f"table {table} holds nothing yet; ingest documents first.")
    return snapshot if snapshot is not None else known[0]


def _compute(spark: SparkSession, lake: Lake, spec: ModelSpec, snapshot: int, key: str) -> None:
    """Writes the set of `key` by one commit."""
    schema: pa.Schema = specs.resolve(spec.features_schema)(spec)
    table = names.features_table(spec.name)
    lake.create(table, schema.append(pa.field(FEATURE_KEY, pa.string())), [FEATURE_KEY])
    source = names.published_table(spec.dataset)
    base = lake.current_snapshot(table)
    rows = spark.read.option("versionAsOf", str(snapshot)).table(f"{CATALOG}.{source}")
    found = compute(rows, spec, schema).withColumn(FEATURE_KEY, F.lit(key))
    try:
        replace(
            found,
            table,
            F.col(FEATURE_KEY) == key,
            base=base,
            note=note(key, snapshot, lake.count(source, snapshot)),
            # One partition, already spread: another shuffle would bring it all to one task.
            options={"distribution-mode": "none"},
        )
    except PythonException as error:
        raise BadDataError(
            f"{spec.features} failed on snapshot {snapshot} of {source}: {_last_line(error)}. "
            "Nothing was written. Mend the function; the log has its traceback."
        ) from error


def compute(rows: DataFrame, spec: ModelSpec, schema: pa.Schema) -> DataFrame:
    """The model's own functions over all rows, spread over the cores.

    A function of a group gets some whole groups at once, the row-wise one bounded batches.
    """
    partitions = int(rows.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)
    columns = to_arrow_schema(rows.schema)
    for group in spec.history.groups if spec.history else ():
        columns = features.group_schema(columns, spec, group)
        rows = rows.groupBy(F.pmod(F.xxhash64(group), F.lit(BUCKETS))).applyInArrow(
            by_group(spec, group, columns), from_arrow_schema(columns)
        )
    spread = rows.repartition(partitions)
    return spread.mapInArrow(by_batch(spec, schema), from_arrow_schema(schema))


def by_group(spec: ModelSpec, group: str, schema: pa.Schema) -> Callable[[pa.Table], pa.Table]:
    """The model's function of a group on whole groups."""

    def apply(rows: pa.Table) -> pa.Table:
        return features.of_group(rows, spec, group).cast(schema)

    return apply


def by_batch(
    spec: ModelSpec, schema: pa.Schema
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """The model's row-wise function on record batches."""

    def apply(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            found = features.of_rows(pa.Table.from_batches([batch]), spec)
            yield from found.select(schema.names).cast(schema).to_batches()

    return apply


def _last_line(error: PythonException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if "Error: " in line and not line.startswith("File ")]
    return named[0] if named else type(error).__name__


def main(argv: Sequence[str] | None = None) -> FeaturesResult:
    """Command line of the job; leaves result or error as JSON in the file of `--result`."""
    parser = command.parser("Computes the features of a model.")
    parser.add_argument("--model", required=True)
    parser.add_argument(
        "--snapshot", type=command.snapshot, help="of the data set: its id or `newest`"
    )
    options = parser.parse_args(argv)
    return command.reported(
        options.result,
        lambda: run(options.model, options.snapshot, options.token, configuration.load()),
    )


if __name__ == "__main__":
    command.start(main)
