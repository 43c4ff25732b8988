"""A home with running services, shared by the tests that need a scheduler."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.services import ports, secrets
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

Millrace = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path) -> dict[str, str]:
    """The caller's environment with a home and free ports of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_")}
    return kept | {
        "MILLRACE_HOME": str(home),
        "MILLRACE_AIRFLOW_PORT": "0",
        "MILLRACE_MLFLOW_PORT": "0",
        "MILLRACE_SPARK_PORT": "0",
        # A killed task is to be tried again at once.
        "MILLRACE_RETRY_DELAY_SECONDS": "1",
    }


@pytest.fixture(scope="session")
def live_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live_home")


@pytest.fixture(scope="session")
def millrace(live_home: Path) -> Millrace:
    """Runs the command line in the shared home."""

    def run(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            env=environment(live_home),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def client(live_home: Path, millrace: Millrace) -> Iterator[AirflowClient]:
    """Airflow of the shared home, signed in; the services end with the tests."""
    try:
        started = millrace("up")
        assert started.returncode == 0, started.stdout + started.stderr
        settings = Settings(home=live_home)
        url = f"http://127.0.0.1:{ports.assigned(settings)['airflow']}"
        yield AirflowClient(url, "ada", secrets.passwords(settings)["ada"])
    finally:
        millrace("down")
