"""Tables of the operations database as typed classes; migrations/ makes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pipelines.opsdb.chain import instant_text


class UtcTime(TypeDecorator[datetime]):
    """An instant as text of one width in UTC: the same bytes on every engine, in order of time."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Base(DeclarativeBase):
    """Base of every table."""


class RequestRow(Base):
    """A version that waits, or waited, for a decision."""

    __tablename__ = "decision_request"
    # The same evidence asks once, however often the task is tried.
    __table_args__ = (UniqueConstraint("model", "version", "evidence_hash"),)

    request_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63), index=True)
    version: Mapped[int]
    champion: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(63))
    verdict: Mapped[dict[str, Any]] = mapped_column(JSON)
    table: Mapped[list[dict[str, Any]]] = mapped_column("comparison", JSON)
    evidence_hash: Mapped[str] = mapped_column(String(64))
    evidence_dir: Mapped[str] = mapped_column(Text)
    artefact_hash: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(8), index=True)
    note: Mapped[str | None] = mapped_column(Text)


class DecisionRow(Base):
    """One decision; a trigger refuses any change of it."""

    __tablename__ = "decision"

    request_id: Mapped[int] = mapped_column(
        ForeignKey("decision_request.request_id"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(63))
    version: Mapped[int]
    choice: Mapped[str] = mapped_column(String(8))
    person: Mapped[str] = mapped_column(String(63))
    why: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(String(8))
    os_user: Mapped[str | None] = mapped_column(Text)
    override: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcTime)


class LedgerTable(Base):
    """One change of champion or shadow; a trigger refuses any change of it."""

    __tablename__ = "ledger"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    model: Mapped[str] = mapped_column(String(63), index=True)
    from_version: Mapped[int | None]
    to_version: Mapped[int]
    person: Mapped[str] = mapped_column(String(63))
    why: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(String(8))
    os_user: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("decision_request.request_id"), unique=True
    )
    evidence_hash: Mapped[str | None] = mapped_column(String(64))
    artefact_hash: Mapped[str] = mapped_column(String(64))
    code_revision: Mapped[str] = mapped_column(String(64))
    lock_hash: Mapped[str] = mapped_column(String(64))
    snapshots: Mapped[dict[str, str]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class HeadRow(Base):
    """The one row that names the newest row of the ledger, and whose lock every writer takes."""

    __tablename__ = "ledger_head"

    head_id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
