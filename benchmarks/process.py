"""Runs a command that is measured; one that fails says why."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_SECONDS = 300


def output(command: list[str], environ: Mapping[str, str] = os.environ) -> str:
    """What the command prints; RuntimeError with the end of its errors where it fails."""
    done = subprocess.run(
        command,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stderr[-2000:]}")
    return done.stdout
