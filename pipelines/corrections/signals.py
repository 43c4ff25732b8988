"""Reads what the threshold looks at."""

from collections.abc import Container
from datetime import datetime

from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import accuracy, state
from pipelines.corrections.threshold import Signals
from pipelines.governance import standing
from pipelines.opsdb import ledger, requests
from pipelines.opsdb.database import Session
from pipelines.retraining.trainings import trainings


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
