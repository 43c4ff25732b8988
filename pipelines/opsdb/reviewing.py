"""Review tasks, who holds them, and drafts, in the caller's transaction.

A task is taken, kept and finished by one update that names what it expects, so that of two at
once one wins, on every engine, and a crash leaves nothing to clear up: a lease runs out.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased, undefer

from pipelines.contracts.review import STAGE, Lease, ReviewTask, StoredTask
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb.bulk import insert_new
from pipelines.opsdb.reviewtables import DraftRow, TaskRow

_TASK = tuple(StoredTask.model_fields)
_TRIES = 20
"""Free tasks that are tried one after the other while others take them."""


def add(session: Session, tasks: Sequence[ReviewTask]) -> int:
    """Puts tasks into the queue; a content that has one of that stage keeps it. Says how many."""
    return insert_new(session, TaskRow, [_columns(task) for task in tasks])


def claim(
    session: Session,
    model: str,
    reviewer: str,
    now: datetime,
    minutes: float,
    *,
    adjudicator: bool,
    skip: Collection[int] = (),
) -> tuple[StoredTask, Lease] | None:
    """Leases a task to a reviewer; None where there is nothing for him.

    First what he holds or has a draft of, then adjudications, second reviews and first ones by
    priority. Never a content that he has reviewed, nor one that another holds. `skip` names the
    tasks on his screen, so that the next one can be fetched ahead.
    """
    for task_id in session.scalars(_candidates(model, reviewer, now, adjudicator, skip)).all():
        lease = _take(session, task_id, reviewer, now, minutes)
        if lease is not None:
            return task(session, task_id), lease
    return None


def extend(session: Session, task_id: int, reviewer: str, now: datetime, minutes: float) -> Lease:
    """Holds a task longer; raises RefusedError where it is another's or finished."""
    until = now + timedelta(minutes=minutes)
    _require(session, task_id, reviewer, {"leased_until": until})
    return Lease(task_id=task_id, reviewer=reviewer, expires_at=until)


def leave(session: Session, task_id: int, reviewer: str) -> None:
    """Gives a task back to the queue; the draft stays. What is another's stays his."""
    session.execute(
        update(TaskRow)
        .where(TaskRow.task_id == task_id, TaskRow.leased_by == reviewer)
        .values(leased_by=None, leased_until=None)
    )


def save_draft(
    session: Session, task_id: int, reviewer: str, content: dict[str, Any], now: datetime
) -> None:
    """Keeps what a reviewer has typed; raises RefusedError where the task is not his any more."""
    _require(session, task_id, reviewer, {"leased_by": reviewer})
    session.merge(DraftRow(task_id=task_id, reviewer=reviewer, content=content, saved_at=now))


def draft(session: Session, task_id: int, reviewer: str) -> dict[str, Any] | None:
    """What a reviewer had typed; None where there is nothing, or it is finished."""
    row = session.get(DraftRow, (task_id, reviewer))
    return None if row is None else row.content


def finish(session: Session, task_id: int, reviewer: str, now: datetime) -> None:
    """Closes a task; raises RefusedError where another has taken it or it is finished."""
    values = {"state": "done", "reviewer": reviewer, "finished_at": now}
    _require(session, task_id, reviewer, values | {"leased_by": None, "leased_until": None})
    session.execute(delete(DraftRow).where(DraftRow.task_id == task_id))


def reopen(session: Session, task_id: int, reviewer: str, now: datetime, minutes: float) -> Lease:
    """Gives a finished task back to who finished it.

    Raises RefusedError where it is not his, or somebody holds a later review of the document.
    """
    _lock(session, task_id)
    row = _row(session, task_id)
    if row.state != "done" or row.reviewer != reviewer:
        raise RefusedError(
            f"task {task_id} was not finished by {reviewer}: only who reviewed it can take it back."
        )
    other = aliased(TaskRow)
    holder = session.scalars(
        select(other.leased_by).where(
            other.model == row.model, other.content_hash == row.content_hash, held(other, now)
        )
    ).first()
    if holder is not None:
        raise RefusedError(
            f"{holder} is reviewing this document now. Tell the adjudicator instead."
        )
    until = now + timedelta(minutes=minutes)
    values = {"state": "open", "reviewer": None, "finished_at": None}
    session.execute(
        update(TaskRow)
        .where(TaskRow.task_id == task_id, TaskRow.state == "done")
        .values(**values, leased_by=reviewer, leased_until=until)
    )
    return Lease(task_id=task_id, reviewer=reviewer, expires_at=until)


def put_again(session: Session, made: ReviewTask) -> None:
    """Adds a task, or opens the one of its stage again that was dropped."""
    if add(session, [made]):
        return
    session.execute(
        update(TaskRow)
        .where(*_same(made), TaskRow.state == "dropped")
        .values(state="open", fields=list(made.fields))
    )


def drop(session: Session, model: str, content_hash: str, stage: int) -> bool:
    """Takes an open task that nobody holds out of the queue; says whether there was one."""
    found = session.execute(
        update(TaskRow)
        .where(
            TaskRow.model == model,
            TaskRow.content_hash == content_hash,
            TaskRow.stage == stage,
            TaskRow.state == "open",
        )
        .values(state="dropped")
    )
    return bool(found.rowcount)  # type: ignore[attr-defined]


def task(session: Session, task_id: int) -> StoredTask:
    """A task with its document; raises NotFoundError."""
    row = _row(session, task_id)
    return StoredTask.model_validate({name: getattr(row, name) for name in _TASK})


def _candidates(
    model: str, reviewer: str, now: datetime, adjudicator: bool, skip: Collection[int]
) -> Select[int]:
    done = aliased(TaskRow)
    seen = exists().where(
        done.model == TaskRow.model,
        done.content_hash == TaskRow.content_hash,
        done.reviewer == reviewer,
    )
    begun = exists().where(DraftRow.task_id == TaskRow.task_id, DraftRow.reviewer == reviewer)
    query = select(TaskRow.task_id).where(
        TaskRow.model == model, TaskRow.state == "open", _free(reviewer, now), ~seen
    )
    if not adjudicator:
        query = query.where(TaskRow.reason != "adjudicate")
    if skip:
        query = query.where(TaskRow.task_id.not_in(sorted(skip)))
    mine = and_(held(TaskRow, now), TaskRow.leased_by == reviewer)
    return query.order_by(
        or_(mine, begun).desc(), TaskRow.stage.desc(), TaskRow.priority.desc(), TaskRow.task_id
    ).limit(_TRIES)


def _take(
    session: Session, task_id: int, reviewer: str, now: datetime, minutes: float
) -> Lease | None:
    _lock(session, task_id)
    until = now + timedelta(minutes=minutes)
    taken = session.execute(
        update(TaskRow)
        .where(TaskRow.task_id == task_id, TaskRow.state == "open", _free(reviewer, now))
        .values(leased_by=reviewer, leased_until=until)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    return Lease(task_id=task_id, reviewer=reviewer, expires_at=until)


def _lock(session: Session, task_id: int) -> None:
    """Waits for whoever takes, or takes back, another review of the same document."""
    one, every = aliased(TaskRow), aliased(TaskRow)
    session.execute(
        select(every.task_id)
        .join(one, and_(one.model == every.model, one.content_hash == every.content_hash))
        .where(one.task_id == task_id)
        .order_by(every.stage)
        .with_for_update()
    ).all()


def _free(reviewer: str, now: datetime) -> ColumnElement[bool]:
    """Nobody else holds it, and the reviews before it are finished."""
    before = aliased(TaskRow)
    unfinished = exists().where(
        before.model == TaskRow.model,
        before.content_hash == TaskRow.content_hash,
        before.stage < TaskRow.stage,
        before.state == "open",
    )
    nobody = or_(
        TaskRow.leased_by.is_(None), TaskRow.leased_by == reviewer, TaskRow.leased_until <= now
    )
    return and_(nobody, ~unfinished)


def held(table: type[TaskRow], now: datetime) -> ColumnElement[bool]:
    """The condition that an open task is in somebody's hands."""
    return and_(table.state == "open", table.leased_by.is_not(None), table.leased_until > now)


def _require(session: Session, task_id: int, reviewer: str, values: dict[str, Any]) -> None:
    """Changes a task that is still the reviewer's, also after its lease ran out."""
    done = session.execute(
        update(TaskRow)
        .where(TaskRow.task_id == task_id, TaskRow.state == "open", TaskRow.leased_by == reviewer)
        .values(**values)
    )
    if done.rowcount:  # type: ignore[attr-defined]
        return
    row = _row(session, task_id)
    raise RefusedError(
        f"task {task_id} is not {reviewer}'s any more: "
        + (
            f"{row.reviewer} finished it."
            if row.state == "done"
            else f"{row.leased_by or 'nobody'} has it."
        )
        + " Take the next one."
    )


def _row(session: Session, task_id: int) -> TaskRow:
    row = session.scalars(
        select(TaskRow)
        .where(TaskRow.task_id == task_id)
        .options(undefer(TaskRow.document), undefer(TaskRow.predictions))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no review task {task_id}.")
    return row


def _same(made: ReviewTask) -> tuple[ColumnElement[bool], ...]:
    return (
        TaskRow.model == made.model,
        TaskRow.content_hash == made.content_hash,
        TaskRow.stage == STAGE[made.reason],
    )


def _columns(made: ReviewTask) -> dict[str, Any]:
    content = made.model_dump(mode="json", exclude={"created_at"})
    return {
        **content,
        "document_id": made.document.document_id,
        "created_at": made.created_at,
        "stage": STAGE[made.reason],
        "state": "open",
    }
