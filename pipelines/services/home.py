"""A home: the folder below which everything a run writes is kept.

Made once, by whichever command comes first; a home of another format is refused with the repair.
"""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipelines.errors import MisconfiguredError
from pipelines.services import databases, environment, secrets
from pipelines.settings import PROJECT_ROOT, Settings

FORMAT = 1
"""Version of the home's layout; it rises when an older Millrace could not read the new one."""

_FOLDERS = (
    "airflow",
    "lake/warehouse",
    "landing",
    "logs/services",
    "mlflow/artifacts",
    "opsdb",
    "originals",
    "run",
    "runs",
    "telemetry",
)


def prepare(settings: Settings, say: Callable[[str], None] = lambda _: None) -> None:
    """Makes the home, its secrets and its databases, or does nothing where they are there.

    `say` is told of each step that takes seconds. Two calls at once are safe: the second waits.
    Raises MisconfiguredError for a home of another format or a folder that must not be one.
    """
    root = settings.root
    _refuse_foreign(root)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        (root / "run").mkdir(exist_ok=True)
    except OSError as error:
        raise MisconfiguredError(
            f"the home {root} cannot be written: {error.strerror}. "
            "Set MILLRACE_HOME to a folder of yours, or change its owner."
        ) from error
    with FileLock(root / "run" / "home.lock"):
        state = read_state(settings)
        for folder in _FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        secrets.generate(settings)
        stamps = state.get("databases", {})
        if stamps != databases.versions(settings):
            say("databases of Airflow, MLflow and Millrace")
        made = databases.prepare(settings, stamps, environment.full_environment(settings))
        current = {"format": FORMAT, "databases": made}
        if current != state:
            secrets.write_private(_file(settings), json.dumps(current, indent=2) + "\n")


def read_state(settings: Settings) -> dict[str, Any]:
    """What home.json says, {} where there is no home yet.

    Raises MisconfiguredError, with the repair, for a home of another format.
    """
    file = _file(settings)
    if not file.exists():
        return {}
    another = f"use another home (MILLRACE_HOME=…), or move this one aside: mv {settings.root} …"
    try:
        state: dict[str, Any] = json.loads(file.read_text())
        found = int(state["format"])
    except (ValueError, TypeError, KeyError) as error:
        raise MisconfiguredError(
            f"{file} cannot be read ({error}): it should hold the format of the home; {another}"
        ) from error
    if found > FORMAT:
        raise MisconfiguredError(
            f"the home {settings.root} has format {found}, made by a newer Millrace; this one "
            f"knows {FORMAT}. Use that newer Millrace (git pull && make setup), or {another}"
        )
    if found < FORMAT:
        raise MisconfiguredError(
            f"the home {settings.root} has the older format {found}; this Millrace needs "
            f"{FORMAT} and cannot convert it. Keep it for the Millrace that made it and {another}"
        )
    return state


def _refuse_foreign(root: Path) -> None:
    """A shared folder, a person's home or the project itself must not become a home: it would
    be closed to everyone else."""
    shared = root.exists() and root.stat().st_mode & (stat.S_ISVTX | stat.S_IWOTH)
    foreign = root.exists() and root.stat().st_uid != os.geteuid()
    kept = root == Path.home() or PROJECT_ROOT.is_relative_to(root)
    if shared or foreign or kept:
        why = "is shared" if shared else "belongs to another user" if foreign else "holds more"
        raise MisconfiguredError(
            f"{root} {why} and cannot be a home of Millrace, which is closed to all but its "
            f"owner. Set MILLRACE_HOME to a folder of its own, such as {root / 'millrace'}"
        )


def _file(settings: Settings) -> Path:
    return settings.root / "home.json"
