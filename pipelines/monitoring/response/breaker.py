"""The circuit breaker: broken inputs pause scoring, and a person alone lets it go on."""

from datetime import datetime

from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.monitoring import BreakerRow, DriftVerdict
from pipelines.errors import RefusedError
from pipelines.opsdb import breaker, corrections
from pipelines.opsdb.database import OpsDb, Session


def trip(
    session: Session, model: str, window: str, verdict: DriftVerdict, now: datetime
) -> BreakerRow | None:
    """Pauses scoring where the verdict is `stop`; None where it does not, or is paused already.

    Under `corrections.lock` of the model.
    """
    if verdict.decision != "stop":
        return None
    reason = f"window {window}: {' '.join(verdict.reasons)}"
    return breaker.turn(session, model, paused=True, person=PLATFORM, reason=reason, now=now)


def pause(db: OpsDb, model: str, person: str, why: str, now: datetime) -> BreakerRow:
    """A person pauses scoring; raises RefusedError where it is paused."""
    return _turn(db, model, person, why, now, paused=True)


def resume(db: OpsDb, model: str, person: str, why: str, now: datetime) -> BreakerRow:
    """A person lets scoring go on; raises RefusedError where it is not paused."""
    return _turn(db, model, person, why, now, paused=False)


def held_since(row: BreakerRow) -> str:
    """Since when, by whom and why scoring is paused, and how it goes on."""
    return (
        f"scoring of {row.model} is paused since {row.at:%Y-%m-%d %H:%M}Z by {row.person}: "
        f"{row.reason.rstrip('.')}. {way_on(row.model)}"
    )


def way_on(model: str) -> str:
    """What lets scoring go on."""
    return f"To let it go on: millrace monitor resume {model} --as NAME --why …"


def _turn(
    db: OpsDb, model: str, person: str, why: str, now: datetime, *, paused: bool
) -> BreakerRow:
    with db.write() as session:
        corrections.lock(session, model)
        held = breaker.newest(session, model)
        made = breaker.turn(session, model, paused=paused, person=person, reason=why, now=now)
    if made is not None:
        return made
    if held is None or not paused:
        raise RefusedError(f"scoring of {model} is not paused: there is nothing to resume.")
    raise RefusedError(held_since(held))
