"""Starting and stopping together, with real processes that are small."""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from factories.services import free_ports

from pipelines.errors import MisconfiguredError, TransientError
from pipelines.services import embedded, resources, state, supervisor
from pipelines.services.embedded import Service
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

SLEEP = "import time; time.sleep(60)"
FAIL = "print('no such table: pets'); raise SystemExit(1)"


def service(name: str, program: str, port: str | None = None, stage: int = 1) -> Service:
    return Service(
        name, (sys.executable, "-c", program), port, None, lambda _: True, 5, stop_stage=stage
    )


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = free_ports(tmp_path / "home")
    yield made
    supervisor.down(made)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes these the embedded services; one called spark only where Spark is wanted."""

    def use(*services: Service) -> None:
        monkeypatch.setattr(
            embedded,
            "services",
            lambda _, spark=True: [each for each in services if spark or each.name != "spark"],
        )

    return use


def test_up_starts_once_and_down_leaves_nothing(
    settings: Settings, runs: Callable[..., None]
) -> None:
    runs(service("one", SLEEP), service("two", SLEEP, stage=2))
    assert supervisor.up(settings).started == ("one", "two")
    pids = [each.pid for each in supervisor.status(settings)]
    assert supervisor.up(settings).started == ()
    assert [each.pid for each in supervisor.status(settings)] == pids
    assert supervisor.down(settings) == ["one", "two"]
    assert not [pid for pid in pids if pid and psutil.pid_exists(pid) and is_running(pid)]
    assert [each.state for each in supervisor.status(settings)] == ["stopped", "stopped"]
    assert supervisor.down(settings) == []


def is_running(pid: int) -> bool:
    return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_up_starts_again_only_what_died(settings: Settings, runs: Callable[..., None]) -> None:
    runs(service("one", f"import os; os.fork(); {SLEEP}"), service("two", SLEEP))
    supervisor.up(settings)
    one, two = supervisor.status(settings)
    time.sleep(0.3)  # until it has forked
    psutil.Process(one.pid).kill()
    done = supervisor.up(settings)
    assert done.started == ("one",)
    assert done.leftovers == 1
    again_one, again_two = supervisor.status(settings)
    assert again_one.pid != one.pid
    assert again_two.pid == two.pid


def test_up_stops_what_it_started_and_shows_the_log_when_one_fails(
    settings: Settings, runs: Callable[..., None]
) -> None:
    failing = Service("two", (sys.executable, "-c", FAIL), None, None, lambda _: False, 5, 1)
    runs(service("one", SLEEP), failing)
    with pytest.raises(TransientError, match="two ended while it started") as failed:
        supervisor.up(settings)
    assert "no such table: pets" in str(failed.value)
    assert "two.log" in str(failed.value)
    assert [each.state for each in supervisor.status(settings)] == ["stopped", "stopped"]
    run = state.load(settings)
    assert run is not None
    assert run.records == {}


def test_up_starts_nothing_when_a_port_is_held(
    settings: Settings, runs: Callable[..., None]
) -> None:
    runs(service("one", SLEEP), service("two", SLEEP, port="mlflow"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        held = settings.model_copy(update={"mlflow_port": other.getsockname()[1]})
        with pytest.raises(MisconfiguredError, match="MILLRACE_MLFLOW_PORT"):
            supervisor.up(held)
    assert state.load(settings) is None


def test_up_starts_nothing_when_the_disk_is_full(
    settings: Settings, runs: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(service("one", SLEEP))
    monkeypatch.setattr(resources, "MINIMUM_DISK", 2**62)
    with pytest.raises(MisconfiguredError, match="GB free"):
        supervisor.up(settings)
    assert not settings.root.exists()


def test_spark_joins_later_by_starting_the_scheduler_anew(
    settings: Settings, runs: Callable[..., None]
) -> None:
    runs(service("scheduler", SLEEP), service("mlflow", SLEEP), service("spark", SLEEP))
    assert supervisor.up(settings, spark=False).started == ("scheduler", "mlflow")
    assert not state.has_live_spark(settings)
    # Tasks get Spark's address from the scheduler's environment.
    assert supervisor.up(settings, spark=True).started == ("scheduler", "spark")
    assert state.has_live_spark(settings)
    assert supervisor.up(settings, spark=False).started == ()


def test_settings_of_a_running_service_reach_its_process(
    settings: Settings, runs: Callable[..., None]
) -> None:
    runs(service("scheduler", SLEEP), service("spark", SLEEP))
    supervisor.up(settings)
    pid = supervisor.status(settings)[0].pid
    environ = psutil.Process(pid).environ()
    assert environ["MILLRACE_HOME"] == str(settings.root)
    assert environ["MILLRACE_SPARK_REMOTE"].startswith("sc://localhost:")
