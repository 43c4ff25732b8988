"""Code that is run in a process of its own: Airflow reads its configuration at import."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.services.environment import full_environment
from pipelines.settings import Settings


def result_of(code: str, environ: dict[str, str], *arguments: str) -> Any:
    """What the code printed as JSON behind the word RESULT; its error fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    return json.loads(line.removeprefix("RESULT"))


def result_of_dags(code: str, dags: str, folder: Path, settings: Settings) -> Any:
    """The same of code that is given a folder with these DAGs, in the Airflow of the settings."""
    (folder / "probe.py").write_text(dags)
    environ = full_environment(settings) | {"AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
    return result_of(code, environ, str(folder))
