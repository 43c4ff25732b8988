"""# Score: published rows get their predictions

**What it does.** Answers every published row with the champion, and with a shadow beside it, on
Spark, and shows the predictions by one commit of `millrace.predictions_<model>`. A row's prediction
is named by its key, its content and the version: what is there is not made again, what changed is
made anew, and predictions of rows that are gone are removed. A row that cannot be scored is in
`millrace.refused_<model>` with the reason. A shadow's predictions are never shown.

Then it puts documents to review, within the day's budget of model.yaml (`review:`): a sample drawn
by chance, which measures the truth, and those whose errors would cost most. What was asked once,
by content, is not asked again.

**Starts** when its data set is published, when a version becomes champion, by hand with a form, or
by `millrace run score receipts`.

**Safe to run again.** A run keeps the versions it began with: a promotion in the meantime is the
next run's, and no partition (day, version) ever holds two versions. Without anything new it ends as
*skipped*.

**When it fails**
- *choose* skipped: there is no champion yet. Approve a version; that starts this DAG.
- *choose* with `is paused`: the inputs were found broken, or a person paused it. `millrace monitor
  status` says why, `millrace monitor resume` lets it go on.
- *choose*, otherwise: the message names the version or the champion that is missing.
- *score* with `over the quarantine limit`: no prediction was written; the refused rows say why.
- *score* with `were changed after the training`: somebody touched the model's files. Restore them,
  or roll back.
- *score* killed or timed out: clear the task; a live twin is waited for, never doubled.
- *review*: the operations database is away; clear the task. The same run asks the same documents.
"""

from airflow.sdk import DAG, Param, task

from millrace_airflow import assets, defaults, scoring, specs
from millrace_airflow.spark import SparkJobOperator

for spec in specs.models():
    name = spec.name
    with DAG(
        **defaults.dag("score", name, spec.owner, hours=6),
        description=f"{spec.description}: predictions of published rows",
        doc_md=__doc__,
        schedule=assets.published(spec.dataset) | assets.champion(name),
        params={
            "days": Param(
                None,
                type=["null", "array"],
                items={"type": "string", "format": "date"},
                title="Days",
                description="Published days to score, as 2026-01-31. Empty: all.",
            ),
            "version": Param(
                None,
                type=["null", "integer"],
                title="Version",
                description="Version to score with; any but the champion as a shadow. Empty: the "
                "champion and the shadow.",
            ),
            # As text: a browser rounds numbers of this size.
            "snapshot_id": Param(
                None,
                type=["null", "string", "integer"],
                title="Snapshot",
                description="Published snapshot to score. Empty: the newest.",
            ),
        },
    ):
        chosen = task(task_id="choose")(scoring.choose)(name)
        scored = SparkJobOperator(
            task_id="score",
            job="score",
            arguments=[
                *("--model", name),
                *("--versions", "{{ ti.xcom_pull(task_ids='choose') | tojson }}"),
                *("--snapshot", "{{ params.snapshot_id or 'newest' }}"),
                *("--days", "{{ (params.days or []) | join(',') }}"),
            ],
            publishes=assets.scored(name),
        )
        scored.set_upstream(chosen)
        if spec.is_reviewed:
            task(task_id="review")(scoring.review)(name).set_upstream(scored)
