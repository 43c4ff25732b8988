"""The databases of a home (Airflow, MLflow, our own): made from a template, brought up to date.

An empty Airflow database takes ten seconds to make, and every home starts with the same one, so
it is made once for an installation (by set-up) and copied. `python -m pipelines.services.databases`
makes the templates.
"""

import importlib.metadata
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from pipelines.errors import MisconfiguredError
from pipelines.opsdb import REVISION
from pipelines.services.environment import NO_REPORTS
from pipelines.settings import PROJECT_ROOT, Settings

log = logging.getLogger(__name__)

TEMPLATES = PROJECT_ROOT / ".venv" / "share" / "millrace" / "templates"


@dataclass(frozen=True)
class Database:
    """One SQLite database and the command that makes it or brings it up to date."""

    name: str
    package: str | None
    """Distribution whose version decides the schema; None: ours, named by its last migration."""
    url_variable: str | None
    """Environment variable that names the database; None where the command takes the URL."""
    command: tuple[str, ...]

    @property
    def version(self) -> str:
        return importlib.metadata.version(self.package) if self.package else REVISION


AIRFLOW = Database(
    "airflow",
    "apache-airflow-core",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    ("-m", "airflow", "db", "migrate"),
)
MLFLOW = Database("mlflow", "mlflow", None, ("-m", "mlflow", "db", "upgrade"))
OPSDB = Database("opsdb", None, None, ("-m", "pipelines.opsdb.migrate"))
DATABASES = (AIRFLOW, MLFLOW, OPSDB)


def files(settings: Settings) -> dict[str, Path]:
    """SQLite file by database name; a database on a server is not in here."""
    found = {"airflow": settings.root / "airflow" / "airflow.db"}
    for name, uri in (("mlflow", settings.tracking_uri), ("opsdb", settings.operations_uri)):
        if uri.startswith("sqlite:///"):
            found[name] = Path(uri.removeprefix("sqlite:///"))
    return found


def versions(settings: Settings) -> dict[str, str]:
    """The version each of the home's databases should be migrated to."""
    kept = files(settings)
    return {each.name: each.version for each in DATABASES if each.name in kept}


def prepare(
    settings: Settings, stamps: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Makes the home's databases, and migrates those whose stamp names another version.

    `stamps` holds the version each was last migrated to; the new stamps are returned.
    """
    targets = files(settings)
    stale = [
        database
        for database in DATABASES
        if (file := targets.get(database.name))
        and (not file.exists() or stamps.get(database.name) != database.version)
    ]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda each: _prepare_one(each, targets[each.name], environ), stale))
    return dict(stamps) | {database.name: database.version for database in stale}


def make_templates() -> list[Path]:
    """Makes the templates of this installation that are missing."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(_template, DATABASES))


def _prepare_one(database: Database, target: Path, environ: Mapping[str, str]) -> None:
    if target.exists():
        _migrate(database, target, environ)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    if os.access(_existing(TEMPLATES), os.W_OK):
        shutil.copyfile(_template(database), aside)
    else:  # an installation of somebody else's: no template may be made or trusted elsewhere
        _migrate(database, aside, environ)
    aside.chmod(0o600)
    aside.replace(target)


def _template(database: Database) -> Path:
    """The empty database of the installed version, made where it is missing."""
    made = TEMPLATES / f"{database.name}-{database.version}.db"
    if made.exists():
        return made
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            with tempfile.TemporaryDirectory() as scratch:
                aside = made.with_suffix(".tmp")
                aside.unlink(missing_ok=True)
                # Nothing of a home goes into it: an Airflow home of its own, thrown away.
                environ = {**os.environ, **NO_REPORTS, "AIRFLOW_HOME": scratch}
                _migrate(database, aside, environ)
                aside.replace(made)
    return made


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _migrate(database: Database, file: Path, environ: Mapping[str, str]) -> None:
    """Makes a database or brings it up to date, by the engine's own command."""
    url = f"sqlite:///{file}"
    command = [sys.executable, *database.command]
    if database.url_variable is None:
        command.append(url)
    else:
        environ = {**environ, database.url_variable: url}
    log.info("migrating %s to %s %s", file, database.name, database.version)
    run = subprocess.run(  # noqa: S603
        command, env=dict(environ), capture_output=True, text=True, timeout=600, check=False
    )
    if run.returncode:
        raise MisconfiguredError(
            f"the {database.name} database {file} could not be brought to version "
            f"{database.version}: {(run.stderr or run.stdout).strip()[-800:]}\n"
            "Give it back from a backup, or move it aside to begin with an empty one."
        )
    # Readers do not block the writer. Closed, so that the file is whole without its journal.
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma journal_mode=wal")


if __name__ == "__main__":
    sys.stdout.write(", ".join(path.name for path in make_templates()) + "\n")
