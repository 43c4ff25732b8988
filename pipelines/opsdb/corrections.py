"""Corrections, in the caller's transaction. Rows are added alone; the database refuses the rest."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from pipelines.contracts.correction import Correction, StoredCorrection
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb.bulk import insert_new, parts
from pipelines.opsdb.reviewtables import CorrectionRow, MemberRow, ModelLock

_COLUMNS = tuple(StoredCorrection.model_fields)
_SAID = tuple(name for name in Correction.model_fields if name != "at")


def lock(session: Session, model: str) -> None:
    """Waits for other writers of the model's corrections, batches and requests.

    Until the end of the transaction. So numbers are given in the order of the commits, and what
    is read after it cannot change. SQLite holds its one write lock already.
    """
    insert_new(session, ModelLock, [{"model": model}])
    session.scalars(select(ModelLock).where(ModelLock.model == model).with_for_update()).one()


def write(session: Session, said: Correction, undoes: int | None = None) -> StoredCorrection:
    """Adds a correction under its key; call it under `lock`.

    The same again is the row that is there, whatever the time. Raises RefusedError where the key
    belongs to another one, or what it undoes is undone already.
    """
    found = find(session, said.model, said.key)
    if found is not None:
        if found.undoes != undoes or any(
            getattr(found, name) != getattr(said, name) for name in _SAID
        ):
            raise RefusedError(
                f"the key {said.key!r} belongs to another correction, of {found.document_id} "
                f"{found.field} by {found.reviewer}. Give each correction a key of its own."
            )
        return found
    if undoes is not None and _undone(session, undoes):
        raise RefusedError(f"correction {undoes} is undone already.")
    content = said.model_dump() | {"boxes": [place.model_dump() for place in said.boxes]}
    row = CorrectionRow(**content, undoes=undoes)
    session.add(row)
    session.flush()
    return _stored(row)


def find(session: Session, model: str, key: str) -> StoredCorrection | None:
    """The correction of a key."""
    query = select(CorrectionRow).where(CorrectionRow.model == model, CorrectionRow.key == key)
    row = session.scalars(query).one_or_none()
    return None if row is None else _stored(row)


def get(session: Session, correction_id: int) -> StoredCorrection:
    """A correction by its number; raises NotFoundError."""
    row = session.get(CorrectionRow, correction_id)
    if row is None:
        raise NotFoundError(f"there is no correction {correction_id}.")
    return _stored(row)


def of_task(session: Session, task_id: int) -> list[StoredCorrection]:
    """What was said in a task and not undone, in the order of saying."""
    undo = aliased(CorrectionRow)
    query = select(CorrectionRow).where(
        CorrectionRow.task_id == task_id,
        CorrectionRow.undoes.is_(None),
        ~exists().where(undo.undoes == CorrectionRow.correction_id),
    )
    return [_stored(row) for row in session.scalars(query.order_by(CorrectionRow.correction_id))]


def any_of_task(session: Session, task_id: int) -> bool:
    """Whether anything was ever said in a task, undone or not."""
    query = select(CorrectionRow.correction_id).where(CorrectionRow.task_id == task_id)
    return session.scalars(query.limit(1)).first() is not None


def rows(
    session: Session,
    model: str,
    *,
    until: int | None = None,
    documents: Collection[str] | None = None,
) -> list[StoredCorrection]:
    """Every row of a model in the order of writing, undone ones and undos too.

    `until` gives the state as it was after that correction; `documents` those of some alone.
    """
    query = select(CorrectionRow).where(CorrectionRow.model == model)
    if until is not None:
        query = query.where(CorrectionRow.correction_id <= until)
    query = query.order_by(CorrectionRow.correction_id)
    if documents is None:
        return [_stored(row) for row in session.scalars(query)]
    found = [
        _stored(row)
        for part in parts(documents)
        for row in session.scalars(query.where(CorrectionRow.document_id.in_(part)))
    ]
    return sorted(found, key=lambda one: one.correction_id)


def page(
    session: Session,
    model: str | None = None,
    reviewer: str | None = None,
    *,
    after: int = 0,
    limit: int = 100,
) -> list[StoredCorrection]:
    """Rows by number from the one after `after`, at most `limit`: history and export."""
    query = select(CorrectionRow).where(CorrectionRow.correction_id > after)
    if model is not None:
        query = query.where(CorrectionRow.model == model)
    if reviewer is not None:
        query = query.where(CorrectionRow.reviewer == reviewer)
    query = query.order_by(CorrectionRow.correction_id).limit(limit)
    return [_stored(row) for row in session.scalars(query)]


def spoken(session: Session, model: str, reviewers: Collection[str], until: int) -> dict[str, int]:
    """On how many fields of documents each of them spoke up to a correction, what was undone by
    then left out; who said nothing is not in it."""
    undo = aliased(CorrectionRow)
    said = (
        select(CorrectionRow.reviewer, CorrectionRow.document_id, CorrectionRow.field)
        .where(
            CorrectionRow.model == model,
            CorrectionRow.reviewer.in_(reviewers),
            CorrectionRow.correction_id <= until,
            CorrectionRow.undoes.is_(None),
            ~exists().where(
                undo.undoes == CorrectionRow.correction_id, undo.correction_id <= until
            ),
        )
        .distinct()
        .subquery()
    )
    query = select(said.c.reviewer, func.count()).group_by(said.c.reviewer)
    return dict(session.execute(query).tuples().all())


def last(session: Session, model: str) -> int:
    """Number of the newest row, 0 before the first: names the state of all labels."""
    query = select(func.max(CorrectionRow.correction_id)).where(CorrectionRow.model == model)
    return session.scalars(query).one() or 0


def unclaimed_documents(session: Session, model: str) -> set[str]:
    """Documents with a correction that is in no batch, undone ones left out."""
    undo = aliased(CorrectionRow)
    query = select(CorrectionRow.document_id).where(
        CorrectionRow.model == model,
        CorrectionRow.undoes.is_(None),
        ~exists().where(
            MemberRow.model == model, MemberRow.correction_id == CorrectionRow.correction_id
        ),
        ~exists().where(undo.undoes == CorrectionRow.correction_id),
    )
    return set(session.scalars(query.distinct()))


def _undone(session: Session, correction_id: int) -> bool:
    query = select(CorrectionRow.correction_id).where(CorrectionRow.undoes == correction_id)
    return session.scalars(query).first() is not None


def _stored(row: CorrectionRow) -> StoredCorrection:
    content: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    return StoredCorrection.model_validate(content)
