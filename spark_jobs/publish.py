"""One publication: rows are split and counted, judged, quarantined, and then published."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.names import DAY
from pipelines.contracts.spec import DatasetSpec
from pipelines.errors import TransientError
from pipelines.lake.delivery import Delivery, deliveries, suite_path
from pipelines.lake.lake import Lake
from pipelines.lake.published import PublishedDay, notes
from pipelines.publication import digest
from pipelines.settings import Settings
from pipelines.validation import suite
from spark_jobs import judge, landed, split, tally
from spark_jobs.commit import replace
from spark_jobs.session import CATALOG
from spark_jobs.tables import published_schema, quarantine_schema
from spark_jobs.tally import Tally

log = logging.getLogger(__name__)


def publish(
    spark: SparkSession,
    lake: Lake,
    spec: DatasetSpec,
    changed: Sequence[Delivery],
    token: str,
    settings: Settings,
) -> None:
    """Replaces the days of `changed`; raises BadDataError where the batch is refused."""
    schema: pa.Schema = specs.resolve(spec.schema_)()
    rules = suite.read(suite_path(spec))
    days = [delivery.day for delivery in changed]
    keys = {delivery.day: delivery.key for delivery in changed}
    published, quarantine = names.published_table(spec.name), names.quarantine_table(spec.name)
    lake.create(published, published_schema(schema), partition_by=[DAY])
    lake.create(quarantine, quarantine_schema(spec.key), partition_by=[DAY])
    base, quarantine_base = lake.current_snapshot(published), lake.current_snapshot(quarantine)

    rows_in = landed.count(changed, schema)
    rows = landed.read(spark, changed, schema)
    others = _other_days(spark, published, base, spec.key, days)
    checked = split.checked(rows, spec, rules, others).persist()
    try:
        counts = tally.count(rows, checked, rules.expectations, days)
        judge.nothing_lost(counts, rows_in)
        page = _page(spec, keys, settings)
        judge.verdict(checked, rules, counts, page)
        refused = split.quarantined(rows, checked, spec, schema, keys)
        replaced = F.col(DAY).isin(days)
        replace(refused, quarantine, replaced, base=quarantine_base)
        judge.within_limit(spec, counts)
        _still_landed(spec, changed, settings)
        states = _states(keys, counts, token, settings.relative(page))
        sound = split.sound(checked, schema)
        replace(sound, published, replaced, base=base, note=notes(states))
    finally:
        checked.unpersist()


def _other_days(
    spark: SparkSession, table: str, snapshot: int | None, key: str, days: Sequence[str]
) -> DataFrame:
    """Keys with their day of what is published outside the days that are replaced."""
    rows = spark.read
    if snapshot is not None:
        rows = rows.option("versionAsOf", str(snapshot))
    return rows.table(f"{CATALOG}.{table}").where(~F.col(DAY).isin(list(days))).select(key, DAY)


def _still_landed(spec: DatasetSpec, changed: Sequence[Delivery], settings: Settings) -> None:
    days = [delivery.day for delivery in changed]
    if deliveries(spec, days, settings) != list(changed):
        raise TransientError(
            f"landed files of {spec.name} changed while {', '.join(days)} were read; nothing "
            "was published. Run it again: it takes the files that are there now."
        )


def _page(spec: DatasetSpec, keys: Mapping[str, str], settings: Settings) -> Path:
    name = digest(*(part for pair in sorted(keys.items()) for part in pair))[:16]
    return settings.data_docs / spec.name / f"{name}.html"


def _states(
    keys: Mapping[str, str], counts: Tally, token: str, data_docs: str
) -> dict[str, PublishedDay]:
    return {
        day: PublishedDay(
            key=keys[day],
            token=token,
            rows_in=found.total,
            rows_published=found.published,
            rows_quarantined=found.quarantined,
            quarantine_reasons=dict(sorted(found.refused.items())),
            warnings=dict(sorted(found.warned.items())),
            data_docs=data_docs,
        )
        for day, found in counts.days.items()
    }
