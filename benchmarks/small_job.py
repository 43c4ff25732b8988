"""A job as small as a job can be: counts the published documents by day."""

import logging

from pipelines import settings as configuration
from pipelines.contracts import names
from spark_jobs.session import CATALOG, session


def main() -> None:
    """Runs wherever the settings say: on a warm server, or in the process that submitted it."""
    spark = session("small job", configuration.load())
    table = f"{CATALOG}.{names.published_table('receipts')}"
    logging.info("%s", spark.read.table(table).groupBy(names.DAY).count().collect())
    spark.stop()


if __name__ == "__main__":
    main()
