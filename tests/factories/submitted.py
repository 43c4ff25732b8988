"""A job by spark-submit, with nothing of the project but the zip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.settings import PROJECT_ROOT, Settings
from spark_jobs.package import build
from spark_jobs.session import submit_arguments


def submit(folder: Path, settings: Settings, job: str, *arguments: str) -> bytes:
    """Runs `spark_jobs/<job>.py` away from the checkout, and gives what it left as its result.

    An isolated module path holds the environment's packages alone.
    """
    build(folder / "millrace_jobs.zip")
    shutil.copy(PROJECT_ROOT / "spark_jobs" / f"{job}.py", folder / "job.py")
    command = [
        str(Path(sys.executable).parent / "spark-submit"),
        *submit_arguments(settings),
        *("--py-files", "millrace_jobs.zip", "job.py"),
        *(*arguments, "--token", "t", "--result", "result.json"),
    ]
    hidden = {name for name in os.environ if name.startswith(("MILLRACE_", "SPARK_"))}
    variables = {name: value for name, value in os.environ.items() if name not in hidden} | {
        "MILLRACE_HOME": str(settings.home),
        "PYSPARK_PYTHON": sys.executable,
    }
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return (folder / "result.json").read_bytes()
