"""Registers Millrace with Airflow; all else is in the package millrace_airflow."""

from airflow.plugins_manager import AirflowPlugin

from millrace_airflow.pages.lazy import LazyApp

URL_PREFIX = "/millrace"


class MillracePlugin(AirflowPlugin):
    """Pages of Millrace inside Airflow, behind Airflow's own sign-in."""

    name = "millrace"
    fastapi_apps = [  # noqa: RUF012 - the base class declares it so
        {
            "app": LazyApp("millrace_airflow.pages.app"),
            "url_prefix": URL_PREFIX,
            "name": "Millrace",
        }
    ]
    external_views = [  # noqa: RUF012
        {
            "name": "Results",
            "href": f"{URL_PREFIX}/runs/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "millrace_results",
        }
    ]
