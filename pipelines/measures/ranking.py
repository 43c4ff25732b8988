"""How well scores put the true rows first, for the rows as they are and for drawn clusters.

Average precision is the mean of the precision at each true row (Davis and Goadrich 2006, ICML);
AUROC the chance that a true row scores above a false one. Precision among the top cards of a
day is that of the Fraud Detection Handbook, chapter 4: of each day the cards with the highest
score of any of their rows, a card that was found true is not looked at again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BLOCK_CELLS = 2_000_000
"""Cells of draws × rows or cards that are held at once: 16 MB an array."""


@dataclass(frozen=True)
class Ranking:
    """Rows with their scores, labels and clusters, sorted into what the two measures need."""

    positives: csr_matrix
    """Steps × clusters: true rows of each cluster at each step, the highest score first."""
    negatives: csr_matrix

    @classmethod
    def of(cls, score: Floats, label: Flags, cluster: Ints, clusters: int) -> "Ranking":
        """`cluster` numbers the clusters from 0; rows of equal score are one step.

        Steps without a true row are joined: only true rows are looked at from above.
        """
        order = np.argsort(-score, kind="stable")
        _, tie = np.unique(-score[order], return_inverse=True)
        true = label[order]
        has_true = np.bincount(tie, weights=true, minlength=1) > 0
        # A step begins at each tie that holds a true row and right after it.
        begins = has_true | np.concatenate([[True], has_true[:-1]])
        step = (np.cumsum(begins) - 1)[tie]
        shape = (int(begins.sum()), clusters)
        rows = cluster[order]

        def counted(mask: Flags) -> csr_matrix:
            ones = np.ones(int(mask.sum()))
            return csr_matrix((ones, (step[mask], rows[mask])), shape=shape)

        return cls(counted(true), counted(~true))

    def scores(self, weights: Floats) -> Floats:
        """Average precision and AUROC of each draw: weights (draws × clusters) to draws × 2.

        NaN where a draw holds no true row, or for AUROC no false one.
        """
        block = max(1, _BLOCK_CELLS // max(1, self.positives.shape[0]))
        parts = [self._scores(weights[at : at + block]) for at in range(0, len(weights), block)]
        return np.concatenate(parts) if parts else np.zeros((0, 2))

    def _scores(self, weights: Floats) -> Floats:
        true = np.asarray(self.positives @ weights.T)
        false = np.asarray(self.negatives @ weights.T)
        above_true, above_false = np.cumsum(true, axis=0), np.cumsum(false, axis=0)
        seen = above_true + above_false
        precision = np.divide(above_true, seen, out=np.zeros_like(seen), where=seen > 0)
        whole_true, whole_false = above_true[-1], above_false[-1]
        below = whole_false - above_false + false / 2
        pairs = whole_true * whole_false
        with np.errstate(invalid="ignore", divide="ignore"):
            average = (true * precision).sum(axis=0) / whole_true
            auroc = (true * below).sum(axis=0) / pairs
        return np.stack([average, auroc], axis=1)


@dataclass(frozen=True)
class TopCards:
    """The cards of each day, the most suspicious first."""

    cards: tuple[Ints, ...]
    """Clusters that acted on the day, by the highest score of their rows."""
    true: tuple[Flags, ...]
    """Whether any row of the card was true on the day."""
    clusters: int
    per_day: int

    @classmethod
    def of(
        cls, score: Floats, label: Flags, cluster: Ints, day: Ints, clusters: int, per_day: int
    ) -> "TopCards":
        """`day` is any number that is the same for rows of one day and grows with time."""
        cards, true = [], []
        for one in np.unique(day):
            rows = np.flatnonzero(day == one)
            order = rows[np.lexsort((cluster[rows], -score[rows]))]
            found, first = np.unique(cluster[order], return_index=True)
            ranked = np.argsort(first, kind="stable")
            bad = np.bincount(cluster[rows], weights=label[rows], minlength=clusters) > 0
            cards.append(found[ranked])
            true.append(bad[found[ranked]])
        return cls(tuple(cards), tuple(true), clusters, per_day)

    def scores(self, weights: Floats) -> Floats:
        """Mean precision of the days, of each draw: weights (draws × clusters) to draws × 1."""
        block = max(1, _BLOCK_CELLS // max(1, self.clusters))
        parts = [
            self.by_day(weights[at : at + block]).mean(axis=1, keepdims=True)
            for at in range(0, len(weights), block)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 1))

    def by_day(self, weights: Floats) -> Floats:
        """Precision of each day, draws × days; of fewer cards than can be looked at, of those."""
        alive = np.ones((len(weights), self.clusters), dtype=bool)
        found = np.zeros((len(weights), len(self.cards)))
        for place, (cards, true) in enumerate(zip(self.cards, self.true, strict=True)):
            weight = weights[:, cards] * alive[:, cards]
            before = np.cumsum(weight, axis=1) - weight
            looked = np.clip(self.per_day - before, 0, weight)
            whole = looked.sum(axis=1)
            right = looked @ true.astype(np.float64)
            found[:, place] = np.divide(right, whole, out=np.zeros_like(right), where=whole > 0)
            alive[:, cards] &= ~((looked > 0) & true)
        return found
