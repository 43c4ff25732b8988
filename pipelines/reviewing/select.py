"""Chooses what to ask: where errors cost most, spread so that copies are not asked again and again.

A label teaches the documents that are alike too. What a document is worth is therefore the
expected cost of errors over all documents, each weighed by how much more alike it is to this one
than to any that was chosen before (greedy facility location: Wei, Iyer and Bilmes, Submodularity
in data subset selection and active learning, ICML 2015). Of the chosen ones only the fields are
asked that the model is not sure of.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.reviewing.likeness import Looks

SURE = 0.8
"""A field that is right with this probability, or whose error costs so little that it comes to
the same, is not asked, as long as enough documents have others."""
KNOWN = 0.5
"""How much of its like a document covers that was asked before: less than one chosen now, since
the model may have learnt from it already, and says how sure it is."""

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Picked:
    """One document and the fields to ask, by their places in what `choose` was given."""

    row: int
    fields: tuple[int, ...]


def choose(
    doubt: Floats, weight: Floats, looks: Looks, *, documents: int, labels: int | None = None
) -> list[Picked]:
    """At most `documents`, in the order of their worth, with the fields to ask.

    `doubt` is the probability that an answer is wrong, shape (documents, fields), 0 where nothing
    is to be asked; `weight` what an error in each field costs. `looks` has the same documents,
    then those that were asked before. A near-copy of one that was asked or chosen is never
    chosen. `labels` bounds the number of fields over all documents.
    """
    count = len(doubt)
    rows, before = slice(0, count), slice(count, len(looks))
    dear = doubt * weight
    dearest = np.sort(dear.max(axis=1, initial=0))[::-1][:documents]
    least = min((1 - SURE) * weight.mean(), dearest[-1] if len(dearest) else 0.0)
    ask = (dear >= least) & (dear > 0)
    cost = dear.sum(axis=1)
    free = ask.any(axis=1)
    covered = np.zeros(count)
    if len(looks) > count:
        free &= ~looks.copies(rows, before).any(axis=1)
        covered = KNOWN * looks.alike(rows, before).max(axis=1)
    alike = looks.alike(rows, rows)
    picked: list[Picked] = []
    left = ask.size if labels is None else labels
    while free.any() and left > 0 and len(picked) < documents:
        worth = np.maximum(alike - covered, 0) @ cost
        # Its own doubt decides among equals, and where all is covered.
        row = int(np.argmax(np.where(free, worth + _TINY * cost, -1.0)))
        fields = np.flatnonzero(ask[row])
        if len(fields) > left:
            fields = np.sort(fields[np.argsort(-dear[row, fields], kind="stable")[:left]])
        picked.append(Picked(row, tuple(fields.tolist())))
        left -= len(fields)
        free &= ~looks.copies(rows, slice(row, row + 1))[:, 0]
        free[row] = False
        covered = np.maximum(covered, alike[row])
    return picked


_TINY = 1e-6
