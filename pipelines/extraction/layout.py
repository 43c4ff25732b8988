"""The lines of a batch of documents as flat arrays: places, sizes and neighbours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import BadDataError
from pipelines.extraction.text import Ints

Floats = npt.NDArray[np.float64]

MAX_LINES = 5000
"""Lines of a document that are looked at; the rest is left out."""
MAX_CHARACTERS = 400
"""Characters of a line that are looked at."""
_FARTHEST = 1e6  # pixels; beyond it a box is nonsense and would only overflow

PAGES = pa.list_(
    pa.struct({
        "width": pa.float64(),
        "height": pa.float64(),
        "lines": pa.list_(pa.struct({"text": pa.string(), "box": pa.list_(pa.float64())})),
    })
)
"""Type of the column `pages` of published documents."""


@dataclass(frozen=True)
class Lines:
    """Lines of all documents in reading order; arrays have one entry a line."""

    text: list[str]
    document: npt.NDArray[np.int32]
    page: npt.NDArray[np.int32]
    box: Floats
    """Shape (lines, 4), pixels, never inverted; a box that is none is zeros."""
    page_width: Floats
    page_height: Floats
    per_document: Ints
    """Lines of each document."""

    @property
    def begin(self) -> Ints:
        """Index of each document's first line."""
        return np.cumsum(self.per_document) - self.per_document


def flatten(pages: pa.ChunkedArray) -> Lines:
    """Lines of a `pages` column; whatever is null, short or not finite becomes empty or zero."""
    try:
        documents = pages.cast(PAGES).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadDataError(
            f"column `pages` has type {pages.type}; expected {PAGES}. "
            "Give the published documents table."
        ) from error
    if isinstance(documents, pa.ChunkedArray):  # a table without chunks
        documents = pa.array([], PAGES)
    n_pages = _lengths(documents)
    page = documents.flatten()
    lines_of_page = pc.struct_field(page, "lines")
    n_lines = _lengths(lines_of_page)
    line = lines_of_page.flatten()
    page_index = _ranges(n_pages)
    document_of_page = np.repeat(np.arange(len(n_pages)), n_pages)
    document = np.repeat(document_of_page, n_lines)
    per_document = np.bincount(document, minlength=len(n_pages)).astype(np.int64)
    keep = _ranges(per_document) < MAX_LINES

    def of_page(name: str) -> Floats:
        return np.repeat(_finite(pc.struct_field(page, name)), n_lines)[keep]

    # numpy's booleans are not taken as a mask of arrow arrays by every version
    texts = pc.struct_field(line, "text").filter(pa.array(keep)).to_pylist()
    return Lines(
        text=[(text or "")[:MAX_CHARACTERS] for text in texts],
        document=document[keep].astype(np.int32),
        page=np.repeat(page_index, n_lines)[keep].astype(np.int32),
        box=_boxes(pc.struct_field(line, "box"))[keep],
        page_width=of_page("width"),
        page_height=of_page("height"),
        per_document=np.minimum(per_document, MAX_LINES),
    )


def _lengths(lists: pa.ListArray) -> Ints:
    lengths = pc.fill_null(lists.value_lengths(), 0)
    numbers: Ints = lengths.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def _ranges(lengths: Ints) -> Ints:
    """0, 1, … within each run of the given lengths."""
    begin = np.cumsum(lengths) - lengths
    ranges: Ints = np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(begin, lengths)
    return ranges


def _finite(values: pa.Array) -> Floats:
    numbers = pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False).astype(np.float64)
    numbers = np.where(np.isfinite(numbers), numbers, 0.0)
    return np.clip(numbers, -_FARTHEST, _FARTHEST)


def _boxes(lists: pa.ListArray) -> Floats:
    lengths = _lengths(lists)
    numbers = np.append(_finite(lists.flatten()), 0.0)
    begin = np.cumsum(lengths) - lengths
    corner = np.where(lengths[:, None] == 4, begin[:, None] + np.arange(4), len(numbers) - 1)
    box = numbers[corner]
    low, high = np.minimum(box[:, :2], box[:, 2:]), np.maximum(box[:, :2], box[:, 2:])
    return np.concatenate((low, high), axis=1)


def neighbours(lines: Lines) -> tuple[Ints, Ints]:
    """Index of the line to the left in the same row, and of the nearest line above; -1 if none.

    Only the 8 (left) and 12 (above) lines nearest in height are looked at: time grows with
    the number of lines, never with its square.
    """
    x0, y0, x1, y1 = lines.box.T
    middle, height = (y0 + y1) / 2, y1 - y0
    order = np.lexsort((x0, middle, lines.page, lines.document))
    left = np.full(len(order), -1, dtype=np.int64)
    above = np.full(len(order), -1, dtype=np.int64)
    left_edge = np.full(len(order), -np.inf)
    for shift in [s for step in range(1, 9) for s in (-step, step)]:
        here, there = _shifted(order, lines, shift)
        same_row = np.abs(middle[here] - middle[there]) < 0.5 * np.minimum(
            height[here], height[there]
        )
        better = same_row & (x1[there] <= x0[here] + 0.3 * height[here])
        better &= x1[there] > left_edge[here]
        left[here[better]] = there[better]
        left_edge[here[better]] = x1[there[better]]
    for step in range(1, 13):
        here, there = _shifted(order, lines, -step)
        over = (above[here] < 0) & (y1[there] <= middle[here])
        over &= (x0[there] < x1[here]) & (x1[there] > x0[here])
        above[here[over]] = there[over]
    return left, above


def _shifted(order: Ints, lines: Lines, shift: int) -> tuple[Ints, Ints]:
    """Pairs of lines `shift` apart in `order`, of the same page."""
    if shift < 0:
        here, there = order[-shift:], order[:shift]
    else:
        here, there = order[:-shift], order[shift:]
    same = (lines.document[here] == lines.document[there]) & (lines.page[here] == lines.page[there])
    return here[same], there[same]


def median_by(values: Floats, group: npt.NDArray[np.int32], groups: int) -> Floats:
    """The lower median of each group, 1.0 for an empty one or where it is not positive."""
    order = np.lexsort((values, group))
    counts = np.bincount(group, minlength=groups)
    begin = np.cumsum(counts) - counts
    medians = np.ones(groups)
    filled = counts > 0
    medians[filled] = values[order][(begin + (counts - 1) // 2)[filled]]
    return np.where(medians > 0, medians, 1.0)
