"""How the amounts of a page make each other up.

Captions differ from one till to the next, the sums do not: a total is what was paid less the
change, or the subtotal and the tax, or all of the items above it; and where cash is rounded it
stands a cent or two beside another amount. So these tell the total of a merchant whose captions
were never seen.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipelines.extraction.text import Ints

RELATIONS = ("is_difference", "is_sum", "is_sum_of_run", "step", "beside", "beside_by")
"""Pairs of other amounts of which it is the difference, and the sum; how many amounts in a row, the
last of their lines, it adds up that stand before it; its last digit of cents as a part of five; how
many other amounts are within the rounding of cash, and by how much the nearest is more."""

_ROUNDING = 4
"""Cents by which cash is rounded at most, to the next five or ten."""
_MOST = 120
"""Amounts of a document that are paired (the largest) or added up (the last)."""
_LARGEST = 10**11

Found = npt.NDArray[np.float32]


def relations(document: Ints, line: Ints, number: npt.NDArray[np.float64]) -> Found:
    """Shape (candidates, RELATIONS); candidates in the order of the page, `number` is each one's
    amount as it stands. An amount of nothing, or less, has no relations."""
    cents = np.rint(np.clip(number, -_LARGEST, _LARGEST) * 100).astype(np.int64)
    found = np.zeros((len(cents), len(RELATIONS)), dtype=np.float32)
    begins = np.flatnonzero(np.diff(document, prepend=-1))
    for begin, end in pairwise([*begins.tolist(), len(cents)]):
        found[begin:end] = _of_document(cents[begin:end], line[begin:end])
    return found


def _of_document(cents: Ints, line: Ints) -> Found:
    found = np.zeros((len(cents), len(RELATIONS)), dtype=np.float32)
    values = np.unique(cents[cents > 0])[-_MOST:]
    if not len(values):
        return found
    sums = values[:, None] + values
    place = np.minimum(np.searchsorted(values, sums), len(values) - 1)
    made = values[place] == sums
    np.fill_diagonal(made, False)  # an amount twice is its copy
    gap = values - values[:, None]
    near = (np.abs(gap) <= _ROUNDING) & (gap != 0)
    nearest = np.where(near, np.abs(gap), _ROUNDING + 1).argmin(axis=1)
    table = np.stack(
        [
            made.sum(axis=1),
            np.bincount(place[made], minlength=len(values)) // 2,
            np.zeros(len(values)),
            values % 5,
            near.sum(axis=1),
            np.where(near.any(axis=1), gap[np.arange(len(values)), nearest], 0),
        ],
        axis=1,
    )
    at = np.minimum(np.searchsorted(values, cents), len(values) - 1)
    known = values[at] == cents
    found[known] = table[at[known]]
    found[:, RELATIONS.index("is_sum_of_run")] = _runs(cents, line)
    return found


def _runs(cents: Ints, line: Ints) -> Ints:
    """Terms of the longest run of two or more, ended before it, that each amount adds up."""
    ends_line = np.append(line[1:] != line[:-1], True)
    places = np.flatnonzero(ends_line)[-_MOST:]
    until = np.concatenate(([0], np.cumsum(np.maximum(cents[places], 0))))
    first, end = np.triu_indices(len(until), 2)
    total = until[end] - until[first]
    order = np.argsort(total, kind="stable")
    total, terms, last = total[order], (end - first)[order], places[end - 1][order]
    begins, ends = np.searchsorted(total, cents), np.searchsorted(total, cents, side="right")
    longest = np.zeros(len(cents), dtype=np.int64)
    for at in np.flatnonzero((ends > begins) & (cents > 0)).tolist():
        same = slice(begins[at], ends[at])
        longest[at] = terms[same][last[same] < at].max(initial=0)
    return longest
