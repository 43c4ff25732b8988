"""Reads of the review tasks: lists, counts, and what was asked before."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.contracts.review import STAGE, TaskLine, TaskState
from pipelines.opsdb.bulk import parts
from pipelines.opsdb.reviewing import held
from pipelines.opsdb.reviewtables import CorrectionRow, TaskRow

_LINE = tuple(TaskLine.model_fields)
_FIRST = STAGE["audit"]


def known_contents(session: Session, model: str, hashes: Collection[str]) -> set[str]:
    """Which of these contents were asked before, or have corrections: they are not asked again."""
    found: set[str] = set()
    for part in parts(hashes):
        for table in (TaskRow, CorrectionRow):
            query = select(table.content_hash).where(
                table.model == model, table.content_hash.in_(part)
            )
            found.update(one for one in session.scalars(query) if one is not None)
    return found


def made_since(session: Session, model: str, since: datetime) -> dict[str, int]:
    """First reviews that were put since an instant, by reason: what the day's budget has spent."""
    query = (
        select(TaskRow.reason, func.count())
        .where(TaskRow.model == model, TaskRow.stage == _FIRST, TaskRow.created_at >= since)
        .group_by(TaskRow.reason)
    )
    return dict(session.execute(query).tuples().all())


def reviews(session: Session, model: str, content_hash: str) -> list[TaskLine]:
    """All tasks of one content, by stage."""
    query = select(TaskRow).where(TaskRow.model == model, TaskRow.content_hash == content_hash)
    return [_line(row) for row in session.scalars(query.order_by(TaskRow.stage))]


def lines(
    session: Session,
    model: str | None = None,
    state: TaskState | None = None,
    reviewer: str | None = None,
    *,
    after: int = 0,
    limit: int = 100,
) -> list[TaskLine]:
    """Tasks by number from the one after `after`, at most `limit` of them.

    `reviewer` asks for those that he finished.
    """
    query = select(TaskRow).where(TaskRow.task_id > after)
    for column, wanted in (
        (TaskRow.model, model),
        (TaskRow.state, state),
        (TaskRow.reviewer, reviewer),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_line(row) for row in session.scalars(query.order_by(TaskRow.task_id).limit(limit))]


def queue(session: Session, model: str, now: datetime) -> dict[str, dict[str, int]]:
    """Open tasks by reason: `{reason: {"open": n, "held": of them in somebody's hands}}`."""
    in_hands = func.count().filter(held(TaskRow, now))
    query = (
        select(TaskRow.reason, func.count(), in_hands)
        .where(TaskRow.model == model, TaskRow.state == "open")
        .group_by(TaskRow.reason)
        .order_by(TaskRow.reason)
    )
    return {
        reason: {"open": count, "held": taken} for reason, count, taken in session.execute(query)
    }


def finished(session: Session, model: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many tasks each reviewer finished from `since` to before `until`."""
    query = (
        select(TaskRow.reviewer, func.count())
        .where(
            TaskRow.model == model,
            TaskRow.state == "done",
            TaskRow.finished_at >= since,
            TaskRow.finished_at < until,
        )
        .group_by(TaskRow.reviewer)
        .order_by(TaskRow.reviewer)
    )
    return {name: count for name, count in session.execute(query) if name is not None}


def predicted(
    session: Session, model: str, document_id: str, field: str
) -> tuple[int, str | None, str] | None:
    """Version, value and content hash of what a document's newest task shows for a field."""
    query = select(TaskRow.model_version, TaskRow.predictions, TaskRow.content_hash).where(
        TaskRow.model == model, TaskRow.document_id == document_id
    )
    found = session.execute(query.order_by(TaskRow.task_id.desc()).limit(1)).one_or_none()
    if found is None or field not in found.predictions:
        return None
    return found.model_version, found.predictions[field]["value"], found.content_hash


def audited(session: Session, model: str, version: int) -> dict[str, float]:
    """The chance with which each reviewed audit document of a version was drawn."""
    query = select(TaskRow.document_id, TaskRow.chance).where(
        TaskRow.model == model,
        TaskRow.model_version == version,
        TaskRow.reason == "audit",
        TaskRow.state == "done",
    )
    return {document: chance for document, chance in session.execute(query) if chance is not None}


def seconded(session: Session, model: str, documents: Collection[str] | None = None) -> set[str]:
    """Documents that two reviewers must agree on: those with a second review."""
    query = select(TaskRow.document_id).where(
        TaskRow.model == model, TaskRow.stage == STAGE["second"], TaskRow.state != "dropped"
    )
    if documents is None:
        return set(session.scalars(query))
    return {
        one
        for part in parts(documents)
        for one in session.scalars(query.where(TaskRow.document_id.in_(part)))
    }


def _line(row: TaskRow) -> TaskLine:
    return TaskLine(**{name: getattr(row, name) for name in _LINE})
