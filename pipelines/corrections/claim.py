"""Claims corrections for a training, in one transaction: the batch and the request are one fact.

A crash before the commit leaves nothing, one after it all. Who comes again with the same key (a
task tried again, a second scheduler with the same run) finds what was claimed; who comes with
another finds that those corrections are in a batch.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.correction import (
    Batch,
    RetrainReason,
    RetrainRequest,
    Standing,
    ThresholdVerdict,
)
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import hold, signals, state
from pipelines.corrections.threshold import evaluate
from pipelines.opsdb import batches, corrections, requests
from pipelines.opsdb.database import Session


@dataclass(frozen=True)
class Claimed:
    """What came of looking at the threshold."""

    verdict: ThresholdVerdict
    batch: Batch | None
    """None where nothing fired."""
    request: RetrainRequest | None
    """The one that stands for the batch now."""
    held: list[Standing]
    """Reviewers who were held back at this look: a supervisor is to be told."""
    proposed: int
    """Corrections of golden documents that came onto the proposal list."""


def look(
    session: Session, spec: ModelSpec, golden: Collection[str], now: datetime
) -> ThresholdVerdict:
    """Whether the threshold would fire; reads alone, for the trigger and for people."""
    found, _ = signals.read(session, spec, golden, now)
    return evaluate(found, spec.corrections, now)


def claim(
    session: Session, spec: ModelSpec, key: str, golden: Collection[str], now: datetime
) -> Claimed:
    """Claims all that is new if the threshold fires, and asks for a training of it.

    `key` names the claimer, e.g. `{dag}/{run}`: the same key again is the same batch. `golden` are
    the keys of the golden set.
    """
    corrections.lock(session, spec.name)
    found = batches.find(session, spec.name, key)
    if found is not None:
        request = requests.standing_for(session, found.request_id)
        said = f"Claimed before as batch {found.batch_id}."
        verdict = ThresholdVerdict(decision="fire", reasons=[said], missing=0)
        return Claimed(verdict, found, request, [], 0)
    proposed = state.propose_golden(session, spec, golden, now)
    held = hold.judge(session, spec, now)
    seen, new = signals.read(session, spec, golden, now)
    verdict = evaluate(seen, spec.corrections, now)
    if verdict.decision == "wait":
        return Claimed(verdict, None, None, held, proposed)
    reason = RetrainReason(
        key=f"batch {key}",
        kind="corrections",
        detail=" ".join(verdict.reasons),
        person=PLATFORM,
        at=now,
    )
    request = requests.ask(session, spec.name, reason)
    batch = batches.write(
        session, spec.name, key, request.request_id, new.members, len(new.counted), now
    )
    return Claimed(verdict, batch, requests.get(session, request.request_id), held, proposed)
