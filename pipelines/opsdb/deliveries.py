"""Which channel has been told of which transition, in the caller's transaction.

A delivery is claimed before it is sent, so that of two at once one sends; one whose sender died
is claimed again after a while. So a channel is told at least once, and twice only then.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import Session

from pipelines.contracts.monitoring import Transition
from pipelines.opsdb.bulk import insert_new
from pipelines.opsdb.monitortables import DeliveryRow, IncidentRow, TransitionRow

_OWN = tuple(name for name in Transition.model_fields if name not in {"model", "kind"})


def due(
    session: Session, model: str, channel: str, now: datetime, *, again: timedelta
) -> list[Transition]:
    """Transitions of a model that the channel does not have, oldest first.

    One that was claimed less than `again` ago is left out: somebody is sending it.
    """
    here = and_(
        DeliveryRow.transition_id == TransitionRow.transition_id, DeliveryRow.channel == channel
    )
    missing = or_(DeliveryRow.channel.is_(None), _lost(now - again))
    query = told().outerjoin(DeliveryRow, here).where(IncidentRow.model == model, missing)
    return read(session, query)


def claim(
    session: Session, transition_id: int, channel: str, now: datetime, *, again: timedelta
) -> bool:
    """Takes a delivery; False where another has it or it is done."""
    row = {"transition_id": transition_id, "channel": channel, "claimed_at": now}
    if insert_new(session, DeliveryRow, [row]):
        return True
    lost = update(DeliveryRow).where(*_key(transition_id, channel), _lost(now - again))
    taken = session.execute(lost.values(claimed_at=now, note=None))
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def done(session: Session, transition_id: int, channel: str, now: datetime) -> None:
    """The channel has it."""
    values = {"delivered_at": now, "note": None}
    session.execute(update(DeliveryRow).where(*_key(transition_id, channel)).values(**values))


def failed(session: Session, transition_id: int, channel: str, now: datetime, why: str) -> None:
    """The channel did not take it, and why; it is due again at once."""
    values = {"claimed_at": now, "note": why}
    session.execute(update(DeliveryRow).where(*_key(transition_id, channel)).values(**values))


def of_incident(session: Session, incident_id: int) -> list[dict[str, Any]]:
    """`what`, `channel`, `delivered_at` (None: not yet) and `note` of each, in order."""
    query = (
        select(TransitionRow.what, DeliveryRow.channel, DeliveryRow.delivered_at, DeliveryRow.note)
        .join(TransitionRow, TransitionRow.transition_id == DeliveryRow.transition_id)
        .where(TransitionRow.incident_id == incident_id)
        .order_by(TransitionRow.transition_id, DeliveryRow.channel)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def told() -> Select[TransitionRow, str, str]:
    """Query of all transitions with model and kind, oldest first."""
    return (
        select(TransitionRow, IncidentRow.model, IncidentRow.kind)
        .join(IncidentRow, IncidentRow.incident_id == TransitionRow.incident_id)
        .order_by(TransitionRow.transition_id)
    )


def read(session: Session, query: Select[TransitionRow, str, str]) -> list[Transition]:
    """What a query that began with `told` finds."""
    return [
        Transition(**{name: getattr(row, name) for name in _OWN}, model=model, kind=kind)
        for row, model, kind in session.execute(query)
    ]


def _lost(before: datetime) -> ColumnElement[bool]:
    """Claimed and not sent: its sender said that it failed, or has been silent for long."""
    nobody = or_(DeliveryRow.note.is_not(None), DeliveryRow.claimed_at <= before)
    return and_(DeliveryRow.delivered_at.is_(None), nobody)


def _key(transition_id: int, channel: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return DeliveryRow.transition_id == transition_id, DeliveryRow.channel == channel
