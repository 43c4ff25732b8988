"""Runs of the scheduler as the demo shows them."""

import time
from typing import TYPE_CHECKING

from rich.console import Console

from pipelines.cli.follow import RunView
from pipelines.errors import MillraceError, TransientError
from pipelines.services.access import OPERATOR, airflow_client

if TYPE_CHECKING:
    from pipelines.services.airflow_client import AirflowClient


def signed_in(user: str = OPERATOR) -> "AirflowClient":
    """This home's Airflow as one of its named users."""
    client = airflow_client(user)
    if client is None:
        raise TransientError("Airflow stopped answering; see `millrace status` for its logs")
    return client


def follow(
    client: "AirflowClient",
    dag_id: str,
    run_id: str,
    console: Console,
    *,
    may_fail: bool = False,
) -> RunView:
    """Shows a run to its end; raises MillraceError where it failed and was not to."""
    console.rule(dag_id, align="left")
    view = RunView(dag_id, console)
    if not view.consume(client.follow(dag_id, run_id, time.sleep)) and not may_fail:
        raise MillraceError(
            f"the run failed; its tasks and logs: {client.url}/dags/{dag_id}/runs/{run_id}"
        )
    return view
