"""Signs in to the Airflow of this home."""

from pipelines.cli.airflow_client import AirflowClient
from pipelines.settings import Settings

_NEEDED = {"api-server", "scheduler", "dag-processor"}

OPERATOR = "ada"
"""The named user in whose name the command line starts runs."""


def airflow_client(settings: Settings) -> AirflowClient | None:
    """A signed-in client, or None where this home's Airflow is not running."""
    from pipelines.services import ports, secrets, supervisor

    running = {each.name for each in supervisor.status(settings) if each.state == "running"}
    if not running >= _NEEDED:
        return None
    url = f"http://127.0.0.1:{ports.assigned(settings)['airflow']}"
    return AirflowClient(url, OPERATOR, secrets.passwords(settings)[OPERATOR])
