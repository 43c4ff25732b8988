"""Incidents and their transitions, in the caller's transaction and under `corrections.lock`.

Of a model and kind one incident is open at most, by the database's own rule. Opening, getting
worse and closing are transitions, which people are told of, written in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.monitoring import Happening, Incident, Severity, Transition
from pipelines.errors import NotFoundError
from pipelines.opsdb import requests
from pipelines.opsdb.deliveries import read, told
from pipelines.opsdb.monitortables import IncidentRow, TransitionRow

_INCIDENT = tuple(Incident.model_fields)
_RANK: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2}


def begin(
    session: Session,
    model: str,
    kind: str,
    *,
    severity: Severity,
    since: str,
    window: str,
    headline: str,
    causes: Sequence[str],
    moved: Sequence[str],
    now: datetime,
) -> Incident:
    """Opens an incident; the database refuses a second one of the model and kind."""
    row = IncidentRow(
        model=model, kind=kind, severity=severity, since=since, last=window, opened_at=now,
        headline=headline, causes=list(causes), moved=list(moved), follows="",
    )  # fmt: skip
    session.add(row)
    session.flush()
    _tell(session, row, "opened", window, now)
    return _incident(row)


def see(
    session: Session,
    incident_id: int,
    *,
    severity: Severity,
    window: str,
    headline: str,
    causes: Sequence[str],
    moved: Sequence[str],
    now: datetime,
) -> Incident:
    """Sees an open incident in a later window; worse is told, and it never gets better again.

    A window that is not later changes nothing.
    """
    row = _row(session, incident_id)
    if row.closed_at is not None or window <= row.last:
        return _incident(row)
    worse = _RANK[severity] > _RANK[_incident(row).severity]
    row.last, row.headline, row.causes, row.moved = window, headline, list(causes), list(moved)
    if worse:
        row.severity = severity
        _tell(session, row, "worse", window, now)
    session.flush()
    return _incident(row)


def close(session: Session, incident_id: int, window: str, now: datetime) -> Incident:
    """Ends an incident with the window that ended it; again is the same."""
    row = _row(session, incident_id)
    if row.closed_at is None:
        row.closed_at, row.labels_missing = now, None
        _tell(session, row, "closed", window, now)
        session.flush()
    return _incident(row)


def follow(
    session: Session,
    incident_id: int,
    follows: str,
    *,
    request_id: int | None = None,
    labels_missing: int | None = None,
) -> Incident:
    """Notes what was done about an incident; a request it led to stays."""
    row = _row(session, incident_id)
    row.follows, row.labels_missing = follows, labels_missing
    row.request_id = row.request_id if request_id is None else request_id
    session.flush()
    return _incident(row)


def get(session: Session, incident_id: int) -> Incident:
    """An incident by its number; raises NotFoundError."""
    return _incident(_row(session, incident_id))


def still_open(session: Session, model: str | None = None) -> list[Incident]:
    """Open incidents of a model or of all, the oldest first."""
    query = select(IncidentRow).where(IncidentRow.closed_at.is_(None))
    if model is not None:
        query = query.where(IncidentRow.model == model)
    return [_incident(row) for row in session.scalars(query.order_by(IncidentRow.incident_id))]


def latest(session: Session, model: str | None = None, limit: int = 100) -> list[Incident]:
    """Incidents of a model or of all, open and closed, newest first."""
    query = select(IncidentRow)
    if model is not None:
        query = query.where(IncidentRow.model == model)
    found = session.scalars(query.order_by(IncidentRow.incident_id.desc()).limit(limit))
    return [_incident(row) for row in found]


def wanting_labels(session: Session, model: str) -> Incident | None:
    """The open incident whose training waits for labels of its regime, the oldest."""
    return next((one for one in still_open(session, model) if one.labels_missing), None)


def behind(session: Session, request_id: int) -> list[Incident]:
    """Incidents that led to a retrain request, or to one that it took over, by number."""
    asked = IncidentRow.request_id.in_(requests.family(session, request_id))
    found = session.scalars(select(IncidentRow).where(asked).order_by(IncidentRow.incident_id))
    return [_incident(row) for row in found]


def transitions(session: Session, incident_id: int) -> list[Transition]:
    """What was told of an incident, oldest first."""
    query = told().where(TransitionRow.incident_id == incident_id)
    return read(session, query)


def _tell(session: Session, row: IncidentRow, what: Happening, window: str, now: datetime) -> None:
    session.add(
        TransitionRow(
            incident_id=row.incident_id, what=what, window=window, severity=row.severity,
            headline=row.headline, causes=row.causes, at=now,
        )
    )  # fmt: skip
    session.flush()


def _row(session: Session, incident_id: int) -> IncidentRow:
    row = session.get(IncidentRow, incident_id, populate_existing=True)
    if row is None:
        raise NotFoundError(f"there is no incident {incident_id}. See: millrace monitor alerts")
    return row


def _incident(row: IncidentRow) -> Incident:
    return Incident.model_validate({name: getattr(row, name) for name in _INCIDENT})
