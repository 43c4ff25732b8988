"""Tables of monitoring as typed classes: calibrations, windows, incidents, the breaker."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.opsdb.reviewtables import RetrainRow
from pipelines.opsdb.tables import Base, UtcTime


class CalibrationRow(Base):
    """A reference with its limits, the newest of a model holds; append-only."""

    __tablename__ = "calibration"

    calibration_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63), index=True)
    reference: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcTime)


class WindowRow(Base):
    """A judged window; judged again with another result it is replaced."""

    __tablename__ = "judged_window"

    model: Mapped[str] = mapped_column(String(63), primary_key=True)
    window: Mapped[str] = mapped_column(String(10), primary_key=True)
    days: Mapped[int]
    version: Mapped[int | None]
    reference: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    verdict: Mapped[dict[str, Any]] = mapped_column(JSON)
    signals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    judged_at: Mapped[datetime] = mapped_column(UtcTime)
    report: Mapped[str | None] = mapped_column(Text)


class IncidentRow(Base):
    """One alarm from its first window to its end; of a model and kind one is open at most."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("incident_history", "model", "since"),
        Index(
            "incident_one_open",
            "model",
            "kind",
            unique=True,
            sqlite_where=text("closed_at is null"),
            postgresql_where=text("closed_at is null"),
        ),
    )

    incident_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(12))
    severity: Mapped[str] = mapped_column(String(8))
    since: Mapped[str] = mapped_column(String(10))
    last: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    headline: Mapped[str] = mapped_column(Text)
    causes: Mapped[list[str]] = mapped_column(JSON)
    moved: Mapped[list[str]] = mapped_column(JSON)
    request_id: Mapped[int | None] = mapped_column(ForeignKey(RetrainRow.request_id))
    follows: Mapped[str] = mapped_column(Text)
    labels_missing: Mapped[int | None]


class TransitionRow(Base):
    """What people are told of an incident, as it was then; append-only."""

    __tablename__ = "incident_transition"
    __table_args__ = (UniqueConstraint("incident_id", "what", "window"),)

    transition_id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.incident_id"), index=True)
    what: Mapped[str] = mapped_column(String(8))
    window: Mapped[str] = mapped_column(String(10))
    severity: Mapped[str] = mapped_column(String(8))
    headline: Mapped[str] = mapped_column(Text)
    causes: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcTime)


class DeliveryRow(Base):
    """A transition on its way to one channel, or there; the key holds it to one."""

    __tablename__ = "incident_delivery"

    transition_id: Mapped[int] = mapped_column(
        ForeignKey("incident_transition.transition_id"), primary_key=True
    )
    channel: Mapped[str] = mapped_column(String(63), primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(UtcTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    note: Mapped[str | None] = mapped_column(Text)


class BreakerTable(Base):
    """One turn of the switch that stops scoring; append-only."""

    __tablename__ = "breaker"

    row_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63), index=True)
    paused: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcTime)
    person: Mapped[str] = mapped_column(String(63))
    reason: Mapped[str] = mapped_column(Text)
