"""Puts documents to review after a scoring run: an audit sample by chance, then costly doubts.

Where a training waits for labels of a new regime, its documents come before the doubts.
"""

from datetime import UTC, datetime, time
from math import ceil
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from pipelines.contracts.document import Document
from pipelines.contracts.monitoring import Incident
from pipelines.contracts.result import ReviewTasksResult
from pipelines.contracts.review import Reason, ReviewTask
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError, NotFoundError
from pipelines.lake.lake import Lake
from pipelines.opsdb import incidents, queue, reviewing
from pipelines.opsdb.database import OpsDb
from pipelines.publication import digest, publish_once
from pipelines.reviewing import audit, pool, regime
from pipelines.reviewing.likeness import Looks
from pipelines.reviewing.pool import Pool, Scored
from pipelines.reviewing.select import choose
from pipelines.settings import Settings

CANDIDATES = 2_000
"""Most documents that are compared with each other, the costliest ones; bounds time and memory."""
ASKED = 500
"""Most documents asked before, newest days first, whose like is asked less."""


class ReviewSpec(BaseModel):
    """Whose documents are put to review, by the policy of today's model.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelSpec


def run(
    spec: ReviewSpec, *, lake: Lake, db: OpsDb, settings: Settings, now: datetime
) -> ReviewTasksResult:
    """Writes the review tasks of the newest scoring run, once.

    Which documents are asked follows from predictions, policy and what was asked before; a run
    that is tried again finds its result, or after a crash writes the same tasks. Contents that
    were ever asked, or have corrections, are left out. Raises NotFoundError where nothing was
    scored yet, MisconfiguredError for a model that extracts no fields.
    """
    model = spec.model
    if not model.is_reviewed:
        raise MisconfiguredError(
            f"model {model.name!r} declares no fields, and reviewers look at fields of documents. "
            "Add `fields:` to its model.yaml, or leave the step out of its DAG."
        )
    found = pool.read(lake, model)
    if found is None:
        raise NotFoundError(
            f"no champion of {model.name!r} has answered anything yet, so there is nothing to "
            f"review. Promote a version and run: millrace run score {model.name}"
        )
    with db.read() as session:
        incident = incidents.wanting_labels(session, model.name)
    told = [] if incident is None else [f"incident {incident.incident_id}"]
    key = digest(str(found.version), str(found.input_snapshot_id), *told)[:32]
    folder = settings.runs / "review" / model.name / key

    def make(aside: Path) -> None:
        result = _ask(model, found, lake, db, now, incident)
        (aside / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")

    publish_once(folder, make)
    return ReviewTasksResult.model_validate_json((folder / "result.json").read_bytes())


def _ask(
    spec: ModelSpec,
    found: Pool,
    lake: Lake,
    db: OpsDb,
    now: datetime,
    incident: Incident | None,
) -> ReviewTasksResult:
    policy = spec.review
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    with db.read() as session:
        known = queue.known_contents(session, spec.name, [one.content for one in found.documents])
        spent = queue.made_since(session, spec.name, midnight)
        waiting = queue.queue(session, spec.name, now).get("regime", {}).get("open", 0)
    left = max(0, policy.per_day - sum(spent.values()))
    a_day = policy.per_day * policy.audit_share
    fresh = [one.content for one in found.documents if one.fresh]
    kept = max(0, ceil(a_day) - spent.get("audit", 0))
    drawn = audit.draw(
        # What this very run has asked before it was killed is drawn again, and written once.
        fresh,
        a_day=a_day,
        documents_a_day=found.documents_a_day,
        room=min(left, kept),
        seed=spec.seed,
    )
    taken = known | set(drawn.contents)
    # The rest of the day's audit waits for the runs to come.
    room = max(0, left - max(kept, len(drawn.contents)))
    new: list[Scored] = []
    if incident is not None:
        given = {"waiting": waiting, "room": room, "seed": spec.seed}
        new = regime.draw(found.documents, taken, incident, **given)
    taken |= {one.content for one in new}
    picked, texts = _doubts(spec, found, taken, lake, room - len(new))
    by_content = {one.content: one for one in found.documents}
    audited = [by_content[one] for one in drawn.contents if one not in known]
    whole = [one.key for one in (*audited, *new)]
    texts |= pool.documents(lake, spec, found.input_snapshot_id, whole)
    every = [*spec.fields]
    tasks = [
        *(
            _task(spec, found, one, texts[one.key], "audit", every, now, drawn.chance)
            for one in audited
        ),
        *(_task(spec, found, one, texts[one.key], "regime", every, now) for one in new),
        *(_task(spec, found, one, texts[one.key], "uncertain", ask, now) for one, ask in picked),
    ]
    with db.write() as session:
        written = reviewing.add(session, tasks)
    asked = {"audit": len(audited), "uncertain": len(picked)}
    if incident is not None:
        asked["regime"] = len(new)
    return ReviewTasksResult(
        model=spec.name,
        version=found.version,
        input_snapshot_id=found.input_snapshot_id,
        pool=len(found.documents),
        audit_pool=len(fresh),
        asked=asked,
        left=left - written,
    )


def _doubts(
    spec: ModelSpec, found: Pool, taken: set[str], lake: Lake, room: int
) -> tuple[list[tuple[Scored, list[str]]], dict[str, Document]]:
    """The documents to ask about with their fields, and all that were looked at by key."""
    names = [*spec.fields]
    free = [one for one in found.documents if one.content not in taken]
    if not room or not free:
        return [], {}
    weight = np.array([spec.review.cost(name) for name in names])
    doubt = np.array([[_doubt(one, name) for name in names] for one in free])
    order = np.argsort(-(doubt @ weight), kind="stable")[:CANDIDATES]
    candidates = [free[at] for at in order.tolist()]
    before = sorted(
        (one for one in found.documents if one.content in taken),
        key=lambda one: (one.day, one.content),
    )[-ASKED:]
    both = [one.key for one in (*candidates, *before)]
    documents = pool.documents(lake, spec, found.input_snapshot_id, both)
    looks = Looks.of([pool.text(documents[key]) for key in both])
    chosen = choose(doubt[order], weight, looks, documents=room)
    return [(candidates[one.row], [names[at] for at in one.fields]) for one in chosen], documents


def _doubt(one: Scored, field: str) -> float:
    """Probability that the answer is wrong; none where the truth is known."""
    answer = one.answers.get(field)
    return 0.0 if answer is None or field in one.labelled else 1 - answer.confidence


def _task(
    spec: ModelSpec,
    found: Pool,
    one: Scored,
    document: Document,
    reason: Reason,
    fields: list[str],
    now: datetime,
    chance: float | None = None,
) -> ReviewTask:
    """A task; what was drawn comes before all doubts: a sample half reviewed measures nothing."""
    worst = sum(spec.review.cost(name) for name in spec.fields)
    doubt = sum(spec.review.cost(name) * _doubt(one, name) for name in spec.fields)
    return ReviewTask(
        model=spec.name,
        model_version=found.version,
        content_hash=one.content,
        document=document,
        predictions=dict(one.answers),
        fields=fields,
        reason=reason,
        priority=doubt if reason == "uncertain" else worst,
        chance=chance,
        created_at=now,
    )
