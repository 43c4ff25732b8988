"""An incident asks for a training, through the one table of requests, and obeys what all obey.

Drift never promotes: the gate judges what comes of the training, on rows of the new regime. Where
too few of these have labels nothing is trained, and it is said what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.monitoring import Incident
from pipelines.contracts.policy import CorrectionPolicy, MonitorPolicy
from pipelines.contracts.spec import ModelSpec
from pipelines.monitoring.verdict import KIND
from pipelines.opsdb import incidents, requests
from pipelines.opsdb.database import Session
from pipelines.retraining.allowance import obstacles
from pipelines.retraining.trainings import trainings


@dataclass(frozen=True)
class Labelled:
    """Labelled rows since an incident began, and the days from its first to the newest of them."""

    rows: int
    days: int


def may_ask(one: Incident, policy: MonitorPolicy) -> bool:
    """Whether a training could answer an incident, which has asked for none yet."""
    return one.request_id is None and one.kind in policy.retrain_on and one.severity != "low"


def ask(session: Session, spec: ModelSpec, labelled: Mapping[str, Labelled], now: datetime) -> None:
    """Asks for a training for each open incident that may have one and has not asked yet.

    `labelled` is by the incidents' first days; of one that is missing it could not be read, and
    nothing starts. Under `corrections.lock`.
    """
    for one in incidents.still_open(session, spec.name):
        if one.request_id is not None:
            _note(session, one, _became(session, one.request_id))
        elif one.kind in KIND.values():
            _consider(session, spec, one, labelled, now)


def waiting(session: Session, model: str) -> int | None:
    """The request that an incident led to and that no training has taken yet."""
    found = requests.waiting(session, model)
    drift = found is not None and any(one.kind == "drift" for one in found.reasons)
    return found.request_id if found is not None and drift else None


def _consider(
    session: Session,
    spec: ModelSpec,
    one: Incident,
    labelled: Mapping[str, Labelled],
    now: datetime,
) -> None:
    policy = spec.monitoring
    if one.kind not in policy.retrain_on:
        if one.kind in {"drift", "quality"}:
            _note(session, one, "model.yaml asks for no training: `monitoring: retrain_on`.")
        return
    if one.severity == "low":
        _note(session, one, "No training: the model hardly looks at what moved.")
        return
    found = labelled.get(one.since)
    if found is None:
        _note(session, one, "No training yet: the labels since it began could not be read.")
        return
    missing = policy.min_labelled - found.rows
    if missing > 0:
        how = (
            "Review tasks from it are asked for first." if spec.is_reviewed else "They come later."
        )
        said = f"{found.rows} of {policy.min_labelled} labelled rows since {one.since}. {how}"
        _note(session, one, f"No training yet: {said}", labels_missing=missing)
        return
    if spec.split.for_regime(found.days) is None:
        said = (
            f"No training yet: the rows of {found.days} days since {one.since} have labels, too "
            "few days to train on the older and to test on the newer of them. More days will come."
        )
        _note(session, one, said)
        return
    joins = requests.waiting(session, spec.name) is not None
    against = [] if joins else _against(session, spec.corrections, spec.name, now)
    if against:
        _note(session, one, f"No training yet. {' '.join(against)}")
        return
    reason = RetrainReason(
        key=f"incident {one.incident_id}",
        kind="drift",
        detail=one.headline,
        person=PLATFORM,
        at=now,
    )
    request = requests.ask(session, spec.name, reason)
    said = _became(session, request.request_id)
    incidents.follow(session, one.incident_id, said, request_id=request.request_id)


def _became(session: Session, request_id: int) -> str:
    """What became of the training that was asked for."""
    found = requests.standing_for(session, request_id)
    said = f"A training was asked for: request {found.request_id}"
    if found.state == "running":
        return f"{said}, which is being trained."
    if found.state == "done" and found.version is not None:
        return f"{said}, which made version {found.version}: millrace models {found.model}."
    return f"{said}."


def _against(session: Session, policy: CorrectionPolicy, model: str, now: datetime) -> list[str]:
    return obstacles(trainings(session, model, now), policy, now)


def _note(session: Session, one: Incident, said: str, labels_missing: int | None = None) -> None:
    if (one.follows, one.labels_missing) != (said, labels_missing):
        incidents.follow(session, one.incident_id, said, labels_missing=labels_missing)
