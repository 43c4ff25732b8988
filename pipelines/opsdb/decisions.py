"""Requests for a decision, and the decisions, in the caller's transaction."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from pipelines.contracts.decision import Decided, Request, RequestState, StoredRequest
from pipelines.opsdb.tables import DecisionRow, RequestRow

_REQUEST = tuple(StoredRequest.model_fields)
_DECISION = tuple(Decided.model_fields)


def ask(session: Session, request: Request) -> StoredRequest:
    """Puts a request; the same evidence of the same version is the same request."""
    query = _of(request.model, request.version)
    found = session.scalars(
        query.where(RequestRow.evidence_hash == request.evidence_hash)
    ).one_or_none()
    if found is None:
        content = request.model_dump() | {"verdict": request.verdict.model_dump(mode="json")}
        found = RequestRow(**content, state="waiting", note=None)
        session.add(found)
        session.flush()
    return _request(found)


def latest(session: Session, model: str, version: int) -> StoredRequest | None:
    """The newest request of a version; None where the gate never judged it."""
    found = session.scalars(
        _of(model, version).order_by(RequestRow.request_id.desc()).limit(1)
    ).one_or_none()
    return None if found is None else _request(found)


def requests(
    session: Session, model: str | None = None, state: RequestState | None = None
) -> list[StoredRequest]:
    """Requests, oldest first."""
    query = select(RequestRow).order_by(RequestRow.request_id)
    if model is not None:
        query = query.where(RequestRow.model == model)
    if state is not None:
        query = query.where(RequestRow.state == state)
    return [_request(row) for row in session.scalars(query)]


def due(session: Session, now: datetime) -> list[StoredRequest]:
    """Requests that wait although their time is over."""
    query = select(RequestRow).where(RequestRow.state == "waiting", RequestRow.expires_at <= now)
    return [_request(row) for row in session.scalars(query.order_by(RequestRow.request_id))]


def record(session: Session, decided: Decided) -> None:
    """Writes a decision; its request is decided, or expired where nobody answered."""
    session.add(DecisionRow(**decided.model_dump()))
    close(session, decided.request_id, "expired" if decided.via == "timeout" else "decided")


def close(session: Session, request_id: int, state: RequestState, note: str | None = None) -> None:
    """Takes a request out of waiting."""
    row = session.get_one(RequestRow, request_id)
    row.state, row.note = state, note
    session.flush()


def decision(session: Session, request_id: int) -> Decided | None:
    """The decision on a request; None while there is none."""
    row = session.get(DecisionRow, request_id)
    return None if row is None else _decided(row)


def decisions(session: Session, model: str | None = None) -> list[Decided]:
    """Decisions, in the order of their requests."""
    query = select(DecisionRow).order_by(DecisionRow.request_id)
    if model is not None:
        query = query.where(DecisionRow.model == model)
    return [_decided(row) for row in session.scalars(query)]


def _of(model: str, version: int) -> Select[RequestRow]:
    return select(RequestRow).where(RequestRow.model == model, RequestRow.version == version)


def _request(row: RequestRow) -> StoredRequest:
    return StoredRequest(**{name: getattr(row, name) for name in _REQUEST})


def _decided(row: DecisionRow) -> Decided:
    return Decided(**{name: getattr(row, name) for name in _DECISION})
