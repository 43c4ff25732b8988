"""Writes what reviewers say, and asks the next one where it is needed; one transaction each.

A page calls `opsdb.reviewing.claim`, `save_draft` and `extend`, then `submit`, and `take_back`
for an undo. A program calls `pipelines.corrections.importing`.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from pipelines.contracts.correction import Correction, Judgement, StoredCorrection
from pipelines.contracts.review import STAGE, Lease, Reason, ReviewTask, StoredTask
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import hold
from pipelines.corrections.settle import same_value, settle
from pipelines.errors import BadDataError, RefusedError
from pipelines.opsdb import corrections, queue, reviewing, standings
from pipelines.opsdb.database import Session

_FIRST, _SECOND, _THIRD = STAGE["audit"], STAGE["second"], STAGE["adjudicate"]


def submit(
    session: Session,
    spec: ModelSpec,
    task_id: int,
    reviewer: str,
    judgements: Sequence[Judgement],
    now: datetime,
) -> list[StoredCorrection]:
    """Finishes a leased task with a word on its fields; fields without one stay unknown.

    The same again gives what is there. Raises RefusedError where the task is another's by now,
    BadDataError for fields that the task does not have, that are named twice, or, in an audit
    and an adjudication, that are left out.
    """
    corrections.lock(session, reviewing.task(session, task_id).model)
    task = reviewing.task(session, task_id)
    said = [_correction(task, reviewer, one, now) for one in _complete(task, judgements)]
    again = task.state == "done" and task.reviewer == reviewer and _said_before(session, said)
    first = not corrections.any_of_task(session, task_id)
    if not again:
        reviewing.finish(session, task_id, reviewer, now)
    stored = [corrections.write(session, one) for one in said]
    if not again:
        _ask_further(session, spec, task, first, now)
    return stored


def undo(
    session: Session, correction_id: int, reviewer: str, key: str, now: datetime
) -> StoredCorrection:
    """Takes a correction back by a new row; what the reviewer said before it stands again.

    The same key again is the same undo. Raises RefusedError for a correction of another reviewer,
    one that is undone already, and an undo.
    """
    said = corrections.get(session, correction_id)
    corrections.lock(session, said.model)
    if said.reviewer != reviewer:
        raise RefusedError(
            f"correction {correction_id} is {said.reviewer}'s: who said it takes it back. "
            "Correct the field yourself."
        )
    if said.undoes is not None:
        raise RefusedError(f"correction {correction_id} is an undo: correct the field anew.")
    content = said.model_dump(exclude={"correction_id", "undoes"})
    back = Correction.model_validate(content | {"key": key, "at": now})
    return corrections.write(session, back, undoes=correction_id)


def take_back(
    session: Session, task_id: int, reviewer: str, now: datetime, minutes: float
) -> tuple[StoredTask, Lease, list[StoredCorrection]]:
    """Undoes a finished task whole and leases it again, with what had been said in it.

    Raises RefusedError where it is another's, or somebody reviews the document after it now.
    """
    lease = reviewing.reopen(session, task_id, reviewer, now, minutes)
    said = corrections.of_task(session, task_id)
    for one in said:
        undo(session, one.correction_id, reviewer, f"undo-{one.correction_id}", now)
    return reviewing.task(session, task_id), lease, said


def doubled(content_hash: str, share: float) -> bool:
    """Whether a content is in the share that two people review: by its hash, for ever."""
    digest = sha256(f"second:{content_hash}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def _complete(task: StoredTask, judgements: Sequence[Judgement]) -> Sequence[Judgement]:
    named = [one.field for one in judgements]
    strangers = sorted(set(named) - set(task.predictions))
    if strangers:
        raise BadDataError(
            f"task {task.task_id} has no field {', '.join(strangers)}; it has "
            f"{', '.join(task.predictions)}."
        )
    if len(set(named)) < len(named):
        raise BadDataError(f"task {task.task_id}: a field is judged twice. Give each one once.")
    left = [one for one in task.fields if one not in named]
    # What reviewers leave out is not left out by chance: an audit of the rest would flatter.
    if not named or (left and task.reason in {"audit", "adjudicate"}):
        raise BadDataError(
            f"task {task.task_id} ({task.reason}) needs a word on {', '.join(left)}; say "
            "unreadable where nobody can tell."
        )
    return judgements


def _said_before(session: Session, said: Sequence[Correction]) -> bool:
    return all(corrections.find(session, one.model, one.key) is not None for one in said)


def _correction(task: StoredTask, reviewer: str, said: Judgement, now: datetime) -> Correction:
    before = task.predictions[said.field].value
    verdict, after = said.verdict, said.value
    if verdict == "right":
        after = before
    elif verdict == "wrong" and after == before:
        verdict = "right"
    return Correction(
        key=said.key,
        model=task.model,
        document_id=task.document.document_id,
        content_hash=task.content_hash,
        field=said.field,
        model_version=task.model_version,
        before=before,
        after=after,
        verdict=verdict,
        boxes=said.boxes,
        reviewer=reviewer,
        task_id=task.task_id,
        adjudicates=task.reason == "adjudicate",
        at=now,
    )


def _ask_further(
    session: Session, spec: ModelSpec, task: StoredTask, first: bool, now: datetime
) -> None:
    """Asks a second reviewer, or an adjudicator where two differ or one said less.

    A second one only when the task is finished for the first time, so that what was settled by
    one word, and maybe learnt, does not wait for another one later.
    """
    stages = {
        STAGE[one.reason]: one for one in queue.reviews(session, task.model, task.content_hash)
    }
    if STAGE[task.reason] == _THIRD:
        hold.judge(session, spec, now)
        return
    if _SECOND not in stages:
        if first and doubled(task.content_hash, spec.review.double_share):
            fields = _spoken(session, task, spec, {"settled", "pending", "disputed"})
            reviewing.add(session, [_next(task, "second", fields, now)])
        return
    if any(stages[one].state != "done" for one in (_FIRST, _SECOND) if one in stages):
        return
    open_ = _spoken(session, task, spec, {"pending", "disputed"})
    if open_:
        reviewing.put_again(session, _next(task, "adjudicate", open_, now))
    else:
        reviewing.drop(session, task.model, task.content_hash, _THIRD)


def _spoken(session: Session, task: StoredTask, spec: ModelSpec, states: set[str]) -> list[str]:
    """Fields of the document in one of these states, in the order of the form."""
    document = task.document.document_id
    items = settle(
        corrections.rows(session, task.model, documents=[document]),
        seconded=queue.seconded(session, task.model, [document]),
        held=standings.held(session, task.model),
        same=same_value(spec),
    )
    return [
        field
        for field in task.predictions
        if (document, field) in items and items[document, field].state in states
    ]


def _next(task: StoredTask, reason: Reason, fields: list[str], now: datetime) -> ReviewTask:
    content = {name: getattr(task, name) for name in ReviewTask.model_fields}
    changed = {"reason": reason, "fields": fields, "chance": None, "created_at": now}
    return ReviewTask.model_validate(content | changed)
