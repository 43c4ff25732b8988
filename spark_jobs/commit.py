"""Replaces a part of a table by one commit, or leaves it as it is."""

from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame

from pipelines.errors import TransientError
from spark_jobs.session import CATALOG


def replace(
    rows: DataFrame,
    table: str,
    replaced: Column,
    *,
    base: int | None,
    note: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> None:
    """One commit that makes `rows` all there is where `replaced` holds, even when there are none.

    `note` goes into the snapshot's summary. Serialisable against the snapshot `base`: where
    anybody has written to that part since, nothing is committed and TransientError is raised.
    Locks keep attempts on one machine apart; this does it for what a dead attempt left
    running on a server, and for other machines.
    """
    writer = rows.writeTo(f"{CATALOG}.{table}").option("isolation-level", "serializable")
    if base is not None:
        writer = writer.option("validate-from-snapshot-id", str(base))
    for key, text in (note or {}).items():
        writer = writer.option(f"snapshot-property.{key}", text)
    for key, text in (options or {}).items():
        writer = writer.option(key, text)
    try:
        writer.overwrite(replaced)
    except PySparkException as error:
        if "ValidationException" not in str(error) and "CommitFailedException" not in str(error):
            raise
        raise TransientError(
            f"another attempt wrote to the same part of {table} since this one began; nothing "
            "was committed by this one. Run it again: it starts from what is there now."
        ) from error
