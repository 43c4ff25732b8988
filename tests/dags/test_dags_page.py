"""docs/DAGs.md is what the DAGs say of themselves today."""

import subprocess
import sys

import pytest

from pipelines.settings import PROJECT_ROOT


@pytest.mark.airflow
def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate_docs.py", "--check"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
