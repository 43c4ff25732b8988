"""The API for programs: corrections in and out, and the tasks. Each list has pages and a limit."""

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from pipelines.contracts.account import ApiKey, Scope
from pipelines.contracts.correction import StoredCorrection
from pipelines.contracts.decision import Person
from pipelines.contracts.review import StoredTask, TaskLine, TaskState
from pipelines.contracts.spec import Name
from pipelines.corrections import importing, labelstudio
from pipelines.opsdb import accounts, corrections, queue, reviewing
from pipelines.review import credentials
from pipelines.review.office import Office, OfficeDep

TITLE = "Millrace review"
MOST_ROWS = 1_000
"""Rows of one call; a longer list comes in pages."""
_LARGEST = 2**31 - 1

After = Annotated[int, Query(ge=0, le=_LARGEST, description="Number of the last row seen.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS)]
_bearer = HTTPBearer(auto_error=False, description="A key of `millrace review add-key`.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Trouble(_Body):
    """Why a call was refused."""

    detail: Any


class CorrectionPage(_Body):
    """Some corrections, and where the next page begins."""

    corrections: list[StoredCorrection]
    next: int | None
    """Give it as `after`; null on the last page."""


class TaskPage(_Body):
    """Some tasks, without their documents, and where the next page begins."""

    tasks: list[TaskLine]
    next: int | None


class Import(_Body):
    """Corrections that were made elsewhere: each row is taken or refused on its own.

    A row has `document_id`, `field` and `value` or `verdict`, and may have `key` (the same key
    again is the same correction), `reviewer`, `boxes`, `at` and `content_hash`.
    """

    model: Name
    rows: Annotated[list[dict[str, Any]], Field(max_length=MOST_ROWS)]


class Imported(_Body):
    """What became of the rows: `added + known + refused` is all of them."""

    added: int
    known: int
    refused: int
    reasons: list[str]


def allowed(scope: Scope) -> Callable[[Office, HTTPAuthorizationCredentials | None], ApiKey]:
    """A dependency that gives the caller's key, or refuses one without the scope."""

    def caller(office: OfficeDep, bearer: Bearer) -> ApiKey:
        parsed = credentials.parsed_key(bearer.credentials) if bearer else None
        found = None
        if parsed is not None:
            with office.db.read() as session:
                found = accounts.key(session, parsed[0])
        if parsed is None or found is None or not _is_secret(parsed[1], found[1]):
            raise HTTPException(401, "no key, or none that counts.", {"WWW-Authenticate": "Bearer"})
        if scope not in found[0].scopes:
            raise HTTPException(403, f"the key {found[0].key_id} lacks the scope {scope}.")
        return found[0]

    return caller


Reader = Annotated[ApiKey, Depends(allowed("corrections:read"))]
Writer = Annotated[ApiKey, Depends(allowed("corrections:write"))]
TaskReader = Annotated[ApiKey, Depends(allowed("tasks:read"))]

router = APIRouter(
    responses={code: {"model": Trouble} for code in (400, 401, 403, 404, 409, 413, 503)}
)


@router.get("/corrections")
def list_corrections(
    office: OfficeDep,
    key: Reader,
    model: Name | None = None,
    reviewer: Person | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> CorrectionPage:
    """Corrections in the order of writing, undone ones and undos too."""
    if model is not None:
        office.model(model)
    with office.db.read() as session:
        rows = corrections.page(session, model, reviewer, after=after, limit=limit + 1)
    more = rows[limit - 1].correction_id if len(rows) > limit else None
    return CorrectionPage(corrections=rows[:limit], next=more)


@router.post("/corrections")
def import_corrections(office: OfficeDep, key: Writer, given: Import) -> Imported:
    """Takes rows in; the same key again with the same content adds nothing."""
    return _take_in(office, key, given.model, given.rows)


@router.post("/corrections/labelstudio")
def import_label_studio(
    office: OfficeDep,
    key: Writer,
    model: Name,
    export: Annotated[list[dict[str, Any]], Body(max_length=MOST_ROWS)],
) -> Imported:
    """Takes a JSON export of Label Studio in; the same export again adds nothing."""
    rows = list(islice(labelstudio.rows(export), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise HTTPException(413, f"more than {MOST_ROWS} fields: send fewer tasks at once.")
    return _take_in(office, key, model, rows)


@router.get("/tasks")
def list_tasks(
    office: OfficeDep,
    key: TaskReader,
    model: Name | None = None,
    state: TaskState | None = None,
    reviewer: Person | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> TaskPage:
    """Review tasks by number; `reviewer` asks for those that he finished."""
    if model is not None:
        office.model(model)
    with office.db.read() as session:
        rows = queue.lines(session, model, state, reviewer, after=after, limit=limit + 1)
    return TaskPage(tasks=rows[:limit], next=rows[limit - 1].task_id if len(rows) > limit else None)


@router.get("/tasks/{task_id}")
def show_task(
    office: OfficeDep, key: TaskReader, task_id: Annotated[int, Path(ge=1, le=_LARGEST)]
) -> StoredTask:
    """A task with its document and predictions."""
    with office.db.read() as session:
        return reviewing.task(session, task_id)


def _take_in(office: Office, key: ApiKey, model: str, rows: list[Any]) -> Imported:
    spec = office.model(model)
    with office.db.write() as session:
        done = importing.take_in(
            session, spec, rows, reviewer=key.name, documents=None, now=office.clock()
        )
    # A reason may quote half a surrogate pair, which is no text that could be sent.
    reasons = [one.encode(errors="backslashreplace").decode() for one in done.reasons]
    return Imported(added=done.added, known=done.known, refused=done.refused, reasons=reasons)


def _is_secret(given: str, secret_hash: str) -> bool:
    return credentials.is_same(credentials.digest(given), secret_hash)
