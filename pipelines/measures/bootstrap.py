"""Whole clusters drawn with replacement: what intervals of any score are made of.

Efron and Tibshirani 1993, chapters 6 and 13. Drawing clusters (documents, or all purchases of one
card) and not rows keeps the errors of one cluster together (Field and Welsh 2007, JRSS B 69).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
"""Of the intervals that people are shown."""
_SEED = 7
_BLOCK_CELLS = 4_000_000
"""Cells of weights that are held at once: 32 MB, whatever the number of clusters."""

Floats = NDArray[np.float64]
Interval = tuple[float, float]


def draw_weights(clusters: int, draws: int) -> Iterator[Floats]:
    """Blocks of draws × clusters: how often each cluster is drawn; the same ones every time."""
    random = np.random.default_rng(_SEED)
    block = max(1, _BLOCK_CELLS // max(1, clusters))
    for start in range(0, draws, block):
        yield _weights(random, clusters, min(block, draws - start))


def _weights(random: np.random.Generator, clusters: int, draws: int) -> Floats:
    """How often each cluster is drawn when as many as there are are drawn with replacement.

    By counting the drawn places: ten times faster than numpy's multinomial.
    """
    places = random.integers(0, clusters, size=(draws, clusters), dtype=np.int64)
    places += clusters * np.arange(draws)[:, np.newaxis]
    counts = np.bincount(places.ravel(), minlength=draws * clusters)
    return counts.reshape(draws, clusters).astype(np.float64)


def percentiles(draws: Floats) -> Interval | None:
    """Percentile interval of the draws that have a score; None where none has."""
    kept = draws[np.isfinite(draws)]
    if not len(kept):
        return None
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(kept, [tail, 100 - tail])
    return float(low), float(high)
