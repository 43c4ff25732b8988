"""The switch that stops scoring of a model, as a log, in the caller's transaction.

The newest row says how it stands. Rows are added alone, under `corrections.lock`.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.contracts.monitoring import BreakerRow
from pipelines.opsdb.monitortables import BreakerTable


def turn(
    session: Session, model: str, *, paused: bool, person: str, reason: str, now: datetime
) -> BreakerRow | None:
    """Pauses scoring or lets it go on; None, and no row, where it stands so already."""
    held = newest(session, model)
    if paused == (held is not None and held.paused):
        return None
    row = BreakerTable(model=model, paused=paused, at=now, person=person, reason=reason)
    session.add(row)
    session.flush()
    return _row(row)


def newest(session: Session, model: str) -> BreakerRow | None:
    """The last turn of the switch; None where it was never turned."""
    query = select(BreakerTable).where(BreakerTable.model == model)
    # Not by time: a clock may jump.
    found = session.scalars(query.order_by(BreakerTable.row_id.desc()).limit(1)).first()
    return None if found is None else _row(found)


def is_paused(session: Session, model: str) -> BreakerRow | None:
    """The turn that paused scoring; None where it goes on."""
    found = newest(session, model)
    return found if found is not None and found.paused else None


def rows(session: Session, model: str) -> list[BreakerRow]:
    """Every turn, oldest first."""
    query = select(BreakerTable).where(BreakerTable.model == model)
    return [_row(row) for row in session.scalars(query.order_by(BreakerTable.row_id))]


def _row(row: BreakerTable) -> BreakerRow:
    return BreakerRow.model_validate({name: getattr(row, name) for name in BreakerRow.model_fields})
