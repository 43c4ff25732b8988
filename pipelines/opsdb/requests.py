"""Retrain requests, in the caller's transaction and under `corrections.lock` of the model.

The one table through which a training starts, for whatever reason: of a model one request is
open at most and one runs at most, by the database's own rule. Reasons that come while one is open
join it.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from pipelines.contracts.correction import RetrainReason, RetrainRequest, RetrainState
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb.reviewtables import BatchRow, ReasonRow, RetrainRow

_REQUEST = tuple(name for name in RetrainRequest.model_fields if name not in {"reasons", "batches"})
_REASON = tuple(RetrainReason.model_fields)


def ask(session: Session, model: str, reason: RetrainReason) -> RetrainRequest:
    """The request that a reason leads to: the open one, else a new one.

    The same key again is the same request, whatever became of it.
    """
    known = session.scalars(
        select(ReasonRow).where(ReasonRow.model == model, ReasonRow.key == reason.key)
    ).one_or_none()
    if known is not None:
        return get(session, known.request_id)
    row = session.scalars(_in_state(model, "open")).one_or_none()
    if row is None:
        row = RetrainRow(model=model, state="open", requested_at=reason.at)
        session.add(row)
        session.flush()
    session.add(ReasonRow(request_id=row.request_id, model=model, **reason.model_dump()))
    session.flush()
    return _request(session, row)


def take(
    session: Session,
    request_id: int,
    run_id: str,
    now: datetime,
    labels_until: int,
    standings_until: int,
) -> RetrainRequest:
    """Gives an open request to a training; the same run again gets what it took.

    Raises RefusedError where another run has it, or another training of the model runs.
    """
    row = _row(session, request_id)
    if row.run_id == run_id and row.state != "failed":
        return _request(session, row)
    if row.state != "open":
        raise RefusedError(
            f"retrain request {request_id} of {row.model} is {row.state}, by run {row.run_id}: "
            "one request makes one training. Ask anew."
        )
    running = session.scalars(_in_state(row.model, "running")).one_or_none()
    if running is not None:
        raise RefusedError(
            f"{row.model} is being trained by run {running.run_id} (request "
            f"{running.request_id}). Try again when it has ended; where it is gone for good: "
            f"millrace corrections release {running.request_id}"
        )
    row.state, row.run_id, row.started_at = "running", run_id, now
    row.labels_until, row.standings_until = labels_until, standings_until
    session.flush()
    return _request(session, row)


def finish(
    session: Session, request_id: int, version: int | None, cost: float | None, now: datetime
) -> RetrainRequest:
    """A training came to its end with a version, or found one that was there; again is the same."""
    row = _row(session, request_id)
    if row.state == "running":
        row.state, row.version, row.cost, row.finished_at = "done", version, cost, now
        session.flush()
    return _request(session, row)


def release(session: Session, request_id: int, why: str, now: datetime) -> RetrainRequest:
    """Takes a request back from a training that failed for good: it is open again.

    Where another is open by now that one takes over its reasons. Says which request stands for
    it now. What does not run stays as it is.
    """
    row = _row(session, request_id)
    if row.state != "running":
        return standing_for(session, request_id)
    row.state, row.finished_at, row.note = "failed", now, why
    other = session.scalars(_in_state(row.model, "open")).one_or_none()
    if other is None:
        # The failed one stays on record with its run: a request has one run.
        other = RetrainRow(model=row.model, state="open", requested_at=now)
        session.add(other)
        session.flush()
    row.merged_into = other.request_id
    session.flush()
    return _request(session, other)


def standing_for(session: Session, request_id: int) -> RetrainRequest:
    """The request itself, or the one that took over its reasons, however often."""
    row = _row(session, request_id)
    while row.merged_into is not None:
        row = _row(session, row.merged_into)
    return _request(session, row)


def get(session: Session, request_id: int) -> RetrainRequest:
    """A request by its number; raises NotFoundError."""
    return _request(session, _row(session, request_id))


def find(session: Session, model: str, run_id: str) -> RetrainRequest | None:
    """What a training took, the newest where it was cleared and took another; None for nothing."""
    query = select(RetrainRow).where(RetrainRow.model == model, RetrainRow.run_id == run_id)
    row = session.scalars(query.order_by(RetrainRow.request_id.desc())).first()
    return None if row is None else _request(session, row)


def that_made(session: Session, model: str, version: int) -> RetrainRequest | None:
    """The request whose training made a version, or the first that found it made; None for none."""
    query = select(RetrainRow).where(RetrainRow.model == model, RetrainRow.version == version)
    row = session.scalars(query.order_by(RetrainRow.request_id)).first()
    return None if row is None else _request(session, row)


def waiting(session: Session, model: str) -> RetrainRequest | None:
    """The open request of a model."""
    row = session.scalars(_in_state(model, "open")).one_or_none()
    return None if row is None else _request(session, row)


def running(session: Session, model: str) -> RetrainRequest | None:
    """The request that is being trained."""
    row = session.scalars(_in_state(model, "running")).one_or_none()
    return None if row is None else _request(session, row)


def started(session: Session, model: str) -> Iterator[RetrainRequest]:
    """Requests that a training took, newest first."""
    query = select(RetrainRow).where(RetrainRow.model == model, RetrainRow.started_at.is_not(None))
    # Not by time: a clock may jump.
    found = session.scalars(query.order_by(RetrainRow.request_id.desc()))
    return (_request(session, row) for row in found.all())


def latest(session: Session, model: str, limit: int = 100) -> list[RetrainRequest]:
    """Requests of a model, newest first."""
    query = select(RetrainRow).where(RetrainRow.model == model)
    found = session.scalars(query.order_by(RetrainRow.request_id.desc()).limit(limit))
    return [_request(session, row) for row in found]


def _in_state(model: str, state: RetrainState) -> Select[RetrainRow]:
    return select(RetrainRow).where(RetrainRow.model == model, RetrainRow.state == state)


def _row(session: Session, request_id: int) -> RetrainRow:
    row = session.get(RetrainRow, request_id, populate_existing=True)
    if row is None:
        raise NotFoundError(f"there is no retrain request {request_id}.")
    return row


def _request(session: Session, row: RetrainRow) -> RetrainRequest:
    """With the reasons and batches of its own and of those whose training failed."""
    members = family(session, row.request_id)
    reasons = session.scalars(
        select(ReasonRow).where(ReasonRow.request_id.in_(members)).order_by(ReasonRow.reason_id)
    )
    batches = session.scalars(
        select(BatchRow.batch_id)
        .where(BatchRow.request_id.in_(members))
        .order_by(BatchRow.batch_id)
    )
    return RetrainRequest(
        **{name: getattr(row, name) for name in _REQUEST},
        reasons=[
            RetrainReason(**{name: getattr(one, name) for name in _REASON}) for one in reasons
        ],
        batches=list(batches),
    )


def family(session: Session, request_id: int) -> list[int]:
    """The request and all that were merged into it."""
    found, new = [request_id], [request_id]
    while new:
        query = select(RetrainRow.request_id).where(RetrainRow.merged_into.in_(new))
        new = list(session.scalars(query))
        found += new
    return found
