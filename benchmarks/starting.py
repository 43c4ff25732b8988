"""Spark's overhead: one small job on the warm server against spark-submit."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import small_job
from benchmarks.figures import Figure, in_turn
from benchmarks.process import output
from benchmarks.workbench import Workbench
from spark_jobs.session import submit_arguments

REPEATS = 3


def measure(bench: Workbench) -> list[Figure]:
    """The same file, once as a client of the server and once submitted."""
    job = str(Path(small_job.__file__))
    submit = str(Path(sys.executable).parent / "spark-submit")
    own = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK_", "MILLRACE_SPARK_R"))}
    measured, baseline = in_turn(
        lambda: _seconds([sys.executable, job], os.environ),
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


def _seconds(command: list[str], environ: Mapping[str, str]) -> float:
    begun = time.monotonic()
    output(command, environ)
    return time.monotonic() - begun
