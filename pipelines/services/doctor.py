"""What is wrong with this machine or home, each with its repair. Changes nothing."""

import hashlib
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import MisconfiguredError, TransientError
from pipelines.opsdb import REVISION
from pipelines.services import databases, home, java, ports, resources, secrets, supervisor
from pipelines.services.supervisor import Status
from pipelines.settings import PROJECT_ROOT, Settings

STAMP = PROJECT_ROOT / ".venv" / "share" / "millrace" / "lock.sha256"
"""Written by scripts/setup.sh: which requirements.txt was installed, and where."""


@dataclass(frozen=True)
class Finding:
    """One check; the text of a failed one ends with what repairs it."""

    name: str
    ok: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Every check against this machine and home."""
    now = supervisor.status(settings)
    checks: dict[str, Callable[[], str]] = {
        "python": python,
        "packages": packages,
        "java": lambda: java.find().text,
        "jars": lambda: jars(settings.jars),
        "memory": lambda: memory(now),
        "disk": lambda: disk(settings),
        "home": lambda: writable_home(settings),
        "secrets": lambda: private_secrets(settings),
        "databases": lambda: sound_databases(settings),
        "operations": lambda: reachable_operations(settings),
        "ports": lambda: free_ports(settings, now),
        "services": lambda: sound_services(now),
    }
    return [_finding(name, check) for name, check in checks.items()]


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except MisconfiguredError as error:
        return Finding(name, False, str(error))


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> str:
    """This Python is 3.11, for which the lock was made."""
    text = ".".join(map(str, version))
    if version[:2] != (3, 11):
        raise MisconfiguredError(
            f"this is Python {text}; the lock is for 3.11. Run: make setup (it names what to "
            "install), then .venv/bin/millrace"
        )
    return f"Python {text} at {sys.executable}"


def packages(stamp: Path = STAMP, root: Path = PROJECT_ROOT) -> str:
    """The installed packages are those of requirements.txt."""
    lock = (root / "requirements.txt").read_bytes()
    expected = hashlib.sha256(f"{root}\n".encode() + lock).hexdigest()
    if not stamp.exists() or stamp.read_text().strip() != expected:
        raise MisconfiguredError(
            "the packages in .venv are not those of requirements.txt, or not all. Run: make setup"
        )
    return "as in requirements.txt"


def jars(folder: Path, lock: Path = PROJECT_ROOT / "scripts" / "jars.lock") -> str:
    """Spark's jars are there and are the published files."""
    lines = [line.split() for line in lock.read_text().splitlines() if line[:1] not in {"", "#"}]
    for digest, coordinate in lines:
        _, artifact, version = coordinate.split(":")
        file = folder / f"{artifact}-{version}.jar"
        if not file.is_file():
            raise MisconfiguredError(f"{file} is missing. Run: make setup")
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != digest:
            raise MisconfiguredError(
                f"{file} is not the locked file (SHA-256 {found[:12]}…, expected "
                f"{digest[:12]}…). Run: make setup, which fetches it again"
            )
    return f"{len(lines)} with the right checksums in {folder}"


def memory(
    now: Iterable[Status] = (), available: Callable[[], int] = resources.available_memory
) -> str:
    """Enough memory for the services and one training, less what the services have already."""
    found = available()
    needed = resources.MINIMUM_MEMORY - sum(each.memory for each in now)
    if found < needed:
        raise MisconfiguredError(
            f"{found / 2**30:.1f} GB of memory are available and {needed / 2**30:.1f} GB are "
            "needed for the services and one training. Close other programs, or run "
            "`millrace up --no-spark`, which needs 0.4 GB less"
        )
    return f"{found / 2**30:.1f} GB available"


def disk(settings: Settings, free: Callable[[Path], int] = resources.free_disk) -> str:
    """Enough disk where the home is."""
    resources.require_disk(settings, free)
    return f"{free(settings.root) / 2**30:.1f} GB free"


def writable_home(settings: Settings) -> str:
    """The home has this Millrace's format and can be written."""
    if not settings.root.exists():
        return f"{settings.root} is not made yet; millrace up makes it"
    home.read_state(settings)
    if not os.access(settings.root, os.W_OK | os.X_OK):
        raise MisconfiguredError(
            f"the home {settings.root} cannot be written. Run: chmod u+rwx {settings.root}"
        )
    return f"{settings.root}, format {home.FORMAT}"


def private_secrets(settings: Settings) -> str:
    """No secret can be read by another user."""
    if not settings.secrets.exists():
        return "not made yet"
    missing = [name for name in secrets.NAMES if not secrets.path(settings, name).exists()]
    if missing:
        raise MisconfiguredError(
            f"{settings.secrets} lacks {', '.join(missing)}. Run: millrace down, then millrace up"
        )
    everything = [settings.secrets, *(secrets.path(settings, name) for name in secrets.NAMES)]
    open_ones = [path for path in everything if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_ones:
        raise MisconfiguredError(
            f"others can read {', '.join(str(path) for path in open_ones)}. "
            f"Run: chmod go= {' '.join(str(path) for path in open_ones)}"
        )
    return f"{len(secrets.NAMES)} in {settings.secrets}, readable by you alone"


def sound_databases(settings: Settings) -> str:
    """The databases are whole and migrated to the installed versions."""
    state = home.read_state(settings) if settings.root.exists() else {}
    if not state:
        return "not made yet"
    wanted = databases.versions(settings)
    if (found := state.get("databases")) != wanted:
        raise MisconfiguredError(
            f"the databases are those of {found}, installed is {wanted}. "
            "Run: millrace down, then millrace up, which migrates them"
        )
    for name, file in databases.files(settings).items():
        _require_whole(name, file)
    return ", ".join(f"{name} {version}" for name, version in wanted.items())


def reachable_operations(settings: Settings) -> str:
    """The operations database on a server answers and is migrated; one in the home is above."""
    if settings.operations_uri.startswith("sqlite:///"):
        return "in the home"
    from pipelines.opsdb.database import OpsDb

    try:
        OpsDb.open(settings)
    except TransientError as error:
        raise MisconfiguredError(str(error)) from error
    return f"on a server, at migration {REVISION}"


def _require_whole(name: str, file: Path) -> None:
    if not file.exists():
        raise MisconfiguredError(f"{file} is missing. Run: millrace up, which makes an empty one")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            answer = connection.execute("pragma quick_check").fetchone()[0]
    except sqlite3.Error as error:
        answer = str(error)
    if answer != "ok":
        raise MisconfiguredError(
            f"the {name} database {file} is damaged ({answer}). Run: millrace down, then give the "
            "file back from a backup, or move it aside to begin with an empty one"
        )


def free_ports(settings: Settings, now: Iterable[Status]) -> str:
    """Nobody else holds a port that a service needs."""
    stopped = {
        "api-server": "airflow",
        "mlflow": "mlflow",
        "spark": "spark",
        "review": "review",
        "metrics": "metrics",
    }
    for service in now:
        if service.state in {"running", "starting"}:
            stopped.pop(service.name, None)
    ports.require_free(settings, list(stopped.values()))
    chosen = ports.assigned(settings)
    return ", ".join(f"{name} {port or 'any free one'}" for name, port in chosen.items())


def sound_services(now: Iterable[Status]) -> str:
    """Nothing that should run is dead."""
    faults = [f"{each.name} is {each.state} (its log: {each.log})" for each in now if each.is_fault]
    if faults:
        raise MisconfiguredError(
            f"{'; '.join(faults)}. Run: millrace up, which ends leftovers and starts them again"
        )
    running = [each.name for each in now if each.state in {"running", "starting"}]
    return f"{', '.join(running)} running" if running else "none started"
