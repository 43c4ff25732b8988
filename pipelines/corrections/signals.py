"""Reads what the threshold looks at."""

from collections.abc import Container
from datetime import datetime

from pipelines.contracts.correction import RetrainRequest
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import accuracy, state
from pipelines.corrections.threshold import WEEK, Signals, Training
from pipelines.governance import standing
from pipelines.opsdb import decisions, ledger, requests
from pipelines.opsdb.database import Session


def read(
    session: Session, spec: ModelSpec, golden: Container[str], now: datetime
) -> tuple[Signals, state.Fresh]:
    """The signals of a model, and the corrections that a batch would claim."""
    new = state.fresh(session, spec, golden)
    champion = standing.champion(ledger.rows(session, spec.name))
    audit = {} if champion is None else accuracy.measure(session, spec, champion).fields
    waiting = requests.waiting(session, spec.name)
    return (
        Signals(
            counted=len(new.counted),
            audit=audit,
            trainings=trainings(session, spec.name, now),
            waiting=None if waiting is None else waiting.request_id,
        ),
        new,
    )


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
