"""What people typed, found again on the page: the learning target of every field."""

from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from pipelines.contracts.spec import ModelSpec
from pipelines.extraction.batch import Batch
from pipelines.extraction.normalise import by_value, strict
from pipelines.extraction.text import Ints
from pipelines.extraction.values import GENERATORS, letters_and_digits

_CLOSE_ENOUGH = 0.75
"""Share of letters in common from which a stretch of the page is taken to be the label."""


@dataclass(frozen=True)
class Label:
    """Labels of one field; arrays have one entry a document."""

    known: npt.NDArray[np.bool_]
    """False where nobody has said what the value is: such a document teaches nothing here."""
    text: list[str | None]
    """As `normalise.strict` writes it; None where the document has no such value."""
    first: Ints
    """First and last word of a span (over the batch); -1 where it is not on the page."""
    last: Ints
    value_right: npt.NDArray[np.bool_]
    """Of each candidate of the batch, for a value field: it means what the label means."""
    line_right: npt.NDArray[np.bool_]
    """Of each line of the batch: the value, or a part of it, stands in it."""


def labels(batch: Batch, spec: ModelSpec) -> dict[str, Label]:
    """Labels of every field. A key that is missing means unknown; null or empty means absent."""
    rows = batch.fields
    letters = _Letters(batch)
    return {
        name: _label(batch, letters, rows, name, field.kind) for name, field in spec.fields.items()
    }


def groups(batch: Batch, field: str) -> Ints:
    """Documents numbered by the normalised value of one field; each unlabelled one is its own."""
    names = [
        letters_and_digits((row or {}).get(field) or "") or f"\n{index}"
        for index, row in enumerate(batch.fields)
    ]
    return np.unique(np.array(names, dtype=np.str_), return_inverse=True)[1].astype(np.int64)


def _label(
    batch: Batch,
    letters: "_Letters",
    rows: list[dict[str, str | None] | None],
    name: str,
    kind: str,
) -> Label:
    known = np.array([row is not None and name in row for row in rows], dtype=np.bool_)
    text = [strict((row or {}).get(name) or "") or None for row in rows]
    first, last = (np.full(len(batch), -1, dtype=np.int64) for _ in range(2))
    value_right = np.zeros(int(batch.n_values.sum()), dtype=np.bool_)
    line_right = np.zeros(int(batch.n_lines.sum()), dtype=np.bool_)
    if kind in GENERATORS:
        meaning = [by_value(value, kind) if value else None for value in text]
        of_kind = np.flatnonzero(batch.value_kind == kind)
        for index in of_kind.tolist():
            value_right[index] = batch.value_text[index] == meaning[batch.value_document[index]]
        line_right[batch.value_line[value_right]] = True
    else:
        for index, value in enumerate(text):
            if value is not None:
                first[index], last[index] = letters.align(index, letters_and_digits(value))
        for start, end in zip(first[first >= 0], last[first >= 0], strict=True):
            line_right[batch.token_line[start : end + 1]] = True
    return Label(known, text, first, last, value_right, line_right)


class _Letters:
    """The letters and digits of each document, and the word that each belongs to."""

    def __init__(self, batch: Batch) -> None:
        self._begin = batch.token_begin
        texts = batch.line_text
        words = [
            letters_and_digits(texts[line][start:end])
            for line, start, end in zip(
                batch.token_line.tolist(),
                batch.lists["token_start"].tolist(),
                batch.lists["token_end"].tolist(),
                strict=True,
            )
        ]
        self._words = [
            words[begin : begin + count]
            for begin, count in zip(self._begin.tolist(), batch.n_tokens.tolist(), strict=True)
        ]

    def align(self, document: int, wanted: str) -> tuple[int, int]:
        """First and last word (over the batch) of the stretch that reads `wanted`, else -1, -1."""
        words = self._words[document]
        page = "".join(words)
        ends = np.cumsum([len(word) for word in words])
        found = _exactly(page, wanted, ends) or _nearly(page, wanted)
        if found is None:
            return -1, -1
        first = np.searchsorted(ends, found[0], side="right")
        last = np.searchsorted(ends, found[1] - 1, side="right")
        return int(self._begin[document] + first), int(self._begin[document] + last)


def _exactly(page: str, wanted: str, ends: Ints) -> tuple[int, int] | None:
    """The first place that begins at a word, else the first place."""
    places = []
    at = page.find(wanted) if wanted else -1
    while at >= 0:
        places.append(at)
        at = page.find(wanted, at + 1)
    if not places:
        return None
    starts = {0, *ends.tolist()}
    best = next((place for place in places if place in starts), places[0])
    return best, best + len(wanted)


def _nearly(page: str, wanted: str) -> tuple[int, int] | None:
    """The stretch around the longest common one, where enough of the letters agree."""
    if len(wanted) < 4 or not page:
        return None
    # A label stands near the head of a page; the cut bounds the quadratic search.
    page = page[:20_000]
    seed = SequenceMatcher(None, page, wanted, autojunk=False).find_longest_match()
    low = max(seed.a - seed.b - 8, 0)
    window = page[low : low + len(wanted) + 16]
    blocks = [
        block
        for block in SequenceMatcher(None, window, wanted, autojunk=False).get_matching_blocks()
        if block.size
    ]
    if sum(block.size for block in blocks) < _CLOSE_ENOUGH * len(wanted):
        return None
    return low + blocks[0].a, low + blocks[-1].a + blocks[-1].size
