"""The Java that Spark will start, and the command that installs one on this system.

Standard library only: set-up runs it before any package is installed.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import MisconfiguredError

MINIMUM = 17
"""Spark 4 needs Java 17 or newer."""


@dataclass(frozen=True)
class Java:
    """A Java that is new enough."""

    path: Path
    version: int
    """Feature version: 17, 21, …"""

    @property
    def text(self) -> str:
        return f"Java {self.version} at {self.path}"


def find(environ: Mapping[str, str] | None = None) -> Java:
    """The Java that Spark's launcher takes: JAVA_HOME's where that is set, else PATH's.

    Raises MisconfiguredError, with the command that repairs it, where there is none or it is
    older than 17.
    """
    environ = os.environ if environ is None else environ
    home = environ.get("JAVA_HOME")
    where = f"JAVA_HOME={home}" if home else "PATH"
    found = Path(home) / "bin" / "java" if home else shutil.which("java", path=environ.get("PATH"))
    if found is None or not os.access(found, os.X_OK):
        missing = f"{found} is not there" if home else "no java was found"
        raise MisconfiguredError(f"{where}: {missing}; Spark needs {_repair(environ)}")
    version = _version(Path(found))
    if version < MINIMUM:
        raise MisconfiguredError(
            f"{where}: {found} is Java {version or 'of an unreadable version'}; "
            f"Spark needs {_repair(environ)}"
        )
    return Java(Path(found), version)


def _version(java: Path) -> int:
    """Feature version from `java -version`; 0 where it cannot be read."""
    try:
        run = subprocess.run(  # noqa: S603
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)(?:\.(\d+))?', run.stdout + run.stderr)
    if match is None:
        return 0
    # Up to 8 Java called itself 1.8.
    return int(match[2] or 1) if match[1] == "1" else int(match[1])


def _repair(environ: Mapping[str, str]) -> str:
    command = " ".join(install_command())
    if command.startswith("apt-get") and os.geteuid() != 0:
        command = f"sudo {command}"
    other = (
        "unset JAVA_HOME or set it to one; to install: " if environ.get("JAVA_HOME") else "run: "
    )
    return f"Java {MINIMUM} or newer; {other}{command}"


def install_command() -> Sequence[str]:
    """The command that installs a headless Java 17 or newer on this system."""
    if sys.platform == "darwin":
        return ["brew", "install", "openjdk@21"]
    if shutil.which("apt-get"):
        return ["apt-get", "install", "-y", "--no-install-recommends", _debian_package()]
    for manager, command in _INSTALL.items():
        if shutil.which(manager):
            return command.split()
    return ["sdk", "install", "java", "21-tem"]


_INSTALL = {
    "dnf": "sudo dnf install -y java-21-openjdk-headless",
    "yum": "sudo yum install -y java-17-openjdk-headless",
    "zypper": "sudo zypper install -y java-21-openjdk-headless",
    "apk": "sudo apk add openjdk21-jre-headless",
    "pacman": "sudo pacman -S --noconfirm jre21-openjdk-headless",
}


def _debian_package() -> str:
    """The newest tested Java this release has: 17 on Debian 12, 21 on Debian 13 and Ubuntu."""
    packages = [f"openjdk-{version}-jre-headless" for version in (21, 17)]
    policy = subprocess.run(  # noqa: S603
        ["apt-cache", "policy", *packages],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    has = dict(re.findall(r"^(\S+):\n.*\n\s*Candidate: (\S+)", policy, re.MULTILINE))
    return next((name for name in packages if has.get(name, "(none)") != "(none)"), packages[-1])
