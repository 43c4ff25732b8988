"""Review tasks, judgements and corrections with defaults, and reviews from end to end."""

import itertools
from datetime import datetime

from factories.operations import NOW

from pipelines.contracts.correction import Correction, Judgement
from pipelines.contracts.review import ReviewTask
from pipelines.corrections import record
from pipelines.opsdb import corrections, reviewing

_keys = itertools.count()
FIELDS = ("company", "date", "address", "total")
PREDICTED = {"company": "ACME", "date": "01/02/2026", "address": None, "total": "9.00"}


def review_task(document: str = "d1", reason: str = "uncertain", **different) -> ReviewTask:
    """A receipt of three lines as version 3 read it."""
    lines = [
        {"text": text, "box": [1.0, 10.0 * row, 90.0, 10.0 * row + 8]}
        for row, text in enumerate(["ACME", "01/02/2026", "TOTAL 9.00"])
    ]
    content = {
        "model": "receipts",
        "model_version": 3,
        "content_hash": f"hash-{document}",
        "document": {
            "document_id": document,
            "pages": [{"width": 100.0, "height": 200.0, "lines": lines}],
            "fields": {"company": "The truth"},
        },
        "predictions": {
            name: {"value": value, "confidence": 0.7} for name, value in PREDICTED.items()
        },
        "fields": list(FIELDS),
        "reason": reason,
        "priority": 1.0,
        "chance": 0.25 if reason == "audit" else None,
        "created_at": NOW,
    }
    return ReviewTask.model_validate(content | different)


def judgements(**said: str | None) -> list[Judgement]:
    """A word on every field: right where none is given, else as in `judgement`."""
    return [judgement(name, said.get(name, "=")) for name in FIELDS]


def judgement(field: str, value: str | None, key: str | None = None) -> Judgement:
    """`=` is right, `?` unreadable, None absent, all else what really stands there."""
    verdict = {"=": "right", "?": "unreadable", None: "absent"}.get(value, "wrong")
    return Judgement(
        field=field,
        verdict=verdict,
        value=value if verdict == "wrong" else None,
        key=key or f"key-{next(_keys)}",
    )


def correction(
    document: str = "d1", field: str = "total", after: str | None = "8.00", **different
) -> Correction:
    """Ann's word outside any task."""
    before = different.pop("before", PREDICTED.get(field))
    verdict = "absent" if after is None else "right" if after == before else "wrong"
    content = {
        "key": f"key-{next(_keys)}",
        "model": "receipts",
        "document_id": document,
        "field": field,
        "before": before,
        "after": after,
        "verdict": verdict,
        "reviewer": "ann",
        "at": NOW,
    }
    return Correction.model_validate(content | different)


def write(db, *said: Correction):
    """Writes corrections of one model in one transaction."""
    with db.write() as session:
        corrections.lock(session, said[0].model)
        return [corrections.write(session, one) for one in said]


def put(db, *tasks: ReviewTask) -> None:
    """Puts tasks into the queue."""
    with db.write() as session:
        reviewing.add(session, tasks)


def review(db, spec, reviewer: str, now: datetime = NOW, *, adjudicator=False, **said):
    """Takes the next task and finishes it; None where there is nothing for the reviewer."""
    with db.write() as session:
        found = reviewing.claim(session, spec.name, reviewer, now, 15, adjudicator=adjudicator)
        if found is None:
            return None
        task = found[0]
        words = [one for one in judgements(**said) if one.field in task.fields]
        record.submit(session, spec, task.task_id, reviewer, words, now)
        return task
