"""# Ingest: files become a validated table

**What it does.** Takes the files of the inbox, reads them into the landing zone under the day
they belong to, validates each day that changed (Great Expectations on Spark) and replaces those
days in the published table by one commit. Readers see all of it or nothing.

**Starts** every night, by `millrace ingest`, by hand, or by a back-fill:
`airflow backfill create --dag-id ingest__receipts --from-date 2026-01-01 --to-date 2026-01-31`.
On the embedded SQLite it may say `database is locked`; then it created nothing: give it again.
A run of a date publishes that day and every earlier one with new files, so the nightly run closes
the day before it.

**Safe to run again.** A day that holds the same files is left as it is. Late files are taken into
the day they belong to.

**When it fails**
- *land*: a file cannot be reached. Files that cannot be *read* do not fail it, they are
  quarantined with their reason.
- *publish* with `over its quarantine limit`: nothing was published. Look at the Data Docs and at
  the quarantine table, mend the source or the rules, and clear the task.
- *publish* killed or timed out: clear the task; a live twin is waited for, never doubled.
"""

from airflow.sdk import DAG, Param, task

from millrace_airflow import assets, defaults, specs, steps
from millrace_airflow.spark import SparkJobOperator

for spec in specs.datasets():
    name = spec.name
    with DAG(
        **defaults.dag("ingest", name, spec.owner, hours=6),
        description=f"{spec.description}: land, validate, publish",
        doc_md=__doc__,
        schedule=defaults.cron("0 0 * * *"),
        params={
            "days": Param(
                None,
                type=["null", "array"],
                items={"type": "string", "format": "date"},
                title="Days",
                description="Days to publish, as 2026-01-31. Empty: every day with new files.",
            ),
        },
    ):
        landed = task(task_id="land")(steps.land)(name)
        SparkJobOperator(
            task_id="publish",
            job="ingest",
            arguments=[
                "--dataset",
                name,
                "--days",
                "{{ ti.xcom_pull(task_ids='land')['days'] | join(',') }}",
            ],
            publishes=assets.published(name),
        ).set_upstream(landed)
