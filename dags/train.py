"""# Train: published data becomes a registered candidate

**What it does.** Takes the open retrain request of its model, if there is one, with the labels
that reviewers gave until now. Computes the features of the newest published snapshot on Spark (or
finds them done), trains with the recorded seed, scores the model on rows it has never seen, and
registers it in MLflow under the alias `candidate` with its card, scores, pictures and lineage. The
gate then scores it and the champion anew on identical rows and says `promote`, `reject` or
`inconclusive`. What it does not reject waits for a person: see `decide`.

**Starts** when rows of its data set are published and some of them are labelled, when corrections
cross their threshold, on its schedule, by hand with a form, or by `millrace run train receipts`.
All reasons go through one table of requests, so that those that come at once make one training; the
others end as *skipped*. A training with a seed, a snapshot or a plant is a trial: it answers no
request.

**Safe to run again.** The same snapshot, code, settings and seed give the same features, the same
model file and the same version: nothing is computed or registered twice.

**When it fails**
- *take*: the operations database is away or was not migrated; see `millrace doctor`.
- *features*: the message names the table or the column. No published rows yet: ingest first.
- *train* with `too little to train on`: more labelled rows are needed, see the counts it gives.
- *evaluate*, *register*: clear the task; they find the trained model where it is.
- *gate* with `the gate rejected`: that is its word, with the reasons; nothing is broken. It also
  looks whether the model is surely better without one reviewer's labels, and holds that one back
  until a supervisor says otherwise. Another error: clear the task.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, Param, task

from millrace_airflow import assets, defaults, retraining, specs, steps
from millrace_airflow.spark import SparkJobOperator

for spec in specs.models():
    name = spec.name
    causes = assets.published(spec.dataset) | assets.retrain(name)
    cron = defaults.cron(spec.schedule) if spec.schedule else None
    with DAG(
        # What is published while one training runs is taken by the next, once.
        **defaults.dag("train", name, spec.owner, hours=12),
        description=f"{spec.description}: features, train, evaluate, register, gate",
        doc_md=__doc__,
        schedule=AssetOrTimeSchedule(timetable=cron, assets=causes) if cron else causes,
        params={
            # As text: a browser rounds numbers of this size.
            "snapshot_id": Param(
                None,
                type=["null", "string", "integer"],
                title="Snapshot",
                description="Published snapshot to train on. Empty: the newest.",
            ),
            "seed": Param(
                None,
                type=["null", "integer"],
                title="Seed",
                description="Seed of the training. Empty: the one of model.yaml.",
            ),
            "plant": Param(
                None,
                type=["null", "string"],
                enum=[None, *specs.PLANTS],
                title="Plant",
                description="Spoils the training on purpose, to see the gate refuse it.",
            ),
        },
    ):
        taken = task(task_id="take")(retraining.take)(name)
        features = SparkJobOperator(
            task_id="features",
            job="features",
            arguments=["--model", name, "--snapshot", "{{ params.snapshot_id or 'newest' }}"],
        )
        features.set_upstream(taken)
        trained = task(task_id="train")(steps.train)(name, taken=taken, features=features.output)
        evaluated = task(task_id="evaluate")(steps.evaluate)(name, trained=trained)
        registered = task(task_id="register", outlets=[assets.registered(name)])(steps.register)(
            name, trained=trained, evaluated=evaluated
        )
        task(task_id="gate", outlets=[assets.judged(name)])(steps.gate)(name, registered=registered)
