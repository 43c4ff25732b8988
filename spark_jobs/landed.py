"""Reads landed files as one frame, after checking that each is whole and of the right shape."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.contracts.names import DAY
from pipelines.errors import BadDataError
from pipelines.lake.delivery import Delivery


def count(found: Sequence[Delivery], schema: pa.Schema) -> int:
    """Rows of all files by their footers; raises BadDataError for a file that does not fit."""
    return sum(_rows(file, schema) for delivery in found for file in delivery.files)


def _rows(file: Path, schema: pa.Schema) -> int:
    try:
        footer = pq.read_metadata(file)
        own = footer.schema.to_arrow_schema()
    except (pa.ArrowInvalid, OSError) as error:
        raise BadDataError(
            f"landed file {file.name} of {file.parent.name} is not a whole Parquet file: {error}. "
            "Remove it and land the day again."
        ) from error
    if not own.equals(schema):
        raise BadDataError(
            f"landed file {file.name} of {file.parent.name} has other columns than its data "
            f"set's schema: {_difference(own, schema)}. Land the day again."
        )
    return int(footer.num_rows)


def _difference(own: pa.Schema, expected: pa.Schema) -> str:
    strange = sorted(str(field) for field in set(own) - set(expected))
    missing = sorted(str(field) for field in set(expected) - set(own))
    return f"unexpected {strange or 'none'}, missing {missing or 'none'}"


def read(spark: SparkSession, found: Sequence[Delivery], schema: pa.Schema) -> DataFrame:
    """Rows of exactly these files with their day; columns of `schema`, then DAY."""
    files = [_literal(file) for delivery in found for file in delivery.files]
    columns = from_arrow_schema(schema)
    if not files:
        return spark.createDataFrame([], columns).withColumn(DAY, F.lit(""))
    # The day is the folder; the column `_metadata` is Spark's own of every file source.
    day = F.regexp_extract(F.col("_metadata.file_path"), r"/(\d{4}-\d{2}-\d{2})/[^/]+$", 1)
    return spark.read.schema(columns).parquet(*files).select(*schema.names, day.alias(DAY))


def _literal(path: Path) -> str:
    """The path with what Hadoop takes for a pattern made literal."""
    return "".join(f"\\{sign}" if sign in "\\*?[]{}," else sign for sign in str(path))
