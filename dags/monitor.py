"""# Monitor: is what comes in, what is answered and how right it is as it was?

**What it does.** Sketches each day's rows and predictions on Spark, in bins that are fixed until
the next calibration, and holds each window against the past: every feature and answer, the volume,
the labels as they come, and the steps' own times. The verdict is `quiet`, `alert`, `retrain` or
`stop`. An alarm is one incident from its first window to its end, whatever lies between; people are
told when it opens, gets worse and ends. A retrain request joins those of corrections and schedules
and obeys their cool-down, cost and quiet hours; without enough labels of the new days it waits for
them, and asks for reviews where people review. `stop` pauses scoring until a person lets it go on.

**Starts** after scoring, at its time of day for the day before (also where nothing came), by hand
with a form, by `millrace run monitor card_fraud`, or for past days by `airflow backfill create`.
The first run makes the reference, and so does `millrace monitor calibrate card_fraud`.

**Safe to run again.** The same days are sketched once; the same window again changes nothing. A
window older than the newest judged one is history: it is kept, and opens and closes nothing.

**When it fails**
- *window* skipped: nothing was published lately, or no day after the reference is left to judge.
- *window* with `a reference needs`: too few days before the window. Ingest more, or name a later
  one.
- *sketch*: the message names the table or the column; clear the task. Until then the window is an
  alert: what cannot be read is not quiet.
- *judge* with `could not be sketched`: see *sketch*. Another error: clear the task.
- *retrain* skipped: no incident asks for a training. `millrace monitor alerts` says why.
- *tell*: a channel refused; clear the task. What was delivered is not sent again.
- Scoring is paused: `millrace monitor status` says why, `millrace monitor resume` ends it.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, Param, TriggerRule, task

from millrace_airflow import assets, defaults, monitoring, notify, specs
from millrace_airflow.spark import SparkJobOperator

for spec in specs.models():
    name, cron = spec.name, spec.monitoring.schedule
    scored = assets.scored(name)
    with DAG(
        **defaults.dag("monitor", name, spec.owner, hours=3),
        description=f"{spec.description}: drift, quality, alerts and what follows",
        doc_md=__doc__,
        schedule=AssetOrTimeSchedule(timetable=defaults.day_before(cron), assets=scored)
        if cron
        else scored,
        params={
            "window": Param(
                None,
                type=["null", "string"],
                format="date",
                title="Window",
                description="Last day of the window to judge, as 2026-01-31. Empty: every day "
                "that was not judged yet.",
            ),
            "calibrate": Param(
                False,
                type="boolean",
                title="Calibrate",
                description="Makes a new reference of the days before the window (empty: of the "
                "newest days) and new limits.",
            ),
        },
    ):
        planned = task(task_id="window")(monitoring.window)(name)
        sketched = SparkJobOperator(
            task_id="sketch",
            job="monitor",
            arguments=[
                *("--model", name),
                *("--days", "{{ ti.xcom_pull(task_ids='window')['days'] | join(',') }}"),
                "{{ '--binning' if ti.xcom_pull(task_ids='window')['binning'] else '--choose' }}",
                "{{ ti.xcom_pull(task_ids='window')['binning'] or "
                "ti.xcom_pull(task_ids='window')['reference_days'] | join(',') }}",
            ],
        )
        sketched.set_upstream(planned)
        # What could not be sketched must be judged too: it is an alert, and the run fails. Where
        # there is no window there is nothing to judge.
        anyway = TriggerRule.ALL_DONE_MIN_ONE_SUCCESS
        judged = task(task_id="judge", trigger_rule=anyway)(monitoring.judge)(name, planned=planned)
        judged.set_upstream(sketched)
        task(task_id="retrain", outlets=[assets.retrain(name)])(monitoring.retrain)(
            name, judged=judged
        )
        told = task(task_id="tell", trigger_rule=anyway)(notify.tell)(name)
        told.set_upstream([planned, judged])
