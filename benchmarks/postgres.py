"""A real PostgreSQL of its own, for tests and benchmarks: nothing of it outlives them."""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import text

from pipelines.opsdb.engine import make_engine

START_SECONDS = 120
"""What starts it allows ten, too few on a busy machine."""
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of its first database; its files are in `folder`, and are left there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
        from pgserver import postgres_server

        start = postgres_server.pg_ctl
        postgres_server.pg_ctl = lambda *given, **more: start(
            *given, **more | {"timeout": START_SECONDS}
        )
        try:
            made = pgserver.get_server(folder, cleanup_mode=None)
        finally:
            postgres_server.pg_ctl = start
    try:
        # Clients may be killed, but not the server: what it has told is in its memory.
        off = (f"alter system set {one} = off" for one in _DURABLE)
        run(made.get_uri(), *off, "select pg_reload_conf()")
        yield made.get_uri()
    finally:
        process = psutil.Process(made.get_pid())
        process.send_signal(signal.SIGQUIT)  # at once, without writing its pages back
        psutil.wait_procs([process], timeout=10)


def run(uri: str, *statements: str) -> None:
    """Statements outside any transaction."""
    engine = make_engine(uri).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def named(uri: str, database: str) -> str:
    """The address of another database of the same server."""
    return uri.replace("/postgres?", f"/{database}?")
