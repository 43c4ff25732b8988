"""Tables of accounts as typed classes: people, their sessions and attempts, programs' keys."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.opsdb.tables import Base, UtcTime


class UserRow(Base):
    """A person. Rows are never removed, because corrections name them."""

    __tablename__ = "review_user"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class SessionRow(Base):
    """A signed-in browser, by the hash of what its cookie holds."""

    __tablename__ = "review_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey("review_user.name"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class AttemptRow(Base):
    """One attempt to sign in that did not, or not yet, succeed."""

    __tablename__ = "review_attempt"
    __table_args__ = (Index("ix_review_attempt_address", "address", "at"),)

    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(63), index=True)
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class KeyRow(Base):
    """A program's key; rows are never removed."""

    __tablename__ = "api_key"

    key_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(63))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
