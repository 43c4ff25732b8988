"""Line model: how much a line and its neighbours look like the place of each field.

Logistic regression on hashed n-grams of the line, the lines before and behind it in
reading order, the two to its left and the one above, and on how far from the head and from
the foot of the document it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipelines.extraction.batch import Batch
from pipelines.extraction.folds import Plan
from pipelines.extraction.labels import Label
from pipelines.extraction.text import BUCKET_BITS, Ints

_BUCKETS = 1 << BUCKET_BITS
_CONTEXTS = 6
_ITERATIONS = 60  # further ones move no decision
_PLACES = 24
"""The first and the last lines that are told apart by their place."""


@dataclass(frozen=True)
class LineModel:
    """Weights of every field: of n-grams, shape (fields, contexts, buckets); of the places from
    the head and from the foot, shape (fields, 2, places); and one intercept a field."""

    weights: npt.NDArray[np.float32]
    places: npt.NDArray[np.float32]
    intercepts: npt.NDArray[np.float32]

    def __call__(self, batch: Batch) -> npt.NDArray[np.float32]:
        """Log-odds of each line for each field: shape (lines, fields)."""
        n_fields = len(self.intercepts)
        flat = self.weights.reshape(n_fields * _CONTEXTS, _BUCKETS).T
        parts = np.asarray(_bag(batch) @ flat).reshape(-1, n_fields, _CONTEXTS)
        parts = np.concatenate((parts, np.zeros((1, n_fields, _CONTEXTS), parts.dtype)))
        logits = np.tile(self.intercepts, (len(parts) - 1, 1))
        for context, index in enumerate(_contexts(batch)):
            logits += parts[index, :, context]  # -1 is the row of zeros
        head, foot = _places(batch)
        return logits + self.places[:, 0, head].T + self.places[:, 1, foot].T


def fit_out_of_fold(
    batch: Batch, labels: Sequence[Label], plan: Plan
) -> tuple[LineModel, npt.NDArray[np.float32]]:
    """The model of all documents, and each line's log-odds by one that never saw its fold."""
    logits = np.zeros((int(batch.n_lines.sum()), len(labels)), dtype=np.float32)
    for part in np.unique(plan.fold).tolist():
        inside = plan.fold[batch.line_document] == part
        model = fit(batch, labels, plan.weight, np.flatnonzero(plan.fold != part))
        logits[inside] = model(batch)[inside]
    return fit(batch, labels, plan.weight, np.arange(len(batch))), logits


def fit(
    batch: Batch, labels: Sequence[Label], weight: npt.NDArray[np.float64], rows: Ints
) -> LineModel:
    """Learns from the documents `rows`; `weight` has one entry a document."""
    lines = np.flatnonzero(np.isin(batch.line_document, rows))
    bag = sparse.vstack((_bag(batch), sparse.csr_matrix((1, _BUCKETS), dtype=np.float32))).tocsr()
    places = [
        sparse.csr_matrix(
            (np.ones(len(lines), np.float32), place[lines], np.arange(len(lines) + 1)),
            shape=(len(lines), _PLACES),
        )
        for place in _places(batch)
    ]
    stacked = sparse.hstack([bag[index[lines]] for index in _contexts(batch)] + places).tocsr()
    # Most buckets are empty in one context; a dense solver would carry them all along.
    present = np.flatnonzero(stacked.getnnz(axis=0))
    stacked = stacked[:, present]
    weights = np.zeros((len(labels), _CONTEXTS, _BUCKETS), dtype=np.float32)
    of_place = np.zeros((len(labels), 2, _PLACES), dtype=np.float32)
    intercepts = np.full(len(labels), -8.0, dtype=np.float32)
    for field, label in enumerate(labels):
        known = label.known[batch.line_document[lines]]
        target = label.line_right[lines][known]
        if not target.any() or target.all():
            continue
        model = LogisticRegression(C=1.0, max_iter=_ITERATIONS, tol=1e-3)
        # BLAS with several threads would add in another order on another machine
        with threadpool_limits(1):
            model.fit(stacked[known], target, weight[batch.line_document[lines]][known])
        all_weights = np.zeros(_CONTEXTS * _BUCKETS + 2 * _PLACES)
        all_weights[present] = model.coef_[0]
        grams, place = np.split(all_weights, [_CONTEXTS * _BUCKETS])
        weights[field] = grams.reshape(_CONTEXTS, _BUCKETS)
        of_place[field] = place.reshape(2, _PLACES)
        intercepts[field] = model.intercept_[0]
    return LineModel(weights, of_place, intercepts)


def _bag(batch: Batch) -> sparse.csr_matrix:
    """Bag of n-grams of each line, scaled to the length of its square root."""
    counts = batch.lists["line_ngrams"].astype(np.int64)
    scale = (1.0 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
    return sparse.csr_matrix(
        (
            np.repeat(scale, counts),
            batch.lists["ngrams"].astype(np.int32),
            np.concatenate(([0], np.cumsum(counts))),
        ),
        shape=(len(counts), _BUCKETS),
    )


def _contexts(batch: Batch) -> list[Ints]:
    lines = np.arange(int(batch.n_lines.sum()))
    return [
        lines,
        batch.line_at(lines, -1),
        batch.line_at(lines, 1),
        batch.line_left,
        np.where(batch.line_left < 0, -1, batch.line_left[batch.line_left]),
        batch.line_above,
    ]


def _places(batch: Batch) -> tuple[Ints, Ints]:
    """Lines from the head and from the foot of the document, far ones as one."""
    head = np.arange(int(batch.n_lines.sum())) - batch.line_begin[batch.line_document]
    foot = batch.n_lines[batch.line_document] - 1 - head
    return np.minimum(head, _PLACES - 1), np.minimum(foot, _PLACES - 1)
