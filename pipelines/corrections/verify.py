"""What must hold of corrections, batches and requests at any moment, whatever was killed when.

Counts anew from all rows, by another way than claiming does.
"""

from collections import Counter
from collections.abc import Container

from pipelines.contracts.correction import RetrainRequest
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import state
from pipelines.corrections.settle import answer, same_value
from pipelines.opsdb import batches, requests
from pipelines.opsdb.database import Session


def faults(
    session: Session, spec: ModelSpec, golden: Container[str], *, ended: bool = False
) -> list[str]:
    """What is wrong, in sentences; empty where all is well.

    `ended` also wants every request trained: for the end of a trial.
    """
    return [*_batches(session, spec, golden), *_requests(session, spec, ended)]


def _batches(session: Session, spec: ModelSpec, golden: Container[str]) -> list[str]:
    found: list[str] = []
    same, whole = same_value(spec), state.read(session, spec)
    new = state.fresh(session, spec, golden)
    kept = batches.all_of(session, spec.name)
    held = {one.batch_id: batches.members(session, one.batch_id) for one in kept}
    times = Counter(one for members in held.values() for one in members)
    for one, count in sorted(times.items()):
        if count > 1:
            found.append(f"correction {one} is in {count} batches")
    for batch in kept:
        if len(held[batch.batch_id]) != batch.rows or not batch.rows:
            found.append(
                f"batch {batch.batch_id} says {batch.rows} rows and has {len(held[batch.batch_id])}"
            )
    waiting = set(new.members)
    if waiting & times.keys():
        found.append(f"claimed and new at once: {sorted(waiting & times.keys())[:5]}")
    for (document, field), item in whole.items.items():
        lost = [one for one in item.agreeing if one not in times and one not in waiting]
        if lost and document not in golden:
            found.append(f"{document} {field} is settled and lost: corrections {lost}")
    counted = {
        (row.document_id, row.field, answer(row, same))
        for row in whole.rows
        if row.correction_id in times and row.changes
    }
    if sum(batch.counted for batch in kept) != len(counted):
        found.append(
            f"batches count {sum(batch.counted for batch in kept)} corrected fields, their rows "
            f"are of {len(counted)}"
        )
    return found


def _requests(session: Session, spec: ModelSpec, ended: bool) -> list[str]:
    found: list[str] = []
    known = requests.latest(session, spec.name, limit=1_000_000)
    states = Counter(one.state for one in known)
    found += [
        f"{states[name]} requests are {name} at once"
        for name in ("open", "running")
        if states[name] > 1
    ]
    found += [f"request {one.request_id} has no reason" for one in known if not one.reasons]
    for batch in batches.all_of(session, spec.name):
        last = requests.standing_for(session, batch.request_id)
        trained = [one for one in _standing(known) if batch.batch_id in one.batches]
        if [one.request_id for one in trained] != [last.request_id]:
            numbers = [one.request_id for one in trained]
            found.append(f"batch {batch.batch_id} stands for the trainings {numbers}, not for one")
    if ended and (states["open"] or states["running"]):
        found.append(f"left at the end: {dict(states)}")
    return found


def _standing(known: list[RetrainRequest]) -> list[RetrainRequest]:
    """Requests that wait, run or ended with a model; not those that others took over."""
    return [one for one in known if one.state in {"open", "running", "done"}]
