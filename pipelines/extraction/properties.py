"""Properties of documents that are watched: how much text, of what kind, how it lies on the page.

They are of the page alone and need no model. A new scanner, another OCR engine or a new form
moves some of them before anybody has labelled a document.
"""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.extraction import layout
from pipelines.extraction.layout import Floats, Lines, median_by
from pipelines.extraction.text import DIGIT, LETTER, MARK, Characters, Ints, characters, words

PROPERTIES = pa.schema([
    pa.field("pages", pa.int64()),
    pa.field("lines", pa.int64()),
    pa.field("words", pa.int64()),
    pa.field("characters", pa.int64()),
    pa.field("letters", pa.float64()),  # share of the characters, as are the next three
    pa.field("digits", pa.float64()),
    pa.field("marks", pa.float64()),
    pa.field("foreign", pa.float64()),  # letters and digits outside ASCII
    pa.field("page_width", pa.float64()),  # pixels, of the first line's page
    pa.field("page_height", pa.float64()),
    pa.field("line_height", pa.float64()),  # pixels, median
    pa.field("coverage", pa.float64()),  # area of the lines' boxes over that of the page
    pa.field("garbled", pa.float64()),  # share of the lines that look misread
    pa.field("layout", pa.string()),  # shape of the page, number of lines, where they begin
])
"""One row a document; what a document without lines has no value for is null."""

_MISREAD = re.compile(r"[^\W\d_]\d[^\W\d_]|\d[^\W\d_]\d|\ufffd")
_SHAPES = ((1.6, "page"), (2.5, "tall"), (np.inf, "strip"))
_SIZES = ((20, "few"), (50, "some"), (np.inf, "many"))
_INDENT = 0.05
"""Share of the page's width within which a line begins at the left, like the leftmost one."""


def of_pages(pages: pa.ChunkedArray) -> pa.Table:
    """PROPERTIES of the documents of a `pages` column, in their order.

    A line looks misread where a letter stands between digits or a digit between letters, as in
    `T0TAL`, or where a character could not be told. Some codes look like that too: it is the
    change of the share that says something.
    """
    lines = layout.flatten(pages)
    chars = characters(lines.text)
    n = len(lines.per_document)

    def total(per_line: npt.NDArray[Any]) -> Floats:
        return _totals(lines.document, per_line, n)

    n_lines = lines.per_document
    n_characters = total(chars.last - chars.first)
    area = (lines.box[:, 2] - lines.box[:, 0]) * (lines.box[:, 3] - lines.box[:, 1])
    page_area = total(lines.page_width * lines.page_height) / np.maximum(n_lines, 1)
    misread = np.array([_MISREAD.search(text) is not None for text in lines.text], dtype=np.float64)
    columns = {
        "pages": pc.fill_null(pc.list_value_length(pages), 0),
        "lines": n_lines,
        "words": total(np.bincount(words(chars).line, minlength=len(lines.text))),
        "characters": n_characters,
        **{
            name: _share(total(chars.count(mask)), n_characters)
            for name, mask in _classes(chars).items()
        },
        "page_width": _first(lines.page_width, lines),
        "page_height": _first(lines.page_height, lines),
        "line_height": _where(n_lines > 0, _heights(lines)),
        "coverage": _share(total(area), page_area),
        "garbled": _share(total(misread), n_lines),
        "layout": _layouts(lines),
    }
    return pa.table({field.name: _column(columns[field.name], field) for field in PROPERTIES})


def _classes(chars: Characters) -> dict[str, npt.NDArray[np.bool_]]:
    return {
        "letters": chars.kind == LETTER,
        "digits": chars.kind == DIGIT,
        "marks": chars.kind == MARK,
        "foreign": chars.is_word & (chars.upper > 127),
    }


def _column(values: Floats | Ints | pa.Array | pa.ChunkedArray, field: pa.Field) -> pa.Array:
    if isinstance(values, np.ndarray):
        # A NaN says here that there is no value.
        values = pa.array(values, from_pandas=True)
    return values.cast(field.type)


def _totals(document: npt.NDArray[Any], values: npt.NDArray[Any], n: int) -> Floats:
    """Sum of the values of each of `n` documents."""
    return np.bincount(document, values, n).astype(np.float64)


def _share(part: Floats, whole: npt.NDArray[Any]) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def _where(there: npt.NDArray[np.bool_], values: Floats) -> Floats:
    return np.where(there, values, np.nan)


def _first(per_line: Floats, lines: Lines) -> Floats:
    """The value of each document's first line."""
    found = np.append(per_line, np.nan)
    return _where(lines.per_document > 0, found[np.minimum(lines.begin, len(per_line))])


def _heights(lines: Lines) -> Floats:
    return median_by(lines.box[:, 3] - lines.box[:, 1], lines.document, len(lines.per_document))


def _layouts(lines: Lines) -> pa.Array:
    """A class for each document; null for one without lines."""
    n = len(lines.per_document)
    width, height = _first(lines.page_width, lines), _first(lines.page_height, lines)
    ratio = _share(height, np.nan_to_num(width))
    edge = np.full(n, np.inf)
    np.minimum.at(edge, lines.document, lines.box[:, 0])
    indent = lines.box[:, 0] - edge[lines.document]
    at_left = _totals(lines.document, indent <= _INDENT * lines.page_width, n)
    found = [
        " ".join((
            _named(ratio[at], _SHAPES),
            _named(count, _SIZES),
            "left" if 2 * at_left[at] >= count else "spread",
        ))
        if count
        else None
        for at, count in enumerate(lines.per_document.tolist())
    ]
    return pa.array(found, pa.string())


def _named(value: float, classes: tuple[tuple[float, str], ...]) -> str:
    return next((name for below, name in classes if value < below), classes[-1][1])
