"""One warm Spark Connect server for all tests, and data sets of a test's own."""

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import specs
from pipelines.settings import PROJECT_ROOT, Settings

START_SECONDS = 90


@pytest.fixture(scope="session")
def spark_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a home whose Spark Connect server runs; tests use tables of their own."""
    from pipelines.lake.lake import Lake
    from spark_jobs import session

    home = tmp_path_factory.mktemp("spark_home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=home, spark_port=port, spark_remote=f"sc://127.0.0.1:{port}")
    Lake.open(settings)
    log = home / "connect.log"
    # The tests' own folder, so that workers can import the feature functions of tests.
    variables = os.environ | session.environment() | {"PYTHONPATH": str(PROJECT_ROOT / "tests")}
    with log.open("wb") as output:
        server = subprocess.Popen(
            session.connect_command(settings),
            env=variables,
            cwd=home,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(server, port, log)
        yield settings
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=30)


@pytest.fixture
def spark(spark_settings: Settings) -> Iterator[Any]:
    """A session on the server; one that is left open waits for the dead server at exit."""
    from spark_jobs.session import session

    opened = session("test", spark_settings, session_id=str(uuid.uuid4()))
    yield opened
    opened.stop()


def _wait(server: subprocess.Popen, port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail(f"Spark Connect did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes a data set of the test's own, and returns its name; see `make_dataset`."""

    def make(name: str, **changes: object) -> str:
        return make_dataset(tmp_path, monkeypatch, name, **changes)

    return make


def make_dataset(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, **changes: object
) -> str:
    """`receipts` under another name, with `changes` to its dataset.yaml; returns the name."""
    expectations = folder / "expectations"
    shutil.copytree(PROJECT_ROOT / "expectations" / "receipts", expectations / name)
    path = expectations / name / "dataset.yaml"
    spec = yaml.safe_load(path.read_text()) | {"name": name} | changes
    path.write_text(yaml.safe_dump(spec))
    monkeypatch.setattr(specs, "EXPECTATIONS", expectations)
    return name
