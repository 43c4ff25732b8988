"""# Decide: a person says what becomes of a judged version

**What it does.** Shows the gate's verdict, the candidate against the champion with intervals, what
changed, and rows where the two differ, to the named approvers, and waits for one of them: promote,
run as shadow, or reject. A promotion is written to the ledger and then the alias `champion` moves.

**Starts** when the gate of a training did not reject a version. Answer under *Required Actions*, or
with `millrace approve` and `millrace reject`: both follow the same rules.

**Rules.** The author of a version is not asked. Nobody's word in time is a rejection, and is
recorded as one. An inconclusive version is promoted only by saying so.

**When it fails**
- *decide* with `another version became champion`: the request was overtaken; train again.
- *decide*, otherwise: clear the task. The same answer again has one effect, and finishes what a
  crash left between the ledger and the alias.
"""

from airflow.sdk import DAG, Param, task

from millrace_airflow import assets, decisions, defaults, specs
from millrace_airflow.approval import FORM, DecisionOperator

hours = defaults.approval_hours()
for spec in specs.models():
    name = spec.name
    with DAG(
        **defaults.dag("decide", name, spec.owner, hours=hours + 1, at_once=16),
        description=f"{spec.description}: a person decides about a version",
        doc_md=__doc__,
        schedule=[assets.judged(name)],
        params={
            "version": Param(
                None,
                type=["null", "integer"],
                title="Version",
                description="Version to decide about. Empty: the one the gate judged last.",
            ),
        },
    ):
        asked = DecisionOperator(
            task_id="ask",
            model=name,
            approvers=list(specs.approvers(spec)),
            hours=hours,
            params=FORM,
        )
        task(task_id="decide", outlets=[assets.champion(name)])(decisions.decide)(
            name, response=asked.output
        )
