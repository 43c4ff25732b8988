"""Parse time: importing all files of dags/ against importing `airflow.sdk` alone."""

import sys

from benchmarks.figures import Figure, in_turn
from benchmarks.process import output
from benchmarks.workbench import Workbench
from pipelines.settings import PROJECT_ROOT

LIMIT = 1.1
REPEATS = 6
_PARSE = """
import runpy, sys, time
import airflow.sdk
for path in sys.argv[1:]:
    runpy.run_path(path)
print(time.process_time())
"""


def measure(bench: Workbench) -> list[Figure]:
    """CPU seconds of a process from its very start."""
    files = [str(path) for path in sorted((PROJECT_ROOT / "dags").glob("*.py"))]
    _seconds(files)
    measured, baseline = in_turn(lambda: _seconds(files), lambda: _seconds([]), REPEATS)
    return [
        Figure(
            name="parsing dags/",
            unit="CPU-s",
            against="`import airflow.sdk`",
            definition="CPU of a new process that imports airflow.sdk and runs every file of "
            "dags/; against one that imports airflow.sdk alone.",
            measured=measured,
            baseline=baseline,
            ratio_limit=LIMIT,
        )
    ]


def _seconds(files: list[str]) -> float:
    return float(output([sys.executable, "-c", _PARSE, *files]).splitlines()[-1])
