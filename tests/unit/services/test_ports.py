"""Ports of the embedded services, with real sockets."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import MisconfiguredError
from pipelines.services import ports
from pipelines.settings import Settings


@pytest.fixture
def held() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def home(path: Path, **given: int) -> Settings:
    return Settings(
        home=path,
        **{
            "airflow_port": 0,
            "mlflow_port": 0,
            "spark_port": 0,
            "review_port": 0,
            "metrics_port": 0,
        }
        | given,
    )


def test_port_in_use_names_the_holder_and_the_setting(tmp_path: Path, held: int) -> None:
    with pytest.raises(MisconfiguredError) as refused:
        ports.require_free(home(tmp_path, airflow_port=held), ["airflow"])
    assert f"port {held}" in str(refused.value)
    assert f"pid {os.getpid()}" in str(refused.value)
    assert "MILLRACE_AIRFLOW_PORT=" in str(refused.value)


def test_port_is_not_asked_for_when_its_service_does_not_start(tmp_path: Path, held: int) -> None:
    ports.require_free(home(tmp_path, airflow_port=held), ["mlflow"])


def test_zero_takes_free_ports_and_keeps_them(tmp_path: Path) -> None:
    chosen = ports.assign(home(tmp_path))
    assert len(set(chosen.values())) == 5
    assert all(ports.is_free(port) for port in chosen.values())
    assert ports.assign(home(tmp_path)) == chosen


def test_zero_takes_another_port_when_someone_took_the_earlier(tmp_path: Path) -> None:
    chosen = ports.assign(home(tmp_path))
    with socket.socket() as other:
        other.bind(("127.0.0.1", chosen["mlflow"]))
        other.listen()
        again = ports.assign(home(tmp_path))
        assert again["mlflow"] != chosen["mlflow"]
        # Our own running service is no stranger.
        ports.assign(home(tmp_path, mlflow_port=chosen["mlflow"]))
        kept = ports.assign(home(tmp_path), running={"mlflow"})
    assert kept["mlflow"] == chosen["mlflow"]


def test_services_are_found_when_the_environment_names_other_ports(tmp_path: Path) -> None:
    chosen = ports.assign(home(tmp_path))
    assert ports.assigned(Settings(home=tmp_path)) == chosen
