"""Candidates of value fields: every date, amount and code on the page, and its measures."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.extraction.arithmetic import RELATIONS, relations
from pipelines.extraction.layout import Lines
from pipelines.extraction.text import DIGIT, LETTER, Characters, Hasher, Ints
from pipelines.extraction.values import GENERATORS, Found, find

MOST_PER_DOCUMENT = 600
"""Candidates of one kind in one document; what stands further down is left out."""

VALUE_FEATURES = (
    "index_in_line", "index_in_line_from_end", "before", "after", "length", "digits", "letters",
    "right_edge", "number", "rank", "share_of_largest", "has_decimals", "has_currency", "copies",
    "copy", "index", "index_from_end", "distinct", *RELATIONS,
)  # fmt: skip


@dataclass(frozen=True)
class Candidates:
    """Candidates of all documents in reading order, kind by kind; one entry a candidate."""

    kind: list[str]
    text: list[str]
    line: Ints
    start: Ints
    end: Ints
    context: npt.NDArray[np.uint64]
    features: npt.NDArray[np.float32]
    """Shape (candidates, VALUE_FEATURES)."""

    def columns(self) -> dict[str, npt.NDArray[np.generic] | pa.Array]:
        """The columns of the features table, `value_line` as index in the batch."""
        return {
            "value_kind": pa.array(self.kind, pa.string()),
            "value_line": self.line,
            "value_start": self.start,
            "value_end": self.end,
            "value_text": pa.array(self.text, pa.string()),
            "value_context": self.context.view(np.int64),
            "value_features": self.features,
        }


def candidates(lines: Lines, chars: Characters, left: Ints, kinds: set[str]) -> Candidates:
    """Every value of the kinds that have a form of their own, ordered by line."""
    has_digit = np.flatnonzero(chars.count(chars.kind == DIGIT))
    found: list[tuple[int, str, Found]] = []
    wanted = sorted(kinds & GENERATORS.keys())
    for at in has_digit.tolist():
        line_text = lines.text[at]
        found.extend((at, kind, value) for kind in wanted for value in find(kind, line_text))
    line = np.fromiter((f[0] for f in found), np.int64, len(found))
    code = np.fromiter((wanted.index(f[1]) for f in found), np.int64, len(found))
    document = lines.document[line] if len(line) else line
    place = _index_in_group(document * len(wanted) + code)
    keep = np.flatnonzero(place < MOST_PER_DOCUMENT)
    found, line, code = [found[i] for i in keep.tolist()], line[keep], code[keep]
    start = np.fromiter((f[2].start for f in found), np.int64, len(found))
    end = np.fromiter((f[2].end for f in found), np.int64, len(found))
    text = [f[2].value for f in found]
    return Candidates(
        [wanted[c] for c in code.tolist()],
        text,
        line,
        start,
        end,
        _context(chars, left, line, code, start, end),
        np.concatenate(
            [
                _features(lines, chars, line, code, start, end, text),
                _relations(wanted, lines, line, code, text),
            ],
            axis=1,
        ),
    )


def _index_in_group(group: npt.NDArray[np.integer]) -> Ints:
    """0, 1, … for the members of each group in their order."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    index = np.empty(len(group), dtype=np.int64)
    sizes = np.diff(np.append(first, len(group)))
    index[order] = np.arange(len(group)) - np.repeat(first, sizes)
    return index


def _context(
    chars: Characters, left: Ints, line: Ints, code: Ints, start: Ints, end: Ints
) -> npt.NDArray[np.uint64]:
    """Hash of the letters between the value before and this one, else of the line to the left."""
    letters = Hasher(chars, chars.kind == LETTER)
    follows = np.zeros(len(line), dtype=np.bool_)
    follows[1:] = (line[1:] == line[:-1]) & (code[1:] == code[:-1])
    begin = chars.first[line] + np.where(follows, np.append(0, end)[: len(line)], 0)
    own = letters(begin, chars.first[line] + start)
    beside = np.where(left[line] >= 0, left[line], line)
    other = letters(chars.first[beside], chars.last[beside])
    return np.where((own == 0) & (beside != line), other, own)


def _features(
    lines: Lines, chars: Characters, line: Ints, code: Ints, start: Ints, end: Ints, text: list[str]
) -> npt.NDArray[np.float32]:
    n = len(line)
    document = lines.document[line] if n else line
    group = document * (int(code.max(initial=0)) + 1) + code
    in_line = _index_in_group(line * (int(code.max(initial=0)) + 1) + code)
    number = np.fromiter((_number(value) for value in text), np.float64, n)
    copy_of = _dense(group, np.unique(np.array(text, dtype=np.str_), return_inverse=True)[1])
    first, last = chars.first[line] + start, chars.first[line] + end
    letters, digits = _running(chars.kind == LETTER), _running(chars.kind == DIGIT)
    surface = [lines.text[at][s:e] for at, s, e in zip(line, start, end, strict=True)]
    index = _index_in_group(group)
    size = np.bincount(_dense(group), minlength=1)[_dense(group)]
    in_line_size = _sizes(line * (int(code.max(initial=0)) + 1) + code)
    largest, rank, distinct = _ranks(group, number)
    x0, x1 = lines.box[line, 0], lines.box[line, 2]
    width = np.where(lines.page_width[line] > 0, lines.page_width[line], 1.0)
    length = np.maximum(chars.last[line] - chars.first[line], 1)
    columns = [
        in_line, in_line_size - 1 - in_line, start, length - end, end - start,
        digits[last] - digits[first], letters[last] - letters[first],
        (x0 + (x1 - x0) * end / length) / width, number, rank,
        number / np.where(largest > 0, largest, 1.0),
        [bool(_DECIMALS.search(s)) for s in surface], [not s[:1].isdigit() for s in surface],
        _sizes(copy_of), _index_in_group(copy_of), index, size - 1 - index, distinct,
    ]  # fmt: skip
    matrix = np.empty((n, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix


def _relations(
    kinds: list[str], lines: Lines, line: Ints, code: Ints, text: list[str]
) -> npt.NDArray[np.float32]:
    """How amounts make each other up; zeros for what is no amount."""
    found = np.zeros((len(line), len(RELATIONS)), dtype=np.float32)
    if "money" in kinds:
        amounts = np.flatnonzero(code == kinds.index("money"))
        number = np.array([_number(text[at]) for at in amounts.tolist()], dtype=np.float64)
        of = line[amounts]
        found[amounts] = relations(lines.document[of].astype(np.int64), of, number)
    return found


_DECIMALS = re.compile(r"[.,]\s?\d\d\D*$")


def _number(value: str) -> float:
    """An amount as itself, a date as its digits; what has no number is 0."""
    digits = value.replace("-", "") if value[4:5] == "-" else value
    try:
        return min(max(float(digits), -1e9), 1e9)
    except ValueError:
        return 0.0


def _running(mask: npt.NDArray[np.bool_]) -> Ints:
    return np.concatenate(([0], np.cumsum(mask, dtype=np.int64)))


def _dense(group: npt.NDArray[np.integer], value: npt.NDArray[np.integer] | None = None) -> Ints:
    """Groups (or pairs of group and value) numbered from 0."""
    if value is not None:
        group = group * (int(value.max(initial=0)) + 1) + value
    dense: Ints = np.unique(group, return_inverse=True)[1].astype(np.int64)
    return dense


def _sizes(group: npt.NDArray[np.integer]) -> Ints:
    dense = _dense(group)
    sizes: Ints = np.bincount(dense, minlength=1)[dense]
    return sizes


def _ranks(
    group: Ints, number: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], Ints, Ints]:
    """The group's largest number; how many distinct ones are larger; how many there are."""
    if not len(group):
        return number, group, group
    order = np.lexsort((-number, group))
    ordered_group, ordered = group[order], number[order]
    new_group = np.diff(ordered_group, prepend=ordered_group[:1] - 1) != 0
    step = new_group | (np.diff(ordered, prepend=ordered[:1]) != 0)
    running = np.cumsum(step)
    starts = np.flatnonzero(new_group)
    member = np.cumsum(new_group) - 1
    rank, largest, distinct = (np.empty(len(group)) for _ in range(3))
    rank[order] = running - running[starts][member]
    largest[order] = ordered[starts][member]
    ends = np.append(starts[1:], len(group)) - 1
    distinct[order] = (running[ends] - running[starts] + 1)[member]
    return largest, rank.astype(np.int64), distinct.astype(np.int64)
