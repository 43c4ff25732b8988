"""What runs on one machine: Airflow's four components, MLflow, the reviewers' pages, the figures
for Prometheus, Spark."""

import datetime as dt
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from pipelines.services import environment, ports, secrets
from pipelines.settings import Settings

AIRFLOW = "airflow"
API_LOCK_SECONDS = 5
"""How long a write of Airflow's API to SQLite waits for another one. It waits in the event loop:
where the other is a request of the same server, ready but for its answer, both wait in vain."""


@dataclass(frozen=True)
class Service:
    """One process to run, and how to tell that it works."""

    name: str
    command: tuple[str, ...]
    port: str | None
    """Which of the assigned ports it listens on."""
    url: str | None
    """Where a person or a client finds it."""
    is_ready: Callable[[float], bool]
    """Given when it started, seconds since 1970: whether it does its work now."""
    grace: float
    """Seconds it gets to stop by itself."""
    stop_stage: int
    """Lower ones are stopped first: tasks that end need the API server until they have."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of its environment, other than those of the rest."""


def services(settings: Settings, *, spark: bool = True) -> list[Service]:
    """The services of a home; its ports must have been assigned."""
    chosen = ports.assigned(settings)
    found = [
        *_airflow(chosen["airflow"], settings),
        _mlflow(chosen["mlflow"], settings),
        _review(chosen["review"], settings),
        _metrics(chosen["metrics"]),
    ]
    return [*found, _spark(chosen["spark"], ports.spark_address(settings))] if spark else found


def _airflow(port: int, settings: Settings) -> list[Service]:
    url = f"http://127.0.0.1:{port}"

    def component(
        name: str,
        *options: str,
        stage: int = 1,
        grace: float = 20,
        answers: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Service:
        return Service(
            name=name,
            command=(sys.executable, "-m", "airflow", name, *options),
            port=AIRFLOW if answers else None,
            url=url if answers else None,
            is_ready=lambda started: _is_healthy(url, name.replace("-", "_"), started),
            grace=grace,
            stop_stage=stage,
            variables=variables or {},
        )

    impatient = environment.metadata(settings.metadata_uri, API_LOCK_SECONDS)
    return [
        component("api-server", stage=2, grace=10, answers=True, variables=impatient),
        component("scheduler", "--skip-serve-logs"),
        component("dag-processor"),
        component("triggerer", "--skip-serve-logs"),
    ]


def _mlflow(port: int, settings: Settings) -> Service:
    url = f"http://127.0.0.1:{port}"
    names = ",".join(f"{host}:{port}" for host in dict.fromkeys(["127.0.0.1", "localhost"]))
    command = (
        *(sys.executable, "-m", "mlflow", "server"),
        *("--host", settings.bind, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", settings.tracking_uri),
        # Steps write artefacts straight to their place; the server only shows them.
        *("--default-artifact-root", settings.artifact_root, "--no-serve-artifacts"),
        # A page of somebody else must not reach it through the browser (DNS rebinding).
        *("--allowed-hosts", names, "--cors-allowed-origins", url),
    )
    return Service("mlflow", command, "mlflow", url, lambda _: _answers(f"{url}/health"), 10, 2)


def _review(port: int, settings: Settings) -> Service:
    url = f"http://127.0.0.1:{port}"
    accounts = str(secrets.path(settings, "reviewers"))
    command = (sys.executable, "-m", "pipelines.review", "--port", str(port))
    return Service(
        name="review",
        command=(*command, "--accounts", accounts),
        port="review",
        url=url,
        is_ready=lambda _: _answers(f"{url}/health"),
        grace=7,
        stop_stage=1,
    )


def _metrics(port: int) -> Service:
    return Service(
        name="metrics",
        command=(sys.executable, "-m", "pipelines.telemetry.metrics", "--port", str(port)),
        port="metrics",
        url=f"http://127.0.0.1:{port}/metrics",
        is_ready=lambda _: _listens(port),
        grace=5,
        stop_stage=1,
    )


def _spark(port: int, url: str) -> Service:
    return Service(
        name="spark",
        command=(sys.executable, "-m", "spark_jobs.server"),
        port="spark",
        url=url,
        is_ready=lambda _: _listens(port),
        grace=10,
        stop_stage=2,
    )


def _is_healthy(url: str, component: str, started: float) -> bool:
    """Airflow's own word for it; a heartbeat older than the process is its predecessor's."""
    try:
        health = httpx.get(f"{url}/api/v2/monitor/health", trust_env=False, timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return False
    if component == "api_server":
        # Asking the tasks' side too makes it load now: seconds that else the first task pays.
        return health["metadatabase"]["status"] == "healthy" and _answers(f"{url}/execution/health")
    found = health.get(component) or {}
    beat = found.get(f"latest_{component}_heartbeat")
    return (
        found.get("status") == "healthy"
        and beat is not None
        and dt.datetime.fromisoformat(beat).timestamp() >= started - 1
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=15).status_code == 200
    except httpx.HTTPError:
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
