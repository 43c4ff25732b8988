"""Columns every data set's suite may use: is the key taken, in this batch or on another day."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.contracts.names import CONTENT_HASH, DAY, SOURCE_FILE, SOURCE_LINE

FIRST_SEEN = "first_seen"
"""Where the key stood first in this batch, `file:line of day`; null for the first row itself."""
PUBLISHED_DAY = "published_day"
"""Another day under which the key is already published; null where there is none."""


def place() -> Column:
    """Where a row came from, as people write it."""
    line = F.concat_ws(":", SOURCE_FILE, F.col(SOURCE_LINE).cast("string"))
    return F.concat_ws(" of ", line, DAY)


def add_key_checks(rows: DataFrame, published: DataFrame, key: str) -> DataFrame:
    """Adds FIRST_SEEN and PUBLISHED_DAY; `published` holds key and day of all other days.

    The first row of a key by day, file and line keeps it. A null key repeats nothing.
    """
    order = Window.partitionBy(key).orderBy(DAY, SOURCE_FILE, SOURCE_LINE, CONTENT_HASH)
    repeats = (F.col("_rank") > 1) & F.col(key).isNotNull()
    taken = published.groupBy(key).agg(F.min(DAY).alias(PUBLISHED_DAY))
    return (
        rows
        .withColumn("_rank", F.row_number().over(order))
        .withColumn("_first", F.first(place()).over(order))
        .withColumn(FIRST_SEEN, F.when(repeats, F.col("_first")))
        .join(taken, on=key, how="left")
        .drop("_rank", "_first")
    )


def as_they_are(rows: DataFrame) -> DataFrame:
    """For flat data sets: the suite looks at the columns themselves."""
    return rows
