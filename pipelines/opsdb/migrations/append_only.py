"""Triggers that refuse to change or remove a row that was written; for every migration alike."""

from collections.abc import Iterable

from alembic import op

_FUNCTION = (
    "CREATE FUNCTION millrace_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
)


def prepare() -> None:
    """Makes what the triggers of all tables call, once in a database."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(_FUNCTION)


def guard(tables: Iterable[str]) -> None:
    """Lets rows of these tables only be added."""
    make = _of_sqlite if op.get_bind().dialect.name == "sqlite" else _of_server
    for table in tables:
        for statement in make(table):
            op.execute(statement)


def _of_sqlite(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for what in ("UPDATE", "DELETE")
    ]


def _of_server(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{name} BEFORE {what} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION millrace_append_only()"
        for name, what, each in (
            ("change", "UPDATE OR DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        )
    ]
