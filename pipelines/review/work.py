"""The calls of the page: claim, keep a draft, answer, take back. Each is safe to repeat."""

import logging
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import FileResponse, Response

from pipelines.contracts.correction import Judgement
from pipelines.contracts.review import Lease, StoredTask
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import record
from pipelines.errors import BadDataError
from pipelines.opsdb import queue, reviewing
from pipelines.opsdb.database import Session
from pipelines.review import items, scans
from pipelines.review.items import Draft, Item, Said
from pipelines.review.office import ActingDep, Office, OfficeDep, VisitorDep
from pipelines.telemetry import logs

log = logging.getLogger(__name__)
router = APIRouter(prefix="/work", include_in_schema=False)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Next(_Asked):
    """Which model's queue, and the tasks that are on this screen or were left for later."""

    model: str = Field(max_length=63)
    skip: list[int] = Field(default=[], max_length=500)


class JudgedField(Said):
    """One field of an answer."""

    field: str = Field(max_length=63)


class Answer(_Asked):
    """What is said of a document; the same nonce again is the same answer."""

    judgements: list[JudgedField] = Field(max_length=100)
    nonce: str = Field(pattern=r"^[0-9a-f]{24}$")


class Progress(_Asked):
    """How far the day is."""

    today: int
    waiting: int


@router.post("/next", response_model=Item, responses={204: {}})
def next_item(asked: Next, office: OfficeDep, visitor: ActingDep) -> Item | Response:
    """The next document for this reviewer, leased; 204 where there is none."""
    spec, user = office.model(asked.model), visitor.user
    with office.db.write() as session:
        claimed = reviewing.claim(
            session,
            spec.name,
            user.name,
            office.clock(),
            spec.review.lease_minutes,
            adjudicator=user.may("adjudicator"),
            skip=asked.skip,
        )
        if claimed is None:
            return Response(status_code=204)
        task, lease = claimed
        return items.item(session, task, lease, spec, office.settings)


@router.put("/{task_id}/draft", status_code=204)
def keep_draft(task_id: int, draft: Draft, office: OfficeDep, visitor: ActingDep) -> None:
    """Keeps what was said so far; 409 where the document is somebody else's by now."""
    with office.db.write() as session:
        reviewing.save_draft(
            session, task_id, visitor.user.name, items.stored(draft), office.clock()
        )


@router.post("/{task_id}/answer", status_code=204)
def answer(task_id: int, given: Answer, office: OfficeDep, visitor: ActingDep) -> None:
    """Finishes a document; 409 where it is somebody else's by now."""
    name = visitor.user.name
    judgements = [_judgement(name, task_id, one, given.nonce) for one in given.judgements]
    spec, task = _task(office, task_id)
    with office.db.write() as session:
        record.submit(session, spec, task_id, name, judgements, office.clock())
    with logs.about(task.document.document_id):
        log.info("%s: task %d is answered", spec.name, task_id)


@router.post("/{task_id}/undo", response_model=Item)
def undo(task_id: int, office: OfficeDep, visitor: ActingDep) -> Item:
    """Takes an answer back and opens its document again with what was said as the draft."""
    spec, _ = _task(office, task_id)
    with office.db.write() as session:
        task, lease = reopen(session, spec, task_id, visitor.user.name, office.clock())
        return items.item(session, task, lease, spec, office.settings)


def reopen(
    session: Session, spec: ModelSpec, task_id: int, name: str, now: datetime
) -> tuple[StoredTask, Lease]:
    """Takes what was said of a document back and keeps it as the draft of whoever said it."""
    task, lease, rows = record.take_back(session, task_id, name, now, spec.review.lease_minutes)
    draft = Draft(fields=items.said(rows))
    reviewing.save_draft(session, task_id, name, items.stored(draft), now)
    return task, lease


@router.post("/{task_id}/renew", status_code=204)
def renew(task_id: int, office: OfficeDep, visitor: ActingDep) -> None:
    """Holds a document longer, because somebody works on it."""
    spec, _ = _task(office, task_id)
    with office.db.write() as session:
        reviewing.extend(
            session, task_id, visitor.user.name, office.clock(), spec.review.lease_minutes
        )


@router.post("/{task_id}/leave", status_code=204)
def leave(task_id: int, office: OfficeDep, visitor: ActingDep) -> None:
    """Gives a document back to the queue."""
    with office.db.write() as session:
        reviewing.leave(session, task_id, visitor.user.name)


@router.get("/progress", response_model=Progress)
def progress(
    office: OfficeDep,
    visitor: VisitorDep,
    model: Annotated[str, Query(max_length=63)],
    since: AwareDatetime,
) -> Progress:
    """How many documents this reviewer did since midnight where he is, and how many wait."""
    name, now = office.model(model).name, office.clock()
    with office.db.read() as session:
        done = queue.finished(session, name, since, max(now, since))
        open_ = queue.queue(session, name, now)
    waiting = sum(
        count["open"]
        for reason, count in open_.items()
        if reason != "adjudicate" or visitor.user.may("adjudicator")
    )
    return Progress(today=done.get(visitor.user.name, 0), waiting=waiting)


@router.get("/{task_id}/scan")
def scan(
    task_id: int,
    office: OfficeDep,
    visitor: VisitorDep,
    page: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """The picture of a page of a document."""
    _, task = _task(office, task_id)
    try:
        found = scans.picture(task, page, office.settings)
    except BadDataError as error:
        raise HTTPException(404, str(error)) from error
    if found is None:
        raise HTTPException(404, "the page has no picture.")
    # Kept for the minutes between fetching ahead and showing.
    headers = {"Cache-Control": "private, max-age=900"}
    return FileResponse(found, media_type=scans.media_type(found), headers=headers)


def _task(office: Office, task_id: int) -> tuple[ModelSpec, StoredTask]:
    with office.db.read() as session:
        found = reviewing.task(session, task_id)
    return office.model(found.model), found


def _judgement(reviewer: str, task_id: int, said: JudgedField, nonce: str) -> Judgement:
    try:
        return Judgement(
            field=said.field,
            verdict=said.verdict,
            value=said.value if said.verdict == "wrong" else None,
            boxes=said.boxes,
            key=_key(reviewer, task_id, said.field, nonce),
        )
    except ValidationError as error:
        what = "; ".join(one["msg"] for one in error.errors())
        raise BadDataError(
            f"the field {said.field!r}: {what}. Correct it and save again."
        ) from None


def _key(reviewer: str, task_id: int, field: str, nonce: str) -> str:
    """An idempotency key that no other reviewer can take."""
    digest = sha256(f"{reviewer} {task_id} {field} {nonce}".encode()).hexdigest()
    return f"page-{digest[:40]}"
