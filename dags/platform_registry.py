"""# Platform: the registry agrees with the ledger

**What it does.** Records the rejection of every request whose time is over, finishes changes of
champion that a crash left between the ledger and the registry, verifies the ledger's chain, and
looks for what does not agree: versions without a model card, champions that nobody approved,
aliases moved by hand.

**Starts** every night, or by hand. `millrace audit` and `millrace ledger verify` look at the same
in a terminal.

**Safe to run again.** What was recorded or finished before is left as it is.

**When it fails**
- *audit*: the message lists what was found. `millrace audit --repair` lets the aliases follow the
  ledger and makes missing cards; `millrace audit --adopt MODEL --as NAME --why TEXT` takes a
  champion into the ledger. Run it again afterwards.
- *audit* with `the ledger is not sound`: somebody changed the database. Compare it with a backup,
  and find out who had its password.
"""

from airflow.sdk import DAG, task

from millrace_airflow import decisions, defaults

with DAG(
    **defaults.dag("platform", "registry", "platform-team", hours=1),
    description="Registry, ledger and decisions agree",
    doc_md=__doc__,
    schedule=defaults.cron("30 2 * * *"),
):
    task(task_id="audit")(decisions.audit)()
