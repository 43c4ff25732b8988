"""Our own processes, and only those, are recognised and ended. All of them are real."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipelines.services import process
from pipelines.services.process import Record

pytestmark = pytest.mark.slow

SLEEP = "import time; time.sleep(60)"
IGNORE_TERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
FORK = f"import os; os.fork(); {SLEEP}"
FORK_WITHOUT_MARKS = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEP!r}], env={{}})
{SLEEP}
"""
FORK_NEW_SESSION = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True)
{SLEEP}
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Record]]:
    """Starts Python with a program, as a service of a home that is `tmp_path`."""
    started: list[Record] = []

    def begin(program: str) -> Record:
        environ = {**os.environ, "MILLRACE_HOME": str(tmp_path)}
        command = [sys.executable, "-c", program]
        started.append(process.start("one", command, environ, tmp_path / "one.log"))
        return started[-1]

    yield begin
    for record in started:
        process.kill(record, tmp_path)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_process_is_dead_when_it_was_killed(start: Callable[[str], Record]) -> None:
    record = start(SLEEP)
    assert record.state() == "alive"
    os.kill(record.pid, signal.SIGKILL)
    wait_for(lambda: record.state() == "dead")


def test_process_is_stale_and_never_touched_when_its_pid_is_anothers(
    start: Callable[[str], Record], tmp_path: Path
) -> None:
    other = start(SLEEP)
    record = replace(other, name="two", created=other.created - 100)
    assert record.state() == "stale"
    process.stop([record], tmp_path, grace=0.1)
    assert other.state() == "alive"


@pytest.mark.parametrize("program", [FORK, FORK_WITHOUT_MARKS])
def test_worker_is_ended_when_its_parent_was_killed(
    start: Callable[[str], Record], tmp_path: Path, program: str
) -> None:
    # A program that sets its title, as Airflow's workers do, overwrites its marks.
    record = start(program)
    wait_for(lambda: len(process.members(record, tmp_path)) == 2)
    os.kill(record.pid, signal.SIGKILL)
    wait_for(lambda: record.state() == "dead")
    assert process.kill(record, tmp_path) == 1
    assert process.members(record, tmp_path) == []


def test_worker_is_ended_when_it_has_a_session_of_its_own(
    start: Callable[[str], Record], tmp_path: Path
) -> None:
    record = start(FORK_NEW_SESSION)
    wait_for(lambda: len(process.members(record, tmp_path)) == 2)
    process.stop([record], tmp_path, grace=5)
    assert process.members(record, tmp_path) == []


def test_process_of_another_home_is_no_member(
    start: Callable[[str], Record], tmp_path: Path
) -> None:
    other = start(SLEEP)
    record = Record("one", pid=2**22 - 1, created=other.created)
    assert process.members(record, tmp_path / "elsewhere") == []


def test_process_is_killed_when_it_does_not_stop_in_time(
    start: Callable[[str], Record], tmp_path: Path
) -> None:
    record = start(IGNORE_TERM)
    time.sleep(0.3)  # until it ignores TERM
    begin = time.monotonic()
    process.stop([record], tmp_path, grace=0.5)
    assert time.monotonic() - begin >= 0.5
    assert record.state() == "dead"


def test_memory_counts_what_a_process_holds(start: Callable[[str], Record], tmp_path: Path) -> None:
    record = start(f"block = bytearray(b'x') * 50_000_000; {SLEEP}")
    wait_for(lambda: process.memory([psutil.Process(record.pid)]) > 50_000_000)
    assert process.memory(process.members(record, tmp_path)) < 90_000_000
