"""What reviewers did and hold, newest first, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.review import TaskLine
from pipelines.opsdb.reviewing import held
from pipelines.opsdb.reviewtables import TaskRow

_LINE = tuple(TaskLine.model_fields)


def done(
    session: Session, reviewer: str, *, before: datetime | None = None, limit: int = 50
) -> list[TaskLine]:
    """Tasks that somebody finished, newest first, those finished before an instant."""
    query = select(TaskRow).where(TaskRow.reviewer == reviewer, TaskRow.state == "done")
    if before is not None:
        query = query.where(TaskRow.finished_at < before)
    newest = query.order_by(TaskRow.finished_at.desc(), TaskRow.task_id.desc())
    return _lines(session.scalars(newest.limit(limit)).all())


def in_hands(session: Session, model: str, now: datetime, limit: int = 200) -> list[TaskLine]:
    """Tasks that somebody holds, the lease that ends first before the others."""
    query = select(TaskRow).where(TaskRow.model == model, held(TaskRow, now))
    return _lines(session.scalars(query.order_by(TaskRow.leased_until).limit(limit)).all())


def most_urgent(session: Session, model: str, limit: int = 50) -> list[TaskLine]:
    """Open tasks in the order in which they are asked."""
    query = select(TaskRow).where(TaskRow.model == model, TaskRow.state == "open")
    order = query.order_by(TaskRow.stage.desc(), TaskRow.priority.desc(), TaskRow.task_id)
    return _lines(session.scalars(order.limit(limit)).all())


def times(session: Session, model: str | None, since: datetime) -> dict[str, list[datetime]]:
    """When each reviewer finished documents, in order of time; of one model or of all."""
    query = select(TaskRow.reviewer, TaskRow.finished_at).where(
        TaskRow.state == "done", TaskRow.finished_at >= since
    )
    if model is not None:
        query = query.where(TaskRow.model == model)
    found: dict[str, list[datetime]] = {}
    for name, at in session.execute(query.order_by(TaskRow.finished_at)):
        if name is not None and at is not None:
            found.setdefault(name, []).append(at)
    return found


def _lines(rows: Sequence[TaskRow]) -> list[TaskLine]:
    return [TaskLine(**{name: getattr(row, name) for name in _LINE}) for row in rows]
