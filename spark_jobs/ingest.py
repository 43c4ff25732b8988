"""Validates landed days of a data set and publishes them by one commit.

    python spark_jobs/ingest.py --dataset receipts --days 2026-01-01,2026-01-02 \\
        --token T --result FILE

The same file runs on a Connect server, alone, and by spark-submit. A day whose files, suite
and checks are those already published is left alone. The rest is split: rows the reader
refused and rows that break a critical rule go to the quarantine table, the others replace
exactly these days of the published table. Quarantine is written first: where a batch is over
its limit nothing is published, and the refused rows with their `ingest_key` stay to be seen.
"""

from collections.abc import Sequence

from pipelines import settings as configuration
from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import IngestResult
from pipelines.contracts.spec import DatasetSpec
from pipelines.lake.delivery import Delivery, deliveries
from pipelines.lake.lake import Lake
from pipelines.lake.published import PublishedDay, published_days
from pipelines.settings import Settings
from spark_jobs import command
from spark_jobs.fence import fenced_session, held


def run(dataset: str, days: Sequence[str], token: str, settings: Settings) -> IngestResult:
    """Publishes the days that differ; raises BadDataError where the batch is refused.

    Waits for a live twin with the same token, and for other publications of the table.
    """
    spec = specs.dataset(dataset)
    with held(token, names.published_table(dataset), settings):
        lake = Lake.open(settings)
        wanted = deliveries(spec, days, settings)
        before = published_days(lake, dataset)
        changed = [one for one in wanted if _differs(one, before)]
        if changed:
            # Here: Great Expectations takes seconds to import, and most re-runs need none.
            from spark_jobs.publish import publish

            with fenced_session(f"ingest {dataset}", token, settings) as spark:
                publish(spark, lake, spec, changed, token, settings)
        return _result(lake, spec, wanted, token)


def _differs(delivery: Delivery, published: dict[str, PublishedDay]) -> bool:
    state = published.get(delivery.day)
    return state is None or state.key != delivery.key


def _result(lake: Lake, spec: DatasetSpec, wanted: list[Delivery], token: str) -> IngestResult:
    table = names.published_table(spec.name)
    states = published_days(lake, spec.name)
    mine = [states[delivery.day] for delivery in wanted]
    return IngestResult(
        dataset=spec.name,
        days=[delivery.day for delivery in wanted],
        table=table,
        snapshot_id=lake.current_snapshot(table),
        # Also where an earlier try of this task committed and died before it could say so.
        changed=any(day.token == token for day in mine),
        rows_in=sum(day.rows_in for day in mine),
        rows_published=sum(day.rows_published for day in mine),
        rows_quarantined=sum(day.rows_quarantined for day in mine),
        quarantine_reasons=_sum([day.quarantine_reasons for day in mine]),
        warnings=_sum([day.warnings for day in mine]),
        data_docs=next((day.data_docs for day in reversed(mine) if day.data_docs), None),
    )


def _sum(counts: list[dict[str, int]]) -> dict[str, int]:
    keys = sorted({key for one in counts for key in one})
    return {key: sum(one.get(key, 0) for one in counts) for key in keys}


def main(argv: Sequence[str] | None = None) -> IngestResult:
    """Command line of the job; leaves result or error as JSON in the file of `--result`."""
    parser = command.parser("Validates and publishes days of a data set.")
    parser.add_argument("--dataset", required=True)
    parser.add_argument(
        "--days", type=command.days, required=True, help="as 2026-01-31, separated by commas"
    )
    options = parser.parse_args(argv)
    return command.reported(
        options.result,
        lambda: run(options.dataset, options.days, options.token, configuration.load()),
    )


if __name__ == "__main__":
    command.start(main)
