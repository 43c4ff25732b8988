"""Where a model's corrections stand, for people: counted, claimed, and what is still missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.correction import Batch, RetrainRequest, Standing, ThresholdVerdict
from pipelines.contracts.policy import CorrectionPolicy
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import signals
from pipelines.corrections.threshold import evaluate
from pipelines.measures.rate import Rate
from pipelines.opsdb import batches, proposals, requests, standings
from pipelines.opsdb.database import Session
from pipelines.retraining.allowance import cooled_at, spent


@dataclass(frozen=True)
class Status:
    """One look at a model's corrections; it changes nothing."""

    model: str
    verdict: ThresholdVerdict
    counted: int
    """Corrected fields that would count now."""
    policy: CorrectionPolicy
    unsettled: int
    """Fields of documents with news that wait for another reviewer or an adjudicator."""
    batches: list[Batch]
    waiting: RetrainRequest | None
    running: RetrainRequest | None
    cools_until: datetime | None
    """None where nothing cools down any more."""
    spent: float
    """Cost of the trainings of seven days."""
    audit: Mapping[str, Rate]
    """Accuracy of the champion by field."""
    held: list[Standing]
    proposals: int
    """Corrections of golden documents that wait for a person."""


def read(session: Session, spec: ModelSpec, golden: Collection[str], now: datetime) -> Status:
    """The status as of now; `golden` are the keys of the golden set."""
    seen, new = signals.read(session, spec, golden, now)
    trained = seen.trainings or ()
    cools = cooled_at(trained, spec.corrections)
    return Status(
        model=spec.name,
        verdict=evaluate(seen, spec.corrections, now),
        counted=len(new.counted),
        policy=spec.corrections,
        unsettled=new.unsettled,
        batches=batches.all_of(session, spec.name),
        waiting=requests.waiting(session, spec.name),
        running=requests.running(session, spec.name),
        cools_until=cools if cools is not None and cools > now else None,
        spent=spent(trained, spec.corrections, now),
        audit=seen.audit or {},
        held=[one for one in standings.newest(session, spec.name).values() if one.held],
        proposals=len(proposals.listed(session, spec.name)),
    )
