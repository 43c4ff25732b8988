"""Homes whose services take any free port, and the command line in a home."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.services import ports
from pipelines.settings import Settings

Millrace = Callable[..., subprocess.CompletedProcess[str]]


def free_ports(home: Path, **more: Any) -> Settings:
    """Settings of a home that is in nobody's way."""
    return Settings(home=home, **{f"{name}_port": 0 for name in ports.SETTING}, **more)


def command_line(home: Path, **more: str) -> Millrace:
    """The command line in a home, with nothing of the caller's own settings but `more`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_")}
    free = dict.fromkeys(ports.SETTING.values(), "0")
    environ = kept | {"MILLRACE_HOME": str(home)} | free | more

    def run(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
