"""What is measured of every line and every word; the columns are named below."""

import numpy as np
import numpy.typing as npt

from pipelines.extraction.layout import Floats, Lines, median_by
from pipelines.extraction.text import DIGIT, LETTER, MARK, SPACE, Characters, Ints, Words

Matrix = npt.NDArray[np.float32]

LINE_FEATURES = (
    "index", "index_from_end", "share_of_lines", "middle", "middle_of_text", "left", "right",
    "off_centre", "height", "width", "gap_before", "gap_after", "characters", "words", "letters",
    "digits", "marks", "colons", "commas", "starts_with_digit", "ends_with_comma",
    "ends_with_colon", "brackets", "has_left", "page", "values",
)  # fmt: skip
TOKEN_FEATURES = (
    "index", "index_from_end", "position", "length", "digits", "space_before", "comma_before",
    "comma_after", "dot_after", "open_before", "close_after", "mark_before", "mark_after",
)  # fmt: skip


def line_features(
    lines: Lines, chars: Characters, found: Words, left: Ints, values: Ints
) -> Matrix:
    """One row a line, columns LINE_FEATURES. Lengths are in heights of the document's median
    line, places in shares of the page, counts as they are; `values` counts candidates."""
    n = len(lines.text)
    x0, y0, x1, y1 = lines.box.T
    index = np.arange(n) - lines.begin[lines.document]
    total = lines.per_document[lines.document]
    unit = median_by(y1 - y0, lines.document, len(lines.per_document))[lines.document]
    page_width, page_height = _positive(lines.page_width), _positive(lines.page_height)
    top, bottom = _extent(lines, y0, np.minimum), _extent(lines, y1, np.maximum)
    first, last = _extent(lines, x0, np.minimum), _extent(lines, x1, np.maximum)
    same_page = (index[1:] > 0) & (lines.page[1:] == lines.page[:-1])
    gap = np.where(same_page, y0[1:] - y1[:-1], 0.0) / unit[1:] if n else np.zeros(0)
    middle = (y0 + y1) / 2
    columns = [
        index, total - 1 - index, index / np.maximum(total, 1), middle / page_height,
        (middle - top) / _positive(bottom - top), x0 / page_width, x1 / page_width,
        ((x0 + x1) - (first + last)) / 2 / _positive(last - first), (y1 - y0) / unit,
        (x1 - x0) / _positive(last - first), np.append(0.0, gap)[:n], np.append(gap, 0.0)[:n],
        chars.last - chars.first, np.bincount(found.line, minlength=n),
        chars.count(chars.kind == LETTER), chars.count(chars.kind == DIGIT),
        chars.count(chars.kind == MARK), chars.count(chars.upper == ord(":")),
        chars.count(chars.upper == ord(",")), chars.kind[chars.first] == DIGIT,
        chars.upper[chars.last - 1] == ord(","), chars.upper[chars.last - 1] == ord(":"),
        chars.count((chars.upper == ord("(")) | (chars.upper == ord(")"))), left >= 0,
        lines.page, values,
    ]  # fmt: skip
    return _matrix(columns, n)


def token_features(chars: Characters, found: Words) -> Matrix:
    """One row a word, columns TOKEN_FEATURES; places and counts of characters and words."""
    n = len(found.line)
    per_line = np.bincount(found.line, minlength=len(chars.first))
    begin = np.cumsum(per_line) - per_line
    index = np.arange(n) - begin[found.line]
    digits = np.concatenate(([0], np.cumsum(chars.kind == DIGIT)))
    before, after = found.start - 1, found.end
    # A space is skipped, but never the separator: that would look into the line before.
    skip = (chars.kind[before] == SPACE) & (found.start > chars.first[found.line])
    before_mark = np.where(skip, before - 1, before)
    columns = [
        index, per_line[found.line] - 1 - index, found.start - chars.first[found.line],
        found.end - found.start, digits[found.end] - digits[found.start],
        chars.kind[before] == SPACE, chars.upper[before_mark] == ord(","),
        chars.upper[after] == ord(","), chars.upper[after] == ord("."),
        chars.upper[before] == ord("("), chars.upper[after] == ord(")"),
        chars.kind[before_mark] == MARK, chars.kind[after] == MARK,
    ]  # fmt: skip
    return _matrix(columns, n)


def _matrix(columns: list[npt.NDArray[np.generic]], rows: int) -> Matrix:
    matrix = np.empty((rows, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix


def _positive(lengths: Floats) -> Floats:
    return np.where(lengths > 0, lengths, 1.0)


def _extent(lines: Lines, edge: Floats, reduce: np.ufunc) -> Floats:
    """The smallest or largest edge of each line's document."""
    if not len(edge):
        return edge
    filled = lines.per_document > 0
    extent = np.zeros(len(filled))
    extent[filled] = reduce.reduceat(edge, lines.begin[filled])
    return extent[lines.document]
