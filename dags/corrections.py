"""# Corrections: what reviewers said starts a training

**What it does.** Waits until the corrections of a model cross the threshold of its model.yaml
(`corrections:`): enough corrected fields that no training has claimed, or a field that the audit
sample shows to be wrong too often; not while it cools down, is too dear, or in quiet hours. Then it
claims them as one batch, in one transaction with the retrain request that the training takes.

**Starts** by itself, again after each end: it is always on. While it waits it is deferred and
holds no worker. `millrace corrections status receipts` says what is missing until it fires.

**Safe to run again.** A batch is named after the run: a task tried again, run twice at once, or
killed in the middle finds what it claimed. A second event wakes a training that finds the request
taken, and ends as *skipped*.

**When it fails**
- *threshold* with `operations database`: it is away or was not migrated; see `millrace doctor`.
  Corrections are safe in it; clear the task.
- Nothing starts although there is enough: `millrace corrections status` names what stands against
  it. An open request that nobody takes: `millrace run train receipts` takes it.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from millrace_airflow import defaults, specs
from millrace_airflow.corrections import WAIT, CorrectionSensor

# A run starts where the interval of the one before ended. Without a date the first interval is
# empty, the second run has the first one's date, and Airflow 3.3 takes it for made: for ever.
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

for spec in specs.reviewed():
    name = spec.name
    with DAG(
        **defaults.dag("corrections", name, spec.owner, hours=24 + WAIT.total_seconds() / 3600),
        description=f"{spec.description}: what reviewers said starts a training",
        doc_md=__doc__,
        schedule="@continuous",
        start_date=BEGIN,
    ):
        CorrectionSensor(task_id="threshold", model=name, poll_seconds=defaults.poll_seconds())
