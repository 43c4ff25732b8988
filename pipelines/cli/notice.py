"""Tells this home's Airflow what was decided on the command line."""

from typing import TYPE_CHECKING

from rich.console import Console

from pipelines.contracts.decision import ASK, VERSION
from pipelines.contracts.names import champion_asset
from pipelines.errors import MillraceError

if TYPE_CHECKING:
    from pipelines.contracts.decision import DecisionResult
    from pipelines.opsdb.database import OpsDb
    from pipelines.services.airflow_client import AirflowClient


def tell_airflow(result: "DecisionResult", db: "OpsDb") -> None:
    """Ends the tasks that wait for what is settled now, and announces a new champion.

    The decision stands whatever Airflow says: where it does not hear, a line says so.
    """
    from pipelines.services.access import airflow_client

    try:
        client = airflow_client()
        if client is None:
            return
        _end_settled(result.model, client, db)
        if result.choice == "promote":
            client.announce(champion_asset(result.model), result.to_xcom())
    except MillraceError as error:
        text = f"the decision stands, but Airflow was not told of it: {error}"
        Console(stderr=True, soft_wrap=True).print(text, highlight=False, markup=False)


def _end_settled(model: str, client: "AirflowClient", db: "OpsDb") -> None:
    from pipelines.errors import RefusedError
    from pipelines.governance.decide import waiting

    dag_id = f"decide__{model}"
    for run_id in client.waiting(dag_id, ASK):
        version = client.result(dag_id, run_id, ASK, VERSION)
        try:
            with db.read() as session:
                waiting(session, model, int(version))
        except RefusedError as settled:
            client.skip(dag_id, run_id, ASK, f"decided on the command line: {settled}")
