"""Code that is run in a process of its own: Airflow reads its configuration at import."""

import json
import subprocess
import sys
from typing import Any


def result_of(code: str, environ: dict[str, str], *arguments: str) -> Any:
    """What the code printed as JSON behind the word RESULT; its error fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    return json.loads(line.removeprefix("RESULT"))
