"""Processes of ours, recognised without doubt: a pid alone can be another program's by now."""

import os
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

import psutil

HOME_MARK = "MILLRACE_SERVICE_HOME"
NAME_MARK = "MILLRACE_SERVICE"
"""Variables every process of a service inherits, also one that left its session."""

_CLOCK_SLACK = 1.0
"""Seconds by which two readings of one process's start time may differ."""
_KEEP_LOG_BYTES = 10 * 2**20
_KILL_SECONDS = 10.0
"""A process in the middle of a write to disk goes a moment later."""


@dataclass(frozen=True)
class Record:
    """A process that was started: its pid and when, so that a reused pid is noticed."""

    name: str
    pid: int
    created: float
    """Seconds since 1970, as the system gives them."""

    def state(self) -> str:
        """`alive`; `dead` when it is gone; `stale` when another program has its pid."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) > _CLOCK_SLACK:
                return "stale"
            return "dead" if process.status() == psutil.STATUS_ZOMBIE else "alive"
        except psutil.NoSuchProcess:
            return "dead"


def start(name: str, command: Sequence[str], environ: Mapping[str, str], log: Path) -> Record:
    """Starts a process in a session of its own that outlives this one; output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _KEEP_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    marked = {**environ, HOME_MARK: environ["MILLRACE_HOME"], NAME_MARK: name}
    with log.open("ab") as out:
        child = Popen(  # noqa: S603
            command,
            env=marked,
            cwd=environ["MILLRACE_HOME"],
            stdin=DEVNULL,
            stdout=out,
            stderr=STDOUT,
            start_new_session=True,
        )
    return Record(name, child.pid, psutil.Process(child.pid).create_time())


def members(record: Record, home: Path) -> list[psutil.Process]:
    """Everything that belongs to a started process: itself, its session and what carries its
    marks. Workers whose parent was killed are found by these."""
    mine, me = [], os.geteuid()
    for process in psutil.process_iter():
        try:
            if process.uids().effective != me or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.create_time() < record.created - _CLOCK_SLACK:
                continue
            if _in_session(process, record) or _is_marked(process, record.name, home):
                mine.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            continue
    return mine


def _in_session(process: psutil.Process, record: Record) -> bool:
    # The system gives no process a pid that is still the number of a session, so only a
    # session whose leader is the recorded one, or gone, is ours.
    return os.getsid(process.pid) == record.pid and record.state() != "stale"


def _is_marked(process: psutil.Process, name: str, home: Path) -> bool:
    environ = process.environ()
    return environ.get(HOME_MARK) == str(home) and environ.get(NAME_MARK) == name


def stop(records: Iterable[Record], home: Path, grace: float) -> None:
    """TERM to each process itself, `grace` seconds, then KILL of all its members.

    Never TERM to the session: Airflow's scheduler hangs when its workers get it too.
    """
    records = list(records)
    for record in records:
        if record.state() == "alive":
            os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(each.state() == "alive" for each in records):
        time.sleep(0.1)
    for record in records:
        kill(record, home)


def kill(record: Record, home: Path) -> int:
    """KILL to all members; how many there were. Repeated until none is left: a process may
    have started another one meanwhile."""
    killed: set[int] = set()
    deadline = time.monotonic() + _KILL_SECONDS
    while (left := members(record, home)) and time.monotonic() < deadline:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        killed |= {process.pid for process in left}
        time.sleep(0.02)
    return len(killed)


def memory(processes: Iterable[psutil.Process]) -> int:
    """Bytes of memory: proportional set size, which counts shared pages once; resident size
    where the system does not give it."""
    total = 0
    for process in processes:
        try:
            info = process.memory_full_info()
            total += getattr(info, "pss", 0) or info.rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total
