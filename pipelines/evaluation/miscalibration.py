"""The calibration error of a model with what chance has to do with it.

On few rows every model shows some: a share right of 7 in 10 differs from a confidence of 0.8
also where the confidence is true. What is measured lies above the truth, more so the fewer the
rows (Roelofs et al. 2022, AISTATS 151). The bootstrap by cluster gives both that bias and the
standard error (Efron and Tibshirani 1993, chapters 6 and 10).
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from pipelines.evaluation.paired import RESAMPLES
from pipelines.measures.bootstrap import Floats, draw_weights
from pipelines.measures.outcomes import Flags


class Miscalibration(BaseModel):
    """Expected calibration error: mean distance of confidence and share right over the bins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float
    """As measured."""
    corrected: float
    """Less what chance adds on so few rows, as far as the bootstrap sees it."""
    error: float
    """Standard error."""


def miscalibration(
    place: NDArray[np.int_],
    confidence: Floats,
    right: Flags,
    cluster: NDArray[np.int_],
    clusters: int,
) -> Miscalibration | None:
    """Of answers with their bin and the number of their cluster; None without any answer."""
    if not len(place):
        return None
    bins = int(place.max()) + 1
    cell = cluster * bins + place
    shape = (clusters, bins)
    size = clusters * bins
    off = np.bincount(cell, weights=confidence - right, minlength=size).reshape(shape)
    answers = np.bincount(cluster, minlength=clusters)

    def errors(weights: Floats) -> Floats:
        found: Floats = np.abs(weights @ off).sum(axis=1) / np.maximum(1, weights @ answers)
        return found

    value = float(errors(np.ones((1, clusters)))[0])
    drawn = np.concatenate([errors(one) for one in draw_weights(clusters, RESAMPLES)])
    return Miscalibration(
        value=value,
        corrected=max(0.0, 2 * value - float(drawn.mean())),
        error=float(drawn.std(ddof=1)),
    )
