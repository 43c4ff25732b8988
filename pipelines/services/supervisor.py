"""Starts, watches and stops the embedded services of a home.

What was started is written to `run/services.json` at once, so that a later command, also after
a crash, knows every process it may stop, and no other.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import TransientError
from pipelines.services import embedded, environment, home, ports, process, resources, state
from pipelines.services.embedded import Service
from pipelines.services.process import Record
from pipelines.services.state import Run
from pipelines.settings import Settings

READY_SECONDS = 180.0
"""A loaded two-core machine needs up to a minute."""
_LOG_TAIL_BYTES = 1500

Say = Callable[[str], None]


@dataclass(frozen=True)
class Started:
    """What `up` did, for the person who asked."""

    started: tuple[str, ...]
    """Services that were not running before."""
    seconds: float
    leftovers: int = 0
    """Processes of an earlier crash that were ended."""


@dataclass(frozen=True)
class Status:
    """One service as it is now."""

    name: str
    state: str
    """`running`, `starting` (alive, does not answer yet), `dead`, `stale` (its pid belongs to
    another program now), or `stopped` (nobody wants it)."""
    pid: int | None = None
    memory: int = 0
    """Bytes, shared pages counted once."""
    port: int | None = None
    url: str | None = None
    log: str | None = None

    @property
    def is_fault(self) -> bool:
        return self.state in {"dead", "stale"}


def up(settings: Settings, *, spark: bool = True, say: Say = lambda _: None) -> Started:
    """Makes the home and starts what is not running; returns when all of it answers.

    The services go on when this process ends. Raises MisconfiguredError (a port, the disk, the
    home) before anything is started, TransientError when a service does not come up: then what
    was started here is stopped again.
    """
    begin = time.monotonic()
    if not state.is_up(settings):
        resources.require_disk(settings)
    home.prepare(settings, say)
    with _lock(settings):
        run = state.load(settings) or Run(spark)
        gone = [name for name, each in run.records.items() if each.state() != "alive"]
        leftovers = sum(process.kill(run.records.pop(name), settings.root) for name in gone)
        _join_spark(settings, run, spark, say)
        ports.assign(settings, running=_held(settings, run))
        wanted = embedded.services(settings, spark=run.spark)
        to_start = [each for each in wanted if each.name not in run.records]
        if to_start:
            ports.require_free(settings, [each.port for each in to_start if each.port])
            _start(settings, run, to_start, say)
    return Started(
        tuple(each.name for each in to_start), round(time.monotonic() - begin, 1), leftovers
    )


def down(settings: Settings, say: Say = lambda _: None) -> list[str]:
    """Stops all services of the home and everything they started; names of those that ran."""
    if not state.path(settings).exists():
        return []
    with _lock(settings):
        run = state.load(settings)
        if run is None:
            return []
        _stop(settings, run.records, say)
        state.path(settings).unlink()
    return sorted(run.records)


def status(settings: Settings) -> list[Status]:
    """Every service as it is now; asks each, so it takes a moment."""
    run = state.load(settings)
    found = []
    for service in embedded.services(settings, spark=True):
        record = run.records.get(service.name) if run else None
        if record is None:
            found.append(Status(service.name, "stopped"))
            continue
        condition = record.state()
        if condition == "alive":
            condition = "running" if service.is_ready(record.created) else "starting"
        found.append(
            Status(
                name=service.name,
                state=condition,
                pid=record.pid,
                memory=process.memory(process.members(record, settings.root)),
                port=ports.assigned(settings)[service.port] if service.port else None,
                url=service.url,
                log=str(_log(settings, service.name)),
            )
        )
    return found


def _join_spark(settings: Settings, run: Run, spark: bool, say: Say) -> None:
    """Decides whether Spark belongs to this run. Tasks learn its address from the scheduler's
    environment, so one that was started without it is started again."""
    if not run.records:
        run.spark = spark
    elif spark and not run.spark:
        run.spark = True
        if "scheduler" in run.records:
            _stop(settings, {"scheduler": run.records.pop("scheduler")}, say)


def _start(settings: Settings, run: Run, services: list[Service], say: Say) -> None:
    """Starts them together (two cores share the work anyhow) and waits until all answer."""
    if run.spark:
        settings = settings.model_copy(update={"spark_remote": ports.spark_address(settings)})
    environ = environment.service_environment(settings)
    begin = time.monotonic()
    own: dict[str, Record] = {}
    try:
        for service in services:
            own[service.name] = run.records[service.name] = process.start(
                service.name,
                service.command,
                environ | dict(service.variables),
                _log(settings, service.name),
            )
            state.save(settings, run)
        _await(settings, services, own, lambda text: say(f"{text}  {_since(begin)}"))
    except BaseException:
        _stop(settings, own, say)
        for name in own:
            del run.records[name]
        state.save(settings, run)
        raise


def _since(begin: float) -> str:
    return f"{time.monotonic() - begin:.0f} s"


def _await(settings: Settings, services: list[Service], own: dict[str, Record], say: Say) -> None:
    waiting = {each.name: each for each in services}
    deadline = time.monotonic() + READY_SECONDS
    while waiting:
        for name, service in list(waiting.items()):
            if own[name].state() != "alive":
                raise TransientError(_failure(settings, name, "ended while it started"))
            if service.is_ready(own[name].created):
                say(f"{name} is ready")
                del waiting[name]
        if waiting and time.monotonic() > deadline:
            late = next(iter(waiting))
            raise TransientError(
                _failure(settings, late, f"did not answer within {READY_SECONDS:.0f} s")
            )
        time.sleep(0.3)


def _failure(settings: Settings, name: str, what: str) -> str:
    log = _log(settings, name)
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
        tail = file.read().decode(errors="replace").strip()
    return (
        f"{name} {what}, so what was started here is stopped again. "
        f"Mend what its log says and run `millrace up`: {log}\n{tail}"
    )


def _stop(settings: Settings, records: dict[str, Record], say: Say) -> None:
    stages: dict[int, list[Service]] = {}
    for service in embedded.services(settings, spark=True):
        if service.name in records:
            stages.setdefault(service.stop_stage, []).append(service)
    for _, services in sorted(stages.items()):
        say("stopping " + ", ".join(each.name for each in services))
        stopping = [records[each.name] for each in services]
        process.stop(stopping, settings.root, max(each.grace for each in services))


def _held(settings: Settings, run: Run) -> set[str]:
    """Names of the ports that our own running services hold."""
    return {
        each.port
        for each in embedded.services(settings, spark=True)
        if each.port and each.name in run.records
    }


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One `up` or `down` at a time; the second waits for the first."""
    try:
        with FileLock(settings.root / "run" / "supervisor.lock", timeout=READY_SECONDS + 60):
            yield
    except Timeout as error:
        raise TransientError(
            f"another millrace up or down is at work in {settings.root} for four minutes now; "
            "wait for it, or end that process"
        ) from error


def _log(settings: Settings, name: str) -> Path:
    return settings.logs / "services" / f"{name}.log"
