"""Learning curves, and how many labels each way of asking needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START = 6
"""Documents that are labelled before the first model, by chance."""
LABELS = (24, 40, 64, 100, 136, 184, 240, 304, 400, 520)
"""Fields that somebody has looked at when a model is trained."""
SHARE = 0.95
"""Of the F1 of all labels of the pool: what is to be reached."""
OTHER_SHARES = (0.9, 0.97, 0.975)
"""Told beside it: the more is to be reached, the more the choice of labels matters."""
RESAMPLES = 2_000
WAYS = {"selected": "our selection", "random": "random documents"}
MEASURES = {"f1": "exact match", "f1_value": "by value"}


@dataclass(frozen=True)
class Point:
    """One trained model of a curve."""

    labels: int
    documents: int
    f1: float
    f1_value: float


@dataclass(frozen=True)
class Seed:
    """All that was measured with one seed."""

    seed: int
    full: Point
    curves: dict[str, list[Point]]
    seconds: float
    """CPU time of all of it."""
    base: bool
    """Whether every training began with the invented receipts of the model's folder."""


def needed(seeds: Sequence[Seed], way: str, measure: str, share: float = SHARE) -> float:
    """Labels at which the mean of the seeds' F1, as a share of the full one, reaches `share`.

    Between two models by straight line; infinite where the curve does not get there.
    """
    labels, shares = mean_curve(seeds, way, measure)
    best = np.maximum.accumulate(shares)
    if best[-1] < share:
        return float("inf")
    return float(np.interp(share, best, labels)) if best[0] < share else float(labels[0])


def mean_curve(
    seeds: Sequence[Seed], way: str, measure: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Labels, and the mean F1 as a share of that of all labels."""
    labels = np.mean([[one.labels for one in seed.curves[way]] for seed in seeds], axis=0)
    shares = np.mean(
        [
            [getattr(one, measure) / getattr(seed.full, measure) for one in seed.curves[way]]
            for seed in seeds
        ],
        axis=0,
    )
    return labels, shares


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of the bootstrap's values."""
    low, high = np.quantile(values, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def resampled(seeds: Sequence[Seed], measure: str) -> dict[str, list[float]]:
    """Labels needed by both ways and their ratio, with the seeds drawn anew (bootstrap)."""
    chance = np.random.default_rng(7)
    found: dict[str, list[float]] = {**{way: [] for way in WAYS}, "ratio": []}
    for _ in range(RESAMPLES):
        drawn = [seeds[at] for at in chance.integers(0, len(seeds), len(seeds))]
        both = {way: needed(drawn, way, measure) for way in WAYS}
        for way, value in both.items():
            found[way].append(value)
        found["ratio"].append(both["selected"] / both["random"])
    return found
