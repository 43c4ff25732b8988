"""Databases that outlive the processes which are killed on them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import postgres
from pipelines.opsdb.migrate import upgrade

ENGINES = ("sqlite", "postgresql")
_NAMES = {"airflow_db_uri": "airflow", "opsdb_uri": "opsdb"}


@contextmanager
def engine(name: str) -> Iterator[str]:
    """The address of an empty, migrated operations database, which is gone at the end."""
    with _folder() as folder, _server(name, folder) as uri:
        upgrade(uri)
        yield uri


@contextmanager
def settings_on(name: str) -> Iterator[dict[str, str]]:
    """Settings of a home with Airflow's database and ours on this engine, both still to be made."""
    if name == "sqlite":  # as every home that names no server
        yield {}
        return
    with _folder() as folder, _server(name, folder) as uri:
        postgres.run(uri, *(f"create database {one}" for one in _NAMES.values()))
        yield {setting: postgres.named(uri, one) for setting, one in _NAMES.items()}


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder / 'opsdb.db'}"
        return
    with postgres.server(folder) as uri:
        yield uri
