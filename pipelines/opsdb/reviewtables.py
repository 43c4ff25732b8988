"""Tables of reviews, corrections, batches and retrain requests as typed classes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.opsdb.tables import Base, UtcTime

_TASK = "review_task.task_id"
_CORRECTION = "correction.correction_id"
_REQUEST = "retrain_request.request_id"


class TaskRow(Base):
    """A document that somebody is to look at; a content has one task a stage."""

    __tablename__ = "review_task"
    __table_args__ = (
        UniqueConstraint("model", "content_hash", "stage"),
        Index("review_task_queue", "model", "state", "stage", "priority"),
        Index("review_task_reviewer", "reviewer", "finished_at"),
        Index("review_task_document", "model", "document_id"),
    )

    task_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63))
    model_version: Mapped[int]
    document_id: Mapped[str] = mapped_column(String(256))
    content_hash: Mapped[str] = mapped_column(String(64))
    # Kilobytes each: a list of tasks must not read them.
    document: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    predictions: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    fields: Mapped[list[str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(10))
    stage: Mapped[int]
    priority: Mapped[float]
    chance: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(8))
    # Who held it last; a time that is over holds nothing. In the row itself, so that one update
    # takes it or does not.
    leased_by: Mapped[str | None] = mapped_column(String(63))
    leased_until: Mapped[datetime | None] = mapped_column(UtcTime)
    reviewer: Mapped[str | None] = mapped_column(String(63))
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)


class DraftRow(Base):
    """What a reviewer has typed and not finished; it outlives the lease."""

    __tablename__ = "review_draft"

    task_id: Mapped[int] = mapped_column(ForeignKey(_TASK), primary_key=True)
    reviewer: Mapped[str] = mapped_column(String(63), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcTime)


class StandingRow(Base):
    """Whether a reviewer's corrections count, from then on; append-only."""

    __tablename__ = "reviewer_standing"

    standing_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63), index=True)
    reviewer: Mapped[str] = mapped_column(String(63))
    held: Mapped[bool]
    why: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(63))
    at: Mapped[datetime] = mapped_column(UtcTime)


class CorrectionRow(Base):
    """A reviewer's word on one field; append-only, an undo is a row that names another."""

    __tablename__ = "correction"
    __table_args__ = (
        UniqueConstraint("model", "key"),
        Index("correction_item", "model", "document_id", "field"),
    )

    correction_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63))
    key: Mapped[str] = mapped_column(String(128))
    document_id: Mapped[str] = mapped_column(String(256))
    content_hash: Mapped[str | None] = mapped_column(String(64))
    field: Mapped[str] = mapped_column(String(63))
    model_version: Mapped[int | None]
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(10))
    boxes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reviewer: Mapped[str] = mapped_column(String(63), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey(_TASK), index=True)
    adjudicates: Mapped[bool]
    undoes: Mapped[int | None] = mapped_column(ForeignKey(_CORRECTION), unique=True)
    at: Mapped[datetime] = mapped_column(UtcTime)


class ModelLock(Base):
    """The row whose lock every writer of a model's corrections, batches and requests takes."""

    __tablename__ = "model_lock"

    model: Mapped[str] = mapped_column(String(63), primary_key=True)


class RetrainRow(Base):
    """A wish for a training; of a model one is open at most, and one runs at most."""

    __tablename__ = "retrain_request"
    __table_args__ = tuple(
        Index(
            f"retrain_request_one_{state}",
            "model",
            unique=True,
            sqlite_where=text(f"state = '{state}'"),
            postgresql_where=text(f"state = '{state}'"),
        )
        for state in ("open", "running")
    )

    request_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63), index=True)
    state: Mapped[str] = mapped_column(String(8))
    requested_at: Mapped[datetime] = mapped_column(UtcTime)
    run_id: Mapped[str | None] = mapped_column(String(250), index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    labels_until: Mapped[int | None]
    standings_until: Mapped[int | None]
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    version: Mapped[int | None]
    cost: Mapped[float | None]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey(_REQUEST))
    note: Mapped[str | None] = mapped_column(Text)


class ReasonRow(Base):
    """Why a training is wished; the same key of a model is told once."""

    __tablename__ = "retrain_reason"
    __table_args__ = (UniqueConstraint("model", "key"),)

    reason_id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(_REQUEST), index=True)
    model: Mapped[str] = mapped_column(String(63))
    key: Mapped[str] = mapped_column(String(250))
    kind: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(63))
    at: Mapped[datetime] = mapped_column(UtcTime)


class BatchRow(Base):
    """Corrections that were claimed in one transaction; append-only."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("model", "key"),)

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63))
    key: Mapped[str] = mapped_column(String(250))
    request_id: Mapped[int] = mapped_column(ForeignKey(_REQUEST), index=True)
    counted: Mapped[int]
    rows: Mapped[int]
    claimed_at: Mapped[datetime] = mapped_column(UtcTime)


class MemberRow(Base):
    """A correction in its batch: the key holds it in one batch; append-only."""

    __tablename__ = "batch_correction"

    model: Mapped[str] = mapped_column(String(63), primary_key=True)
    correction_id: Mapped[int] = mapped_column(ForeignKey(_CORRECTION), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.batch_id"), index=True)


class ProposalRow(Base):
    """A correction of a golden document, which waits for a person's word."""

    __tablename__ = "golden_proposal"

    proposal_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(63), index=True)
    document_id: Mapped[str] = mapped_column(String(256))
    field: Mapped[str] = mapped_column(String(63))
    correction_id: Mapped[int] = mapped_column(ForeignKey(_CORRECTION), unique=True)
    after: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(10))
    reviewer: Mapped[str] = mapped_column(String(63))
    proposed_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(8))
    decided_by: Mapped[str | None] = mapped_column(String(63))
    why: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
