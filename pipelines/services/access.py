"""How a command reaches the services of its home."""

from typing import TYPE_CHECKING

from pipelines import settings as settings_of
from pipelines.services import ports, secrets, state

if TYPE_CHECKING:
    from pipelines.services.airflow_client import AirflowClient


OPERATOR = "ada"
"""The named user in whose name the command line starts runs."""


def airflow_client(user: str = OPERATOR) -> "AirflowClient | None":
    """This home's Airflow, signed in as one of its named users; None where it does not run."""
    from pipelines.services.airflow_client import AirflowClient

    settings = settings_of.load()
    if not state.is_up(settings):
        return None
    url = f"http://127.0.0.1:{ports.assigned(settings)['airflow']}"
    return AirflowClient(url, user, secrets.passwords(settings)[user])
