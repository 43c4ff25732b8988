"""Landed rows split by the rules: DataFrame in, DataFrame out, nothing is read or written."""

from collections.abc import Mapping

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines import specs
from pipelines.contracts.names import DAY, RAW, REASON, RULE
from pipelines.contracts.spec import DatasetSpec
from pipelines.validation.suite import Suite
from spark_jobs.checks.common import add_key_checks
from spark_jobs.checks.rules import refusals
from spark_jobs.tables import ENVELOPE, INGEST_KEY, RULES, published_schema, quarantine_schema

REFUSALS = "refusals"
"""Array of `{rule, reason}` of the critical rules a row breaks; empty for a sound one."""


def readable(rows: DataFrame) -> DataFrame:
    """Rows the reader understood."""
    return rows.where(F.col(RULE).isNull())


def unreadable(rows: DataFrame) -> DataFrame:
    """Rows the reader refused, with its own rule and reason."""
    return rows.where(F.col(RULE).isNotNull())


def checked(rows: DataFrame, spec: DatasetSpec, suite: Suite, published: DataFrame) -> DataFrame:
    """Readable rows with the columns the suite looks at, and REFUSALS."""
    add_checks = specs.resolve(spec.checks)
    found = add_key_checks(add_checks(readable(rows)), published, spec.key)
    return found.withColumn(REFUSALS, refusals(suite.expectations))


def sound(rows: DataFrame, landed: pa.Schema) -> DataFrame:
    """The rows of `checked` that are published."""
    return rows.where(F.size(REFUSALS) == 0).select(*published_schema(landed).names)


def quarantined(
    rows: DataFrame,
    checked_rows: DataFrame,
    spec: DatasetSpec,
    landed: pa.Schema,
    keys: Mapping[str, str],
) -> DataFrame:
    """Refused rows of both kinds; `keys` are the deliveries' keys by day."""
    original = F.struct(*[name for name in landed.names if name not in ENVELOPE])
    by_reader = unreadable(rows).withColumn(RULES, F.array(RULE))
    by_rules = (
        checked_rows
        .where(F.size(REFUSALS) > 0)
        .withColumn(RAW, F.to_json(original))
        .withColumn(RULE, F.get(REFUSALS, F.lit(0))["rule"])
        .withColumn(REASON, F.concat_ws("; ", F.transform(REFUSALS, lambda one: one["reason"])))
        .withColumn(RULES, F.transform(REFUSALS, lambda one: one["rule"]))
    )
    columns = [_column(name, spec.key, keys) for name in quarantine_schema(spec.key).names]
    return by_reader.select(*columns).unionByName(by_rules.select(*columns))


def _column(name: str, key: str, keys: Mapping[str, str]) -> Column:
    if name == key:
        return F.col(name).cast("string").alias(name)
    if name == INGEST_KEY:
        by_day = F.create_map(*[F.lit(word) for pair in keys.items() for word in pair])
        return by_day[F.col(DAY)].alias(name)
    return F.col(name)
