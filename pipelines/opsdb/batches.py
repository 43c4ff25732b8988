"""Batches of corrections, in the caller's transaction and under `corrections.lock`."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.correction import Batch
from pipelines.opsdb.bulk import parts
from pipelines.opsdb.reviewtables import BatchRow, CorrectionRow, MemberRow

_BATCH = tuple(Batch.model_fields)


def write(
    session: Session,
    model: str,
    key: str,
    request_id: int,
    members: Sequence[int],
    counted: int,
    now: datetime,
) -> Batch:
    """Claims corrections for a request; the database refuses one that is in a batch already."""
    row = BatchRow(
        model=model, key=key, request_id=request_id, counted=counted, rows=len(members),
        claimed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(
        MemberRow(model=model, correction_id=one, batch_id=row.batch_id) for one in sorted(members)
    )
    session.flush()
    return _batch(row)


def find(session: Session, model: str, key: str) -> Batch | None:
    """The batch of a claimer's key."""
    query = select(BatchRow).where(BatchRow.model == model, BatchRow.key == key)
    row = session.scalars(query).one_or_none()
    return None if row is None else _batch(row)


def all_of(session: Session, model: str) -> list[Batch]:
    """Batches of a model, oldest first."""
    query = select(BatchRow).where(BatchRow.model == model).order_by(BatchRow.batch_id)
    return [_batch(row) for row in session.scalars(query)]


def members(session: Session, batch_id: int) -> list[int]:
    """Numbers of the corrections in a batch."""
    query = select(MemberRow.correction_id).where(MemberRow.batch_id == batch_id)
    return list(session.scalars(query.order_by(MemberRow.correction_id)))


def claimed(
    session: Session, model: str, documents: Collection[str] | None = None
) -> dict[int, int]:
    """Batch by correction, of all documents or of some."""
    query = select(MemberRow.correction_id, MemberRow.batch_id).where(MemberRow.model == model)
    if documents is None:
        return dict(session.execute(query).tuples().all())
    query = query.join(CorrectionRow, CorrectionRow.correction_id == MemberRow.correction_id)
    return {
        one: batch
        for part in parts(documents)
        for one, batch in session.execute(query.where(CorrectionRow.document_id.in_(part)))
    }


def _batch(row: BatchRow) -> Batch:
    return Batch(**{name: getattr(row, name) for name in _BATCH})
