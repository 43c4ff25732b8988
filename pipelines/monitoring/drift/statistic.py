"""The statistics of a column: how a window differs from its reference, and by how much sampling
alone lets it differ."""

import numpy as np

from pipelines.monitoring.drift.distance import shares
from pipelines.monitoring.drift.history import Floats
from pipelines.monitoring.drift.null import Contrast, Distance, Reading, Share, Tail

DISTANCE, MEAN, LOCATION, SPREAD = "distance", "mean", "location", "spread"
PROPORTION, MISSING, UNSEEN = "proportion", "missing", "unseen"
TAILS: dict[str, Tail] = {
    DISTANCE: Distance(),
    MEAN: Contrast(),
    LOCATION: Contrast(),
    SPREAD: Contrast(),
    PROPORTION: Contrast(),
    MISSING: Share(),
    UNSEEN: Share(),
}


def share(part: Floats, rows: Floats, of_reference: Floats, held: Floats) -> Reading:
    """Share of rows, with half a row more in the reference."""
    usual = (of_reference + 0.5) / (held + 1)
    least = np.maximum(rows, 1)
    variance = usual * (1 - usual) * (1 / least + 1 / np.maximum(held, 1))
    return Reading(part / least, usual, variance, rows)


def mean(
    rows: Floats, totals: Floats, held: Floats, of_reference: Floats, spread: float
) -> Reading:
    """Difference of the mean of the values, in standard deviations of one value."""
    least, most = np.maximum(rows, 1), np.maximum(held, 1)
    apart = (totals / least - of_reference / most) / spread
    return Reading(np.where(rows > 0, apart, 0.0), np.zeros_like(rows), 1 / least + 1 / most, rows)


def contrast(counts: Floats, references: Floats, scores: Floats) -> Reading:
    """Difference of the mean score."""
    rows, held = counts.sum(axis=1), references.sum(axis=1)
    mean = shares(references) @ scores
    # With one row more of every bin, so that a reference of one value lets another one happen.
    drawn = shares(references + 1 / scores.size)
    variance = np.maximum(drawn @ scores**2 - (drawn @ scores) ** 2, 0.0)
    noise = variance * (1 / np.maximum(rows, 1) + 1 / np.maximum(held, 1))
    return Reading(shares(counts) @ scores - mean, np.zeros_like(mean), noise, rows)


def standard(scores: Floats, weights: Floats) -> Floats:
    """Mean 0 and variance 1 under the weights; zeros where all are alike."""
    centred = scores - weights @ scores
    spread = np.sqrt(weights @ centred**2)
    return centred / spread if spread > 1e-6 else np.zeros_like(centred)
