"""Which reviewers' corrections count, in the caller's transaction. Rows are added alone."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.contracts.correction import Standing
from pipelines.opsdb.reviewtables import StandingRow

_STANDING = tuple(Standing.model_fields)


def write(
    session: Session, model: str, reviewer: str, held: bool, why: str, by: str, now: datetime
) -> Standing:
    """From now on the reviewer is held back, or counts again; under `corrections.lock`."""
    row = StandingRow(model=model, reviewer=reviewer, held=held, why=why, by=by, at=now)
    session.add(row)
    session.flush()
    return _standing(row)


def newest(session: Session, model: str, until: int | None = None) -> dict[str, Standing]:
    """The newest row of each reviewer who has one, up to the row `until` where it is given."""
    query = select(StandingRow).where(StandingRow.model == model)
    if until is not None:
        query = query.where(StandingRow.standing_id <= until)
    found = session.scalars(query.order_by(StandingRow.standing_id))
    return {row.reviewer: _standing(row) for row in found}


def held(session: Session, model: str, until: int | None = None) -> set[str]:
    """Reviewers who are held back."""
    return {name for name, one in newest(session, model, until).items() if one.held}


def last(session: Session, model: str) -> int:
    """Number of the newest row, 0 before the first."""
    query = select(func.max(StandingRow.standing_id)).where(StandingRow.model == model)
    return session.scalars(query).one() or 0


def _standing(row: StandingRow) -> Standing:
    return Standing(**{name: getattr(row, name) for name in _STANDING})
