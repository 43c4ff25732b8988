"""A few kills of each kind; `make torture` does a thousand."""

import os
import subprocess
import sys

import pytest

from benchmarks import torture
from pipelines.settings import PROJECT_ROOT


@pytest.mark.slow
@pytest.mark.parametrize("engine", torture.ENGINES)
def test_nothing_is_lost_or_done_twice_when_processes_are_killed(engine):
    # In a process of its own: it forks.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.torture", "--kills", "25", "--engine", engine],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    figures = dict(line.strip("| \n").split(" | ") for line in done.stdout.splitlines()[2:])
    assert (figures["kills"], figures["faults"]) == ("25", "0")
    assert int(figures["batches"]) > 0 and int(figures["trainings ended"]) > 0
