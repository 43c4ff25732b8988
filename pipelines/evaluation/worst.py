"""The most confident wrong answers, with the words around them: where to look first."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from pipelines.extraction.values import letters_and_digits
from pipelines.measures.outcomes import Outcomes

WORST = 25
AROUND = 2
"""Lines shown before and after."""


class WorstError(BaseModel, frozen=True):
    """One wrong answer."""

    document_id: str
    field: str
    label: str | None
    answer: str | None
    confidence: float
    right_by_value: bool
    """Only the spelling is wrong."""
    around: list[str]
    """Lines of the page around the answer, or around the label where there is no answer."""


def worst_errors(
    found: Outcomes,
    pages: Mapping[str, Any],
    labels: Mapping[str, Mapping[str, str | None]],
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> list[WorstError]:
    """Wrong answers, wrong by value first, then the surest first; at most WORST.

    All three mappings go by document id; `answers` then by field.
    """
    wrong = found.known & ~found.right(found.exact) & ~np.isnan(found.confidence)
    places = sorted(
        zip(*np.nonzero(wrong), strict=True),
        key=lambda place: (found.value[place], -found.confidence[place], place),
    )
    return [
        _error(found, int(row), int(column), pages, labels, answers)
        for row, column in places[:WORST]
    ]


def _error(
    found: Outcomes, row: int, column: int, pages: Any, labels: Any, answers: Any
) -> WorstError:
    document_id, field = found.document_ids[row], found.fields[column]
    answer = answers[document_id].get(field, {})
    label = labels[document_id].get(field)
    return WorstError(
        document_id=document_id,
        field=field,
        label=label,
        answer=answer.get("value"),
        confidence=float(found.confidence[row, column]),
        right_by_value=bool(found.value[row, column]),
        around=_around(pages[document_id], answer.get("boxes") or [], label),
    )


def _around(pages: Sequence[Any], boxes: Sequence[Any], label: str | None) -> list[str]:
    """Texts of the lines the boxes (or, without any, the label) touch, and their neighbours."""
    lines = [
        (number, line["text"], line["box"])
        for number, page in enumerate(pages)
        for line in page["lines"]
    ]
    if boxes:
        hits = [
            index
            for index, (page, _, box) in enumerate(lines)
            if any(place["page"] == page and overlap(box, place["box"]) > 0.5 for place in boxes)
        ]
    else:
        wanted = letters_and_digits(label or "")
        hits = [
            index
            for index, (_, text, _) in enumerate(lines)
            if wanted and (key := letters_and_digits(text)) and (wanted in key or key in wanted)
        ]
    if not hits:
        return []
    # The first run of lines alone: one value may be printed in several places of the page.
    last = hits[0]
    while last + 1 in hits:
        last += 1
    return [text for _, text, _ in lines[max(0, hits[0] - AROUND) : last + AROUND + 1]]


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Shared area of two boxes as a share of the smaller one; 0 where one has no area."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0
