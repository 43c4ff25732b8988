"""SQLAlchemy's engine for the operations database, set up for its two kinds."""

from sqlalchemy import Connection, Engine, create_engine, event, make_url

BUSY_SECONDS = 30
"""How long a writer waits for another one."""


def make_engine(uri: str, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """SQLAlchemy's engine of an address `sqlite:///FILE` or `postgresql://…`.

    `busy_seconds` bounds the wait for another writer; who asks for less than usual would rather
    do without, so that on a server it bounds the connection and each statement too.
    """
    url = make_url(uri)
    if url.drivername == "postgresql":
        # What SQLAlchemy would choose by itself is not in the lock.
        url = url.set(drivername="postgresql+psycopg2")
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args=_patience(busy_seconds))
    engine = create_engine(url, connect_args={"timeout": busy_seconds})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _patience(busy_seconds: float) -> dict[str, object]:
    if busy_seconds >= BUSY_SECONDS:
        return {}
    milliseconds = int(busy_seconds * 1000)
    return {
        "connect_timeout": max(2, round(busy_seconds)),  # the least that the driver knows
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
    }


def _set_up(connection: object, _: object) -> None:
    # Python's driver begins transactions late, by itself; `_begin` does it at the right time.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("pragma journal_mode=wal")
    cursor.execute("pragma foreign_keys=on")
    cursor.execute("pragma synchronous=full")  # a commit outlives a power cut
    cursor.close()


def _begin(connection: Connection) -> None:
    how = connection.get_execution_options().get("millrace_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {how}")
