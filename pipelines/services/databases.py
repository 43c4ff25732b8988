"""The databases of a home (Airflow, MLflow, our own): made from a template, brought up to date.

An empty Airflow database takes ten seconds to make, and every home starts with the same one, so
it is made once for an installation (by set-up) and copied. `python -m pipelines.services.databases`
makes the templates. Those that the settings put on a server are brought up to date there.
"""

import hashlib
import importlib.metadata
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
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

_SQLITE = "sqlite:///"
TEMPLATES = PROJECT_ROOT / ".venv" / "share" / "millrace" / "templates"


@dataclass(frozen=True)
class Database:
    """One database and the command that makes it or brings it up to date."""

    name: str
    package: str | None
    """Distribution whose version decides the schema; None: ours, named by its last migration."""
    url_variable: str | None
    """Environment variable that names the database; None where the command takes the URL."""
    command: tuple[str, ...]
    """Arguments of Python. Where the settings name a server, its address is in the environment."""

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
_SETTING = {"airflow": "MILLRACE_AIRFLOW_DB_URI", "opsdb": "MILLRACE_OPSDB_URI"}
"""What names those that we make on a server; MLflow's own server makes its database there."""


def files(settings: Settings) -> dict[str, Path]:
    """SQLite file by database name; a database on a server is not in here."""
    uris = {
        "airflow": settings.metadata_uri,
        "mlflow": settings.tracking_uri,
        "opsdb": settings.operations_uri,
    }
    return {
        name: Path(uri.removeprefix(_SQLITE))
        for name, uri in uris.items()
        if uri.startswith(_SQLITE)
    }


def servers(settings: Settings) -> dict[str, str]:
    """Address by name of the databases that we make on a server."""
    uris = {"airflow": settings.metadata_uri, "opsdb": settings.operations_uri}
    return {name: uri for name, uri in uris.items() if not uri.startswith(_SQLITE)}


def versions(settings: Settings) -> dict[str, str]:
    """The version each of the home's databases should be migrated to, and on which server."""
    kept, away = files(settings), servers(settings)
    return {
        each.name: f"{each.version} {_mark(away[each.name])}" if each.name in away else each.version
        for each in DATABASES
        if each.name in {*kept, *away}
    }


def prepare(
    settings: Settings, stamps: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Makes the home's databases, and migrates those whose stamp names another version.

    `stamps` holds the version each was last migrated to; the new stamps are returned.
    """
    wanted, targets = versions(settings), files(settings)
    gone = {name for name, file in targets.items() if not file.exists()}
    stale = {name for name, version in wanted.items() if stamps.get(name) != version} | gone

    def make(database: Database) -> None:
        if file := targets.get(database.name):
            _prepare_one(database, file, environ)
        else:
            _migrate_on_server(database, environ)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(make, [each for each in DATABASES if each.name in stale]))
    return wanted


def _mark(uri: str) -> str:
    """Tells servers apart, not the users of one."""
    address = re.sub(r"//[^/?]*@", "//", uri)
    return f"on server {hashlib.sha256(address.encode()).hexdigest()[:8]}"


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
    url = f"{_SQLITE}{file}"
    command = [*database.command]
    if database.url_variable is None:
        command.append(url)
    else:
        environ = {**environ, database.url_variable: url}
    log.info("migrating %s to %s %s", file, database.name, database.version)
    if trouble := _trouble(command, environ):
        raise MisconfiguredError(
            f"the {database.name} database {file} could not be brought to version "
            f"{database.version}: {trouble}\n"
            "Give it back from a backup, or move it aside to begin with an empty one."
        )
    # Readers do not block the writer. Closed, so that the file is whole without its journal.
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma journal_mode=wal")


def _migrate_on_server(database: Database, environ: Mapping[str, str]) -> None:
    """The same where the settings name a server; its address, with a password, is in `environ`."""
    log.info("migrating %s on its server to %s", database.name, database.version)
    if trouble := _trouble(database.command, {"PGCONNECT_TIMEOUT": "15", **environ}):
        raise MisconfiguredError(
            f"the {database.name} database on a server could not be brought to version "
            f"{database.version}: {trouble}\n"
            f"Look whether it is up, {_SETTING[database.name]} names it and its user may make "
            "tables there."
        )


def _trouble(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The end of what a command said that failed; nothing of one that did its work."""
    run = subprocess.run(  # noqa: S603
        [sys.executable, *command],
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return (run.stderr or run.stdout).strip()[-800:] if run.returncode else ""


if __name__ == "__main__":
    sys.stdout.write(", ".join(path.name for path in make_templates()) + "\n")
