"""Many rows at once, the same on both engines."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipelines.opsdb.tables import Base

_ROWS, _VALUES = 200, 500
"""Rows a statement: documents are kilobytes, and an engine bounds the values of a statement."""


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Inserts the rows that break no unique rule of the table; says how many. The others stay."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    added = 0
    for start in range(0, len(rows), _ROWS):
        statement = insert(table).values(list(rows[start : start + _ROWS])).on_conflict_do_nothing()
        added += session.execute(statement).rowcount  # type: ignore[attr-defined]
    return added


def parts(values: Collection[str]) -> Iterator[list[str]]:
    """Values in order, in parts that fit the `in` of one statement."""
    wanted = sorted(values)
    return (wanted[start : start + _VALUES] for start in range(0, len(wanted), _VALUES))
