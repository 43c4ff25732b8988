"""Former trainings of a model, as what stands against another one needs them."""

from datetime import datetime

from pipelines.contracts.correction import RetrainRequest
from pipelines.opsdb import decisions, requests
from pipelines.opsdb.database import Session
from pipelines.retraining.allowance import WEEK, Training


def trainings(session: Session, model: str, now: datetime) -> list[Training]:
    """Trainings newest first, back to a week ago and the last candidate that was not rejected."""
    found: list[Training] = []
    kept = False
    for request in requests.started(session, model):
        at = request.started_at or request.requested_at
        if kept and at <= now - WEEK:
            break
        found.append(Training(at, request.cost, _rejected(session, request)))
        kept = kept or found[-1].rejected is False
    return found


def _rejected(session: Session, request: RetrainRequest) -> bool | None:
    """By the decision on the version that came of it; a time-out is a rejection too."""
    if request.version is None:
        return None
    asked = decisions.latest(session, request.model, request.version)
    decided = None if asked is None else decisions.decision(session, asked.request_id)
    return None if decided is None else decided.choice == "reject"
