"""The pages for people: the review, one's own work, and the queue for supervisors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import AwareDatetime
from starlette.responses import RedirectResponse, Response

from pipelines.contracts.account import User
from pipelines.contracts.correction import Standing, StoredCorrection
from pipelines.contracts.review import TaskLine
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import hold
from pipelines.errors import NotFoundError
from pipelines.opsdb import accounts, corrections, queue, reviewing, standings, worklog
from pipelines.opsdb.database import Session
from pipelines.review import figures, work
from pipelines.review.help import KEYS
from pipelines.review.measures import Measured, measure
from pipelines.review.office import (
    OfficeDep,
    Visitor,
    VisitorDep,
    require_csrf,
    require_role,
    screen,
)

router = APIRouter(include_in_schema=False)

PAGE = 25
"""Rows of a history at once."""
WEEK = timedelta(days=7)

Text = Annotated[str, Form(max_length=2_000)]


@router.get("/")
def front(office: OfficeDep, visitor: VisitorDep) -> Response:
    """The review of the model with most open tasks."""
    with office.db.read() as session:
        waiting = {
            name: sum(one["open"] for one in queue.queue(session, name, office.clock()).values())
            for name in office.models()
        }
    if not waiting:
        raise NotFoundError("there is no model whose fields are reviewed: add one under models/.")
    return RedirectResponse(f"/review/{max(sorted(waiting), key=lambda name: waiting[name])}", 303)


@router.get("/review/{model}")
def review(model: str, office: OfficeDep, visitor: VisitorDep) -> Response:
    """The page where documents are reviewed; its script fetches them."""
    spec = office.model(model)
    return screen(
        "review.html",
        visitor,
        here="Review",
        model=spec.name,
        models=office.models(),
        lease_seconds=round(spec.review.lease_minutes * 60),
        keys=KEYS,
    )


@dataclass(frozen=True)
class Done:
    """A finished document and what was said in it."""

    task: TaskLine
    said: list[StoredCorrection]


@router.get("/history")
def history(
    office: OfficeDep,
    visitor: VisitorDep,
    name: str | None = None,
    before: AwareDatetime | None = None,
) -> Response:
    """What a reviewer did; of others for supervisors alone."""
    name = name or visitor.user.name
    if name != visitor.user.name:
        require_role(visitor, "supervisor")
    now = office.clock()
    with office.db.read() as session:
        if accounts.user(session, name) is None:
            raise NotFoundError(f"there is no account {name}.")
        lines = worklog.done(session, name, before=before, limit=PAGE + 1)
        done = [Done(one, corrections.of_task(session, one.task_id)) for one in lines[:PAGE]]
        times = worklog.times(session, None, now - WEEK).get(name, [])
        measured = {
            each: measure(session, office.model(each)).get(name) for each in office.models()
        }
    return screen(
        "history.html",
        visitor,
        here="My work" if name == visitor.user.name else "Queue",
        name=name,
        done=done,
        older=lines[PAGE - 1].finished_at if len(lines) > PAGE else None,
        today=figures.since(times, _midnight(now)),
        week=len(times),
        pace=figures.spoken(figures.pace(times)),
        measured={each: one for each, one in measured.items() if one is not None},
    )


@router.post("/history/take-back")
def take_back(
    office: OfficeDep, visitor: VisitorDep, csrf: Text, task_id: Annotated[int, Form()]
) -> Response:
    """Opens a finished document again; the review begins with it."""
    require_csrf(visitor, csrf)
    name, now = visitor.user.name, office.clock()
    with office.db.write() as session:
        spec = office.model(reviewing.task(session, task_id).model)
        work.reopen(session, spec, task_id, name, now)
    return RedirectResponse(f"/review/{spec.name}", 303)


@dataclass(frozen=True)
class Colleague:
    """A reviewer in the supervisor's table."""

    user: User
    today: int
    week: int
    pace: str
    measured: Measured | None
    standing: Standing | None


@router.get("/queue")
def whole_queue(office: OfficeDep, visitor: VisitorDep, model: str | None = None) -> Response:
    """Open tasks, who holds what, and how the reviewers do."""
    require_role(visitor, "supervisor")
    spec = office.model(model or office.models()[0])
    now = office.clock()
    with office.db.read() as session:
        return screen(
            "queue.html",
            visitor,
            here="Queue",
            model=spec.name,
            models=office.models(),
            now=now,
            waiting=queue.queue(session, spec.name, now),
            hands=worklog.in_hands(session, spec.name, now),
            urgent=worklog.most_urgent(session, spec.name, PAGE),
            colleagues=_colleagues(session, spec, now),
        )


@router.post("/queue/release")
def release(
    office: OfficeDep,
    visitor: VisitorDep,
    csrf: Text,
    task_id: Annotated[int, Form()],
    held_by: Text,
) -> Response:
    """Takes a document out of somebody's hands; their draft stays."""
    _require_supervisor(visitor, csrf)
    with office.db.write() as session:
        task = reviewing.task(session, task_id)
        reviewing.leave(session, task_id, held_by)
    return RedirectResponse(f"/queue?model={task.model}", 303)


@router.post("/queue/standing")
def change_standing(
    office: OfficeDep,
    visitor: VisitorDep,
    csrf: Text,
    model: Text,
    name: Text,
    held: Annotated[bool, Form()],
    why: Text,
) -> Response:
    """Holds a reviewer's corrections back, or lets them count again."""
    _require_supervisor(visitor, csrf)
    spec, change = office.model(model), hold.hold if held else hold.let_count
    with office.db.write() as session:
        if accounts.user(session, name) is None:
            raise NotFoundError(f"there is no account {name}.")
        change(session, spec.name, name, why.strip(), visitor.user.name, office.clock())
    return RedirectResponse(f"/queue?model={spec.name}", 303)


def _colleagues(session: Session, spec: ModelSpec, now: datetime) -> list[Colleague]:
    times = worklog.times(session, spec.name, now - WEEK)
    measured, standing = measure(session, spec), standings.newest(session, spec.name)
    return [
        Colleague(
            user=user,
            today=figures.since(times.get(user.name, []), _midnight(now)),
            week=len(times.get(user.name, [])),
            pace=figures.spoken(figures.pace(times.get(user.name, []))),
            measured=measured.get(user.name),
            standing=standing.get(user.name),
        )
        for user in accounts.users(session)
    ]


def _require_supervisor(visitor: Visitor, csrf: str) -> None:
    require_role(visitor, "supervisor")
    require_csrf(visitor, csrf)


def _midnight(now: datetime) -> datetime:
    """Begin of the day in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
