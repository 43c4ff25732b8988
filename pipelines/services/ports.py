"""The ports of the embedded services: chosen, remembered in the home, and who holds one."""

import json
import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipelines.errors import MisconfiguredError
from pipelines.services.secrets import write_private
from pipelines.settings import Settings

SETTING = {
    "airflow": "MILLRACE_AIRFLOW_PORT",
    "mlflow": "MILLRACE_MLFLOW_PORT",
    "spark": "MILLRACE_SPARK_PORT",
    "review": "MILLRACE_REVIEW_PORT",
    "metrics": "MILLRACE_METRICS_PORT",
}


@dataclass(frozen=True)
class Holder:
    """A process that listens on a port; pid and name are None where the system hides them."""

    port: int
    pid: int | None
    name: str | None

    @property
    def text(self) -> str:
        who = f"{self.name} (pid {self.pid})" if self.pid else "a process of another user"
        return f"port {self.port} is held by {who}"


def wanted(settings: Settings) -> dict[str, int]:
    """Ports of the settings; 0 means any free one."""
    return {
        "airflow": settings.airflow_port,
        "mlflow": settings.mlflow_port,
        "spark": settings.spark_port,
        "review": settings.review_port,
        "metrics": settings.metrics_port,
    }


def assigned(settings: Settings) -> dict[str, int]:
    """Port by service, as the last `up` chose them, so that every command finds the services
    whatever its own environment says; the settings' before the first one."""
    return wanted(settings) | _remembered(settings)


def assign(settings: Settings, running: Collection[str] = ()) -> dict[str, int]:
    """Chooses the ports for services that are to start and remembers them in the home.

    Where the settings say 0 it is a free one, the earlier one if possible so that links stay.
    The services that are `running` keep theirs.
    """
    remembered = _remembered(settings)
    chosen: dict[str, int] = {}
    for name, port in wanted(settings).items():
        earlier = remembered.get(name, 0)
        if name in running:
            port = earlier
        elif port == 0:
            kept = earlier and is_free(earlier, settings.bind)
            port = earlier if kept else _free_port(besides=chosen.values())
        chosen[name] = port
    _file_of(settings).parent.mkdir(parents=True, exist_ok=True)
    write_private(_file_of(settings), json.dumps(chosen))
    return chosen


def spark_address(settings: Settings) -> str:
    """Address of the home's own Spark. By name: only for `localhost` does Spark's client send
    its token over a connection without TLS."""
    return f"sc://localhost:{assigned(settings)['spark']}"


def is_free(port: int, bind: str = "127.0.0.1") -> bool:
    """True where a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: connections that are closing do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError:
            return False
    return True


def holder(port: int) -> Holder:
    """Who listens on a port that is not free."""
    try:
        listening = [
            connection.pid
            for connection in psutil.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
        ]
        pid = next((pid for pid in listening if pid), None)
        return Holder(port, pid, psutil.Process(pid).name() if pid else None)
    except psutil.Error:
        return Holder(port, None, None)


def require_free(settings: Settings, services: list[str]) -> None:
    """Raises MisconfiguredError naming every port of these services that is in use."""
    chosen = assigned(settings)
    taken = [name for name in services if not is_free(chosen[name], settings.bind)]
    if taken:
        raise MisconfiguredError(
            "; ".join(
                f"{name} needs {holder(chosen[name]).text}: stop that process, or choose another "
                f"port with {SETTING[name]}=… (0 takes a free one)"
                for name in taken
            )
        )


def _free_port(besides: Collection[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in besides:
            return port


def _remembered(settings: Settings) -> dict[str, int]:
    file = _file_of(settings)
    found = json.loads(file.read_text()) if file.exists() else {}
    return {name: int(port) for name, port in found.items() if name in SETTING}


def _file_of(settings: Settings) -> Path:
    return settings.root / "run" / "ports.json"
