"""Spark's overhead: one small job on the warm server against spark-submit."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import small_job
from benchmarks.figures import Figure, in_turn
from benchmarks.workbench import Workbench
from spark_jobs.session import submit_arguments

REPEATS = 3
TIMEOUT_SECONDS = 300


def measure(bench: Workbench) -> list[Figure]:
    """The same file, once as a client of the server and once submitted."""
    job = str(Path(small_job.__file__))
    submit = str(Path(sys.executable).parent / "spark-submit")
    own = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK_", "MILLRACE_SPARK_R"))}
    measured, baseline = in_turn(
        lambda: _seconds([sys.executable, job], dict(os.environ)),
        lambda: _seconds([submit, *submit_arguments(bench.settings), job], own),
        REPEATS,
    )
    return [
        Figure(
            name="small Spark job on the warm server",
            unit="s",
            against="spark-submit",
            definition="wall of a process that counts the published rows by day, from its start "
            "to its end; against the same file by spark-submit.",
            measured=measured,
            baseline=baseline,
        )
    ]


def _seconds(command: list[str], environ: dict[str, str]) -> float:
    begun = time.monotonic()
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stderr[-2000:]}")
    return time.monotonic() - begun
