"""Registers Millrace with Airflow; all else is in the package millrace_airflow."""

from airflow.plugins_manager import AirflowPlugin

from millrace_airflow.listener import TelemetryListener
from millrace_airflow.pages.lazy import LazyApp

URL_PREFIX = "/millrace"


def _view(name: str, path: str, destination: str, route: str) -> dict[str, str]:
    """A page of ours inside Airflow; Airflow fills in what stands in braces."""
    return {
        "name": name,
        "href": f"{URL_PREFIX}/{path}",
        "destination": destination,
        "url_route": route,
    }


class MillracePlugin(AirflowPlugin):
    """Pages of Millrace inside Airflow, behind Airflow's own sign-in, and the record of runs."""

    name = "millrace"
    listeners = [TelemetryListener()]  # noqa: RUF012 - the base class declares it so
    fastapi_apps = [  # noqa: RUF012
        {
            "app": LazyApp("millrace_airflow.pages.app"),
            "url_prefix": URL_PREFIX,
            "name": "Millrace",
        }
    ]
    external_views = [  # noqa: RUF012
        _view("Models", "evidence", "nav", "millrace_models") | {"nav_top_level": True},
        _view("Monitoring", "monitor", "nav", "millrace_monitor") | {"nav_top_level": True},
        _view("Evidence", "dags/{DAG_ID}/evidence", "dag", "millrace_dag"),
        _view("Monitoring", "dags/{DAG_ID}/monitor", "dag", "millrace_timeline"),
        _view("Evidence", "runs/{DAG_ID}/{RUN_ID}/evidence", "dag_run", "millrace_evidence"),
        _view("Results", "runs/{DAG_ID}/{RUN_ID}", "dag_run", "millrace_results"),
    ]
