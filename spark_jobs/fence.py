"""Keeps two attempts of one job apart, and ends what a dead one left running."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from pipelines.errors import TransientError
from pipelines.settings import Settings
from spark_jobs.session import remote, session

log = logging.getLogger(__name__)
WAIT_SECONDS = 3600.0
"""How long an attempt waits for its live twin, or for another publication of its table."""


@contextmanager
def held(token: str, table: str, settings: Settings) -> Iterator[None]:
    """Holds the job's own lock, then the table's; raises TransientError after an hour.

    A retry waits here for its live twin and then finds the work done by its key. The system
    frees both locks when the process dies, however it dies.
    """
    with _lock(token, settings), _lock(f"table.{table}", settings):
        yield


@contextmanager
def _lock(name: str, settings: Settings) -> Iterator[None]:
    path = _folder(settings) / f"{name}.lock"
    lock = FileLock(path, timeout=WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise TransientError(
            f"{settings.relative(path)} is held by another process for more than "
            f"{WAIT_SECONDS:.0f} s. Wait for that one to end, or end it, and run this again."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def fenced_session(app_name: str, token: str, settings: Settings) -> Iterator[SparkSession]:
    """A Spark session for the holder of the job's lock.

    On a Connect server work goes on when its client dies. The session's id is therefore
    written down first; who holds the lock and finds an id knows that its owner is dead,
    and closes that session, which interrupts what still runs in it.
    """
    if not remote(settings):
        spark = session(app_name, settings)
        try:
            yield spark
        finally:
            spark.stop()
        return
    note = _folder(settings) / f"{token}.session"
    attempt = 0
    if note.is_file():
        attempt = int(note.read_text(encoding="utf-8")) + 1
        _close(_session_id(token, attempt - 1), app_name, settings)
    note.write_text(str(attempt), encoding="utf-8")
    spark = session(app_name, settings, session_id=_session_id(token, attempt))
    try:
        yield spark
    finally:
        spark.stop()


def _close(session_id: str, app_name: str, settings: Settings) -> None:
    dead = session(app_name, settings, session_id=session_id)
    try:
        dead.interruptAll()
    except PySparkException as error:
        # The usual case: the earlier attempt closed its session itself.
        log.info("session %s of an earlier attempt is gone: %s", session_id, type(error).__name__)
    finally:
        dead.stop()


def _session_id(token: str, attempt: int) -> str:
    # A closed session's id is refused for ever, so that each attempt has its own.
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{token}/{attempt}"))


def _folder(settings: Settings) -> Path:
    folder = settings.runs / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
