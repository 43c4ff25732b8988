"""Chooses what to ask: where errors cost most, spread so that copies are not asked again and again.

A label of one document is taken to teach its like too. What asking a field of a document is worth
is therefore the expected cost of errors in that field over all documents, each weighed by its
likeness to the asked one; a choice takes off what it teaches before the next one is made (greedy
facility location, Wei, Iyer and Bilmes, Submodularity in data subset selection and active
learning, ICML 2015).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.reviewing.likeness import NEAR_COPY, likeness

LEAST = 0.15
"""Documents that are less alike than this teach nothing about each other."""
TAUGHT = 0.5
"""Share of the doubt in an equal document that one label takes away. Less than all of it: a model
trusts what it saw twice."""
BESIDE = 0.5
"""A field of a document that is read anyway is asked if it is worth this share of the least one
that a document was opened for."""

Floats = NDArray[np.floating]


@dataclass
class Picked:
    """One document and the fields to ask, by their places in what `choose` was given."""

    row: int
    fields: list[int] = field(default_factory=list)


def choose(
    cost: Floats,
    rows: csr_matrix,
    asked: csr_matrix,
    *,
    documents: int,
    labels: int | None = None,
) -> list[Picked]:
    """At most `documents` of the rows, in the order of their worth, with the fields to ask.

    `cost` is the expected cost of an error, shape (rows, fields), 0 where nothing is to be asked.
    `rows` and `asked` are signatures (`likeness.signatures`) of the same documents and of those
    that were asked before. A near-copy of a document that was asked or chosen is never chosen.
    `labels` bounds the number of fields over all documents.
    """
    budget = cost.size if labels is None else labels
    like = likeness(rows, rows)
    free = np.ones(len(cost), dtype=np.bool_)
    left = np.ones(cost.shape)
    if asked.shape[0]:
        known = likeness(rows, asked).max(axis=1)
        free = known < NEAR_COPY
        left *= 1 - TAUGHT * _felt(known)[:, None]
    like = _felt(like)
    open_ = free[:, None] & (cost > 0)
    worth = np.where(open_, like @ (cost * left), 0.0)
    picked: dict[int, Picked] = {}
    least = np.inf
    while budget and worth.any():
        row, name = np.unravel_index(int(np.argmax(worth)), worth.shape)
        if row not in picked and len(picked) == documents:
            worth[[one for one in range(len(worth)) if one not in picked]] = 0
            continue
        if len(picked) == documents and worth[row, name] < BESIDE * least:
            break
        if row not in picked:
            least = worth[row, name]
            open_[(like[row] >= NEAR_COPY) & (np.arange(len(like)) != row)] = False
        picked.setdefault(int(row), Picked(int(row))).fields.append(int(name))
        budget -= 1
        open_[row, name] = False
        left[:, name] *= 1 - TAUGHT * like[row]
        worth[:, name] = like @ (cost[:, name] * left[:, name])
        worth[~open_] = 0
    return list(picked.values())


def _felt(alike: Floats) -> Floats:
    return np.where(alike < LEAST, 0.0, alike)
