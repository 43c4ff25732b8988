"""Empty, migrated operations databases that outlive the processes which are killed on them."""

import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import text

from pipelines.opsdb.engine import make_engine
from pipelines.opsdb.migrate import upgrade

ENGINES = ("sqlite", "postgresql")


@contextmanager
def engine(name: str) -> Iterator[str]:
    """The address of a database in a folder of its own, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    try:
        with _postgres(folder) if name == "postgresql" else _sqlite(folder) as uri:
            upgrade(uri)
            yield uri
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'opsdb.db'}"


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
    server = pgserver.get_server(folder, cleanup_mode=None)
    try:
        # The clients are killed, not the server: what it has told is in its memory.
        _settle(server.get_uri())
        yield server.get_uri()
    finally:
        process = psutil.Process(server.get_pid())
        process.send_signal(signal.SIGQUIT)
        psutil.wait_procs([process], timeout=10)


def _settle(uri: str) -> None:
    made = make_engine(uri).execution_options(isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"alter system set {setting} = off"))
        connection.execute(text("select pg_reload_conf()"))
    made.dispose()
