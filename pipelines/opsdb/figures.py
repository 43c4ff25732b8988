"""Figures of the operations database for whoever watches it: counts and ages, no content.

Each is one grouped query, so that it may be asked every few seconds.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

from pipelines.contracts.decision import PLATFORM
from pipelines.opsdb.monitortables import BreakerTable, IncidentRow, WindowRow
from pipelines.opsdb.reviewtables import CorrectionRow, MemberRow, RetrainRow, StandingRow, TaskRow
from pipelines.opsdb.tables import LedgerTable, RequestRow


class Count(NamedTuple):
    """How many there are of a kind of a model, and since when the oldest."""

    model: str
    kind: str
    number: int
    since: datetime | None = None


class Champion(NamedTuple):
    """The version that answers, and since when."""

    model: str
    version: int
    since: datetime


class Open(NamedTuple):
    """An incident that has not ended."""

    model: str
    kind: str
    severity: str
    since: datetime


def review_queue(session: Session) -> list[Count]:
    """Open review tasks by reason."""
    count, since = func.count(), func.min(TaskRow.created_at)
    query = select(TaskRow.model, TaskRow.reason, count, since).where(TaskRow.state == "open")
    return _counts(session, query.group_by(TaskRow.model, TaskRow.reason))


def reviewers_held(session: Session) -> list[Count]:
    """Reviewers who were held back by what was measured and on whom no supervisor decided."""
    newest = select(func.max(StandingRow.standing_id)).group_by(
        StandingRow.model, StandingRow.reviewer
    )
    query = select(
        StandingRow.model, literal("undecided"), func.count(), func.min(StandingRow.at)
    ).where(StandingRow.standing_id.in_(newest), StandingRow.held, StandingRow.by == PLATFORM)
    return _counts(session, query.group_by(StandingRow.model))


def corrections_waiting(session: Session) -> list[Count]:
    """Corrected fields in no batch yet, also those that still wait for a second reviewer."""
    changed = (CorrectionRow.verdict == "wrong") | (
        (CorrectionRow.verdict == "absent") & CorrectionRow.before.is_not(None)
    )
    undo = aliased(CorrectionRow)
    fields = (
        select(CorrectionRow.model, CorrectionRow.document_id, CorrectionRow.field)
        .outerjoin(MemberRow, MemberRow.correction_id == CorrectionRow.correction_id)
        .where(MemberRow.batch_id.is_(None), CorrectionRow.undoes.is_(None), changed)
        .where(~exists().where(undo.undoes == CorrectionRow.correction_id))
        .distinct()
        .subquery()
    )
    query = select(fields.c.model, func.count()).group_by(fields.c.model)
    return [Count(model, "waiting", count) for model, count in session.execute(query)]


def gate_verdicts(session: Session) -> list[Count]:
    """What the gate said of versions, by decision."""
    decision = RequestRow.verdict["decision"].as_string()
    query = select(RequestRow.model, decision, func.count())
    return _counts(session, query.group_by(RequestRow.model, decision))


def decisions_waiting(session: Session) -> list[Count]:
    """Versions that wait for a person's word."""
    query = select(
        RequestRow.model, RequestRow.state, func.count(), func.min(RequestRow.requested_at)
    ).where(RequestRow.state == "waiting")
    return _counts(session, query.group_by(RequestRow.model, RequestRow.state))


def retrain_requests(session: Session) -> list[Count]:
    """Retrain requests that are open or run, by state."""
    query = select(
        RetrainRow.model, RetrainRow.state, func.count(), func.min(RetrainRow.requested_at)
    ).where(RetrainRow.state.in_(("open", "running")))
    return _counts(session, query.group_by(RetrainRow.model, RetrainRow.state))


def champions(session: Session) -> list[Champion]:
    """The champion of each model, by the ledger."""
    newest = (
        select(func.max(LedgerTable.sequence))
        .where(LedgerTable.kind != "shadow")
        .group_by(LedgerTable.model)
    )
    query = select(LedgerTable.model, LedgerTable.to_version, LedgerTable.at).where(
        LedgerTable.sequence.in_(newest)
    )
    return [Champion(*row) for row in session.execute(query)]


def monitor_verdicts(session: Session) -> list[Count]:
    """Judged windows by decision."""
    decision = WindowRow.verdict["decision"].as_string()
    query = select(WindowRow.model, decision, func.count())
    return _counts(session, query.group_by(WindowRow.model, decision))


def newest_verdicts(session: Session) -> list[Count]:
    """The decision about each model's newest window, and when it was made."""
    newest = (
        select(WindowRow.model, func.max(WindowRow.window).label("window"))
        .group_by(WindowRow.model)
        .subquery()
    )
    decision = WindowRow.verdict["decision"].as_string()
    query = select(WindowRow.model, decision, literal(1), WindowRow.judged_at).join(
        newest, (newest.c.model == WindowRow.model) & (newest.c.window == WindowRow.window)
    )
    return _counts(session, query.order_by(WindowRow.model))


def open_incidents(session: Session) -> list[Open]:
    """Incidents that have not ended."""
    query = select(
        IncidentRow.model, IncidentRow.kind, IncidentRow.severity, IncidentRow.opened_at
    ).where(IncidentRow.closed_at.is_(None))
    return [Open(*row) for row in session.execute(query)]


def paused(session: Session) -> dict[str, bool]:
    """Whether scoring is paused, of each model whose breaker was ever turned."""
    newest = select(func.max(BreakerTable.row_id)).group_by(BreakerTable.model)
    query = select(BreakerTable.model, BreakerTable.paused).where(BreakerTable.row_id.in_(newest))
    return {model: bool(value) for model, value in session.execute(query)}


def _counts(session: Session, query: Select[*tuple[Any, ...]]) -> list[Count]:
    return [Count(*row) for row in session.execute(query)]
