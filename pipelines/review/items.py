"""A task as the page shows it: pages with the readings of each line, fields, answers so far."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.contracts.correction import StoredCorrection, Verdict
from pipelines.contracts.review import Lease, Place, StoredTask
from pipelines.contracts.spec import ModelSpec
from pipelines.extraction.values import GENERATORS, find
from pipelines.opsdb import corrections, queue, reviewing
from pipelines.opsdb.database import Session
from pipelines.review import scans
from pipelines.settings import Settings


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineShown(_Shown):
    """A line of the page."""

    text: str
    box: list[float]
    values: dict[str, list[str]]
    """Amounts, dates and codes in it as they are printed, by kind of field."""


class PageShown(_Shown):
    """A page; without a scan it is drawn from its lines."""

    width: float
    height: float
    scan: str | None
    lines: list[LineShown]


class FieldShown(_Shown):
    """A field of the form."""

    name: str
    label: str
    kind: str
    description: str
    asked: bool
    value: str | None
    confidence: float
    boxes: list[Place]


class Said(_Shown):
    """What was said of a field: in a draft, or by one of two reviewers."""

    verdict: Verdict
    value: str | None = Field(default=None, max_length=2_000)
    boxes: list[Place] = Field(default=[], max_length=100)


class Draft(_Shown):
    """What a reviewer has said of a document that is not finished."""

    fields: dict[str, Said] = Field(default={}, max_length=100)
    focus: str | None = Field(default=None, max_length=63)


class AnswerShown(_Shown):
    """One of the answers that an adjudicator decides between; by whom is not shown."""

    name: str
    fields: dict[str, Said]


class Item(_Shown):
    """A document on a reviewer's screen."""

    task: int
    model: str
    version: int
    document: str
    until: str
    pages: list[PageShown]
    fields: list[FieldShown]
    draft: Draft | None
    answers: list[AnswerShown]


def item(
    session: Session, task: StoredTask, lease: Lease, spec: ModelSpec, settings: Settings
) -> Item:
    """What the page needs of a leased task."""
    kept = reviewing.draft(session, task.task_id, lease.reviewer)
    return Item(
        task=task.task_id,
        model=task.model,
        version=task.model_version,
        document=task.document.document_id,
        until=lease.expires_at.isoformat(),
        pages=_pages(task, spec, settings),
        fields=_fields(task, spec),
        draft=None if kept is None else Draft.model_validate(kept),
        answers=_answers(session, task) if task.reason == "adjudicate" else [],
    )


def said(rows: Iterable[StoredCorrection]) -> dict[str, Said]:
    """Corrections as what was said of each field."""
    return {
        row.field: Said(
            verdict=row.verdict,
            value=row.before if row.verdict == "right" else row.after,
            boxes=row.boxes,
        )
        for row in rows
    }


def _pages(task: StoredTask, spec: ModelSpec, settings: Settings) -> list[PageShown]:
    kinds = sorted({field.kind for field in spec.fields.values()} & set(GENERATORS))
    drawn = scans.pages(task, settings)
    return [
        PageShown(
            width=page.width,
            height=page.height,
            scan=f"/work/{task.task_id}/scan?page={number}" if number < drawn else None,
            lines=[
                LineShown(text=line.text, box=line.box, values=_readings(line.text, kinds))
                for line in page.lines
            ],
        )
        for number, page in enumerate(task.document.pages)
    ]


def _readings(text: str, kinds: Sequence[str]) -> dict[str, list[str]]:
    found = {
        kind: list(dict.fromkeys(text[one.start : one.end].strip() for one in find(kind, text)))
        for kind in kinds
    }
    return {kind: texts for kind, texts in found.items() if texts and texts != [text]}


def _fields(task: StoredTask, spec: ModelSpec) -> list[FieldShown]:
    """Those that are asked in their order, then the others in that of the model."""
    order = list(dict.fromkeys([*task.fields, *spec.fields, *task.predictions]))
    shown = []
    for name in order:
        predicted, declared = task.predictions.get(name), spec.fields.get(name)
        if predicted is None:
            continue
        shown.append(
            FieldShown(
                name=name,
                label=name.replace("_", " ").capitalize(),
                kind=declared.kind if declared else "text",
                description=declared.description if declared else "",
                asked=name in task.fields,
                value=predicted.value,
                confidence=predicted.confidence,
                boxes=predicted.boxes,
            )
        )
    return shown


def _answers(session: Session, task: StoredTask) -> list[AnswerShown]:
    earlier = [
        one
        for one in queue.reviews(session, task.model, task.content_hash)
        if one.state == "done" and one.reason != "adjudicate"
    ]
    return [
        AnswerShown(name=name, fields=said(corrections.of_task(session, one.task_id)))
        for name, one in zip(("A", "B"), earlier, strict=False)
    ]


def stored(draft: Draft) -> dict[str, Any]:
    """A draft as the database keeps it."""
    return draft.model_dump(mode="json")
