"""What a training calls: it takes the one open request, and says what became of it.

Every training goes this way, whatever started it. So reasons at once make one training, and what
a training has learnt from counts no more towards the next one.
"""

from collections.abc import Container
from datetime import datetime

from pipelines.contracts.correction import RetrainReason, RetrainRequest
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import state
from pipelines.errors import RefusedError
from pipelines.opsdb import batches, corrections, requests, standings
from pipelines.opsdb.database import Session


def ask(session: Session, model: str, reason: RetrainReason) -> RetrainRequest:
    """Wishes for a training; the same key again, and reasons while one is open, are one request."""
    corrections.lock(session, model)
    return requests.ask(session, model, reason)


def run_id(request: RetrainRequest) -> str:
    """Name of the run that a request starts, so that it is started once."""
    return f"retrain__{request.request_id}"


def start(
    session: Session,
    spec: ModelSpec,
    run: str,
    golden: Container[str],
    now: datetime,
    reason: RetrainReason | None = None,
) -> RetrainRequest:
    """The request that the run `run` trains: `labels_until` and `standings_until` fix its labels.

    A task tried again gets the same. `reason` is that of a run which starts without a request (by
    hand, on schedule); it takes an open one where there is one. Settled corrections that no batch
    has are claimed for it too, for it learns from them. Raises RefusedError where nothing is open
    and there is no reason, or another training of the model runs.
    """
    corrections.lock(session, spec.name)
    known = requests.find(session, spec.name, run)
    if known is not None and known.state in {"running", "done"}:
        return known
    if reason is not None:
        requests.ask(session, spec.name, reason)
    request = requests.waiting(session, spec.name)
    if request is None:
        raise RefusedError(
            f"no retrain request of {spec.name} is open: another training took it. Start one by "
            f"hand: millrace run train {spec.name}"
        )
    new = state.fresh(session, spec, golden)
    if new.members:
        key = f"request {request.request_id} run {run}"
        batches.write(
            session, spec.name, key, request.request_id, new.members, len(new.counted), now
        )
    return requests.take(
        session,
        request.request_id,
        run,
        now,
        labels_until=corrections.last(session, spec.name),
        standings_until=standings.last(session, spec.name),
    )


def finish(
    session: Session,
    model: str,
    run: str,
    version: int | None,
    cost: float | None,
    now: datetime,
) -> RetrainRequest | None:
    """The run has made a version, or found it there; None where it took no request."""
    corrections.lock(session, model)
    known = requests.find(session, model, run)
    return None if known is None else requests.finish(session, known.request_id, version, cost, now)


def give_up(
    session: Session, model: str, run: str, why: str, now: datetime
) -> RetrainRequest | None:
    """The run has failed for good: its reasons and batches wait again, in the request it gives."""
    corrections.lock(session, model)
    known = requests.find(session, model, run)
    return None if known is None else requests.release(session, known.request_id, why, now)


def release(
    session: Session, model: str, request_id: int, why: str, now: datetime
) -> RetrainRequest:
    """The same by the request's number, where a person knows that its run is gone."""
    corrections.lock(session, model)
    return requests.release(session, request_id, why, now)
