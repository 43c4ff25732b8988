"""One scoring run on Spark: what is missing is computed and counted, refused, and then shown."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.names import DAY, INPUT_SNAPSHOT_ID, MODEL_VERSION, REASON, ROLE, RULE
from pipelines.contracts.scoring import CHAMPION, SHADOW, Pinned
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import DayState, Due, Made, notes
from spark_jobs.commit import replace
from spark_jobs.model import shipped
from spark_jobs.scorer import Scorer
from spark_jobs.session import CATALOG

TOP = 5
_IN, _KEPT, _BEFORE, _ADDED = "in", "kept", "before", "added"
_OURS = [
    pa.field(DAY, pa.string()),
    pa.field(names.CONTENT_HASH, pa.string()),
    pa.field(MODEL_VERSION, pa.int32()),
    pa.field(ROLE, pa.string()),
    pa.field(INPUT_SNAPSHOT_ID, pa.int64()),
]
_REFUSED = [*_OURS, pa.field(RULE, pa.string()), pa.field(REASON, pa.string())]


@dataclass
class _Version:
    """Frames of one version, each with MODEL_VERSION."""

    due: Due
    published: DataFrame
    before: DataFrame
    """Its predictions of the days that are replaced."""
    kept: DataFrame
    """Those of them whose row is still published as it was."""
    outcome: DataFrame
    """Predictions and refusals of the other published rows."""


@dataclass
class _Counts:
    """Rows by what became of them, version and day."""

    rows: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    refused: Counter[tuple[int, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)


def score(
    spark: SparkSession,
    lake: Lake,
    spec: ModelSpec,
    todo: Mapping[Pinned, Due],
    snapshot: int,
    token: str,
) -> None:
    """Brings the days of `todo` up to date by one commit.

    Raises BadDataError where rows are lost or too many are refused; the latter are then in the
    table of refused rows, and no prediction is shown.
    """
    with ExitStack() as stack:
        source = f"{CATALOG}.{names.published_table(spec.dataset)}"
        published = spark.read.option("versionAsOf", str(snapshot)).table(source)
        scorers = {}
        for pinned in (one for one, due in todo.items() if due.score):
            artefact = stack.enter_context(shipped(spark, pinned))
            schema = to_arrow_schema(published.schema)
            scorers[pinned.version] = Scorer.of(artefact, pinned.artefact_hash, schema)
        table, refusals = _tables(lake, spec, list(scorers.values()))
        base, refused_base = lake.current_snapshot(table), lake.current_snapshot(refusals)
        ours = spark.read.table(f"{CATALOG}.{table}")
        versions = [
            _version(scorers[one.version], due, published, ours, snapshot)
            for one, due in todo.items()
            if due.score
        ]
        outcome = _union([one.outcome for one in versions]).persist()
        stack.callback(outcome.unpersist)
        counts = _count(versions, outcome)
        _nothing_lost(counts, versions)
        replaced = reduce(Column.__or__, (_partitions(one.due) for one in versions))
        if counts.rules or refused_base is not None:
            refused = outcome.where(F.col(RULE).isNotNull()).select(*_columns(spark, refusals))
            replace(refused, refusals, replaced, base=refused_base)
        _within_limit(spec, counts)
        rows = _union([outcome.where(F.col(RULE).isNull()), *(one.kept for one in versions)])
        replace(
            rows.select(*_columns(spark, table)),
            table,
            replaced,
            base=base,
            note=notes(_states(todo.values(), counts), _made(counts, versions, snapshot, token)),
        )


def _tables(lake: Lake, spec: ModelSpec, scorers: Sequence[Scorer]) -> tuple[str, str]:
    """Makes both tables, or adds the columns they lack."""
    table, refusals = names.predictions_table(spec.name), names.refused_table(spec.name)
    key = pa.field(specs.key(spec), pa.string())
    for one in scorers:
        lake.create(table, pa.schema([*one.predictions, *_OURS]), [DAY, MODEL_VERSION])
    lake.create(refusals, pa.schema([key, *_REFUSED]), [DAY, MODEL_VERSION])
    return table, refusals


def _columns(spark: SparkSession, table: str) -> list[str]:
    return list(spark.read.table(f"{CATALOG}.{table}").columns)


def _version(
    scorer: Scorer, due: Due, published: DataFrame, ours: DataFrame, snapshot: int
) -> _Version:
    days = list(due.score)
    identity = scorer.identity
    mine = published.where(F.col(DAY).isin(days)).select(*identity)
    before = ours.where((F.col(MODEL_VERSION) == due.version) & F.col(DAY).isin(days))
    kept = before.join(mine, identity, "left_semi")
    wanted = mine.join(before.select(*identity), identity, "left_anti")
    champion = [day for day, state in due.score.items() if state.role == CHAMPION]
    role = F.when(F.col(DAY).isin(champion), CHAMPION).otherwise(SHADOW)
    version = F.lit(due.version).cast("int")
    added = {MODEL_VERSION: version, ROLE: role, INPUT_SNAPSHOT_ID: F.lit(snapshot)}
    return _Version(
        due=due,
        published=mine.withColumn(MODEL_VERSION, version),
        before=before,
        kept=kept.withColumn(ROLE, role),
        outcome=scorer.score(published, wanted).withColumns(added),
    )


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """One below the other by name: another version may answer with other columns."""
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)


def _partitions(due: Due) -> Column:
    return (F.col(MODEL_VERSION) == due.version) & F.col(DAY).isin(list(due.score))


def _count(versions: Sequence[_Version], outcome: DataFrame) -> _Counts:
    """One aggregate over all frames; a few rows of numbers, no data."""
    tagged = [
        frame.select(F.lit(tag).alias("tag"), MODEL_VERSION, DAY, F.lit(None).alias(RULE))
        for one in versions
        for tag, frame in ((_IN, one.published), (_BEFORE, one.before), (_KEPT, one.kept))
    ]
    tagged.append(outcome.select(F.lit(_ADDED).alias("tag"), MODEL_VERSION, DAY, RULE))
    counts = _Counts()
    by = ("tag", MODEL_VERSION, DAY, RULE)
    for row in _union(tagged).groupBy(*by).agg(F.count(F.lit(1)).alias("rows")).collect():
        version, day = row[MODEL_VERSION], row[DAY]
        if row[RULE] is None:
            counts.rows[row["tag"], version, day] += row["rows"]
        else:
            counts.refused[version, day] += row["rows"]
            counts.rules[row[RULE]] += row["rows"]
    return counts


def _nothing_lost(counts: _Counts, versions: Sequence[_Version]) -> None:
    """Raises BadDataError unless each published row has one prediction or one refusal."""
    for due in (one.due for one in versions):
        for day in due.score:
            came = counts.rows[_IN, due.version, day]
            scored = counts.rows[_KEPT, due.version, day] + counts.rows[_ADDED, due.version, day]
            refused = counts.refused[due.version, day]
            if came != scored + refused:
                raise BadDataError(
                    f"version {due.version} on {day}: {came} rows are published, but {scored} "
                    f"predictions and {refused} refused rows make {scored + refused}. Nothing was "
                    "written; the model's functions drop or double rows: mend them."
                )


def _within_limit(spec: ModelSpec, counts: _Counts) -> None:
    """Raises BadDataError where too large a share of the rows is refused."""
    limit = specs.dataset(spec.dataset).quarantine_limit
    refused = sum(counts.rules.values())
    added = sum(rows for (tag, *_), rows in counts.rows.items() if tag == _ADDED)
    if refused and refused > limit * (added + refused):
        top = ", ".join(f"{rule} ({rows})" for rule, rows in counts.rules.most_common(TOP))
        raise BadDataError(
            f"{refused} of {added + refused} rows to score for {spec.name} are refused, over the "
            f"quarantine limit of {limit:.0%} of {spec.dataset}: {top}. No prediction was written; "
            f"the rows with their reasons are in {names.refused_table(spec.name)}. Mend the rows "
            "or the model's features, and run it again."
        )


def _states(todo: Collection[Due], counts: _Counts) -> dict[tuple[int, str], DayState]:
    """Notes of the scored days with their counts, and of the days that only change their note."""
    found = {(due.version, day): state for due in todo for day, state in due.note.items()}
    for due in todo:
        for day, state in due.score.items():
            found[due.version, day] = state.model_copy(
                update={
                    "rows_in": counts.rows[_IN, due.version, day],
                    "refused": counts.refused[due.version, day],
                }
            )
    return found


def _made(counts: _Counts, versions: Sequence[_Version], snapshot: int, token: str) -> Made:
    def total(tag: str, version: int) -> int:
        return sum(
            rows for (name, one, _), rows in counts.rows.items() if (name, one) == (tag, version)
        )

    numbers = [one.due.version for one in versions]
    return Made(
        token=token,
        input_snapshot_id=snapshot,
        added={number: total(_ADDED, number) for number in numbers},
        removed={number: total(_BEFORE, number) - total(_KEPT, number) for number in numbers},
        refused=dict(sorted(counts.rules.items())),
    )
