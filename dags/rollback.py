"""# Rollback: an earlier champion becomes the champion again

**What it does.** Looks whether the earlier version can answer today: its files load and are those
that were registered, today's features are those it was trained on, it scores the golden set. What
was seen is shown to the named approvers; on the word of one of them the version becomes champion by
one row of the ledger, and answers within seconds.

**Starts** by hand with a form: the version to go back to, and why. Answer under *Required
Actions*; your reason stands there already. `millrace rollback receipts --as NAME --why TEXT` does
all of it at once, in a terminal, under the same rules.

**Rules.** Only what was champion before comes back without the gate. Whoever may approve may also
start it and answer it, but never the author of that version. Without an answer within two hours
nothing changes.

**When it fails**
- *ask*, before it asks: the message says what does not fit. Changed features need the code of that
  time: deploy it first, or name another version.
- *promote* with `after this rollback was prepared`: the champion changed meanwhile, somebody may
  have been faster. Look at `millrace models`, and start anew if it is still wanted.
- *promote*, otherwise: clear the task. The same word again has one effect, and finishes what a
  crash left between the ledger and the alias.
"""

from airflow.sdk import DAG, Param, XComArg, task

from millrace_airflow import assets, decisions, defaults, specs
from millrace_airflow.approval import FORM, PREPARED, ROLLBACK_HOURS, RollbackOperator

for spec in specs.models():
    name = spec.name
    with DAG(
        # One that waits for its word must not hold up another: the first word counts.
        **defaults.dag("rollback", name, spec.owner, hours=ROLLBACK_HOURS + 1, at_once=16),
        description=f"{spec.description}: back to an earlier champion",
        doc_md=__doc__,
        schedule=None,
        params={
            "why": Param(
                type="string",
                minLength=3,
                title="Why",
                description="What is wrong with the champion, as it will stand on the ledger.",
            ),
            "version": Param(
                None,
                type=["null", "integer"],
                title="Version",
                description="Earlier champion to go back to. Empty: the one before this.",
            ),
        },
    ):
        asked = RollbackOperator(
            task_id="ask",
            model=name,
            approvers=list(specs.approvers(spec)),
            params=FORM,
        )
        task(task_id="promote", outlets=[assets.champion(name)])(decisions.roll_back)(
            name, prepared=XComArg(asked, key=PREPARED), response=asked.output
        )
