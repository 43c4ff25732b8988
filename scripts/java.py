"""Checks Java for Spark during set-up; installs a headless one where this may be done.

Standard library only: it runs before any package is installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipelines.errors import MisconfiguredError
from pipelines.services import java


def main() -> int:
    """Prints the Java that Spark will use; exit code 2 and the repair where there is none."""
    try:
        found = java.find()
    except MisconfiguredError as error:
        # A wrong JAVA_HOME is the person's to change: installing would not help.
        if os.environ.get("JAVA_HOME") or os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.stderr.write(f"{error}\n")
            return 2
        _install()
        found = java.find()
    sys.stdout.write(f"{found.text}\n")
    return 0


def _install() -> None:
    """By apt, as root; the lists first, or a fresh container knows no package at all."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], java.install_command()):
        subprocess.run(command, check=True, env=environ)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
