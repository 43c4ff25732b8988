"""Reaches the operations database: SQLite in a home, PostgreSQL in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from pipelines.errors import MisconfiguredError, TransientError
from pipelines.opsdb import REVISION
from pipelines.opsdb.engine import BUSY_SECONDS, make_engine
from pipelines.settings import Settings


class OpsDb:
    """One operations database. Sessions are short: one transaction each."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, settings: Settings) -> "OpsDb":
        """The database of these settings; a SQLite file that is missing is made.

        Raises MisconfiguredError where it was not migrated to this version, TransientError where
        it does not answer.
        """
        found = cls.at(settings.operations_uri)
        path = found.engine.url.database
        if found.engine.dialect.name == "sqlite" and path and not Path(path).exists():
            from pipelines.opsdb.migrate import upgrade

            Path(path).parent.mkdir(parents=True, exist_ok=True)
            upgrade(settings.operations_uri)
        found._require_revision()
        return found

    @classmethod
    def at(cls, uri: str, busy_seconds: float = BUSY_SECONDS) -> "OpsDb":
        """The database at an address, whatever its state; `busy_seconds` as of `make_engine`."""
        return cls(make_engine(uri, busy_seconds))

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes: committed at the end, undone on an error.

        On SQLite it holds the write lock from the start, so that what it reads cannot change
        before it writes. Raises TransientError where the lock is not had in time.
        """
        with self._session("IMMEDIATE") as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads; it sees one state and blocks nobody."""
        with self._session("DEFERRED") as session, session.begin():
            yield session

    @contextmanager
    def _session(self, begin: str) -> Iterator[Session]:
        try:
            with Session(self.engine.execution_options(millrace_begin=begin)) as session:
                yield session
        except OperationalError as error:
            raise TransientError(
                f"the operations database did not answer: {str(error.orig).strip()}. Try again; "
                "if it stays so, look whether it is up and MILLRACE_OPSDB_URI names it."
            ) from error

    def revision(self) -> str | None:
        """The migration it stands at; None where it was never made."""
        try:
            with self.engine.connect() as connection:
                return connection.execute(text("select version_num from alembic_version")).scalar()
        except OperationalError as error:
            if self.engine.dialect.name == "sqlite":
                return None
            raise TransientError(
                f"the operations database cannot be reached: {str(error.orig).strip()}. Look "
                "whether it is up and MILLRACE_OPSDB_URI names it."
            ) from error
        except DBAPIError:  # the table is not there
            return None

    def _require_revision(self) -> None:
        found = self.revision()
        if found != REVISION:
            raise MisconfiguredError(
                f"the operations database stands at migration {found}, this Millrace needs "
                f"{REVISION}. Run: millrace up, or for a database on a server: "
                "python -m pipelines.opsdb.migrate"
            )
