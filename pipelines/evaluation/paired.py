"""Two models on the same rows: scores, their difference, and how sure it is.

Paired bootstrap (Efron and Tibshirani 1993, chapters 8 and 13): whole clusters (documents, or
all transactions of one customer) are drawn with replacement, and both models are scored on the
same draw, so that what makes a row hard for both falls out of the difference. Drawing clusters
and not rows keeps the errors of one cluster together (Field and Welsh 2007, JRSS B 69).

A task supplies one `Measure` a model. Scores that are ratios of sums come from `ratios`; any
other (average precision) gives its own `scores`, a function of the clusters' weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from pipelines.errors import BadDataError
from pipelines.measures.bootstrap import Floats, draw_weights

RESAMPLES = 2_000


@dataclass(frozen=True)
class Claim:
    """One score: a field (or metric) on a slice of the rows."""

    slice: str
    field: str


@dataclass(frozen=True)
class Measure:
    """What the bootstrap resamples of one model's answers to one set of rows."""

    clusters: tuple[str, ...]
    """Ids of the units that are drawn; the same, in the same order, for both models."""
    claims: tuple[Claim, ...]
    counts: NDArray[np.int64]
    """Clusters that count for each claim."""
    deciding: NDArray[np.int64]
    """Those of them on which a score rests, which may be fewer: where true rows are ranked among
    false ones, the clusters with a row of the rarer kind (Hanley and McNeil 1982, Radiology 143:
    the fewer of the two govern the error)."""
    scores: Callable[[Floats], Floats]
    """Weights (draws × clusters, whole numbers) to scores (draws × claims); NaN where nothing
    counts. A row's weight is that of its cluster."""
    unit: str = "documents"
    """What a cluster is, for people."""


class Compared(BaseModel):
    """One claim on both models. Without a champion the interval is of the candidate's score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slice: str
    field: str
    n: int
    deciding: int
    """Clusters on which the score rests, as `Measure.deciding` has it."""
    champion: float | None
    candidate: float | None
    difference: float | None
    error: float | None
    """Standard error: standard deviation over the draws."""
    low: float | None
    high: float | None
    """One-sided bounds, each at `level`."""
    gain_low: float | None
    """One-sided lower bound at `gain_level`."""


def ratios(
    clusters: Sequence[str], claims: Sequence[Claim], part: Floats, whole: Floats
) -> Measure:
    """The measure whose scores are ratios of sums; both arrays are clusters × claims.

    F1 is one: part = 2 × right, whole = answered + labelled.
    """

    def scores(weights: Floats) -> Floats:
        above, below = weights @ part, weights @ whole
        return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)

    counts = (whole > 0).sum(axis=0)
    return Measure(tuple(clusters), tuple(claims), counts, counts, scores)


def compare(
    champion: Measure | None,
    candidate: Measure,
    *,
    level: float,
    gain_level: float,
    resamples: int = RESAMPLES,
) -> list[Compared]:
    """Every claim of the candidate, against the champion where there is one. Pure.

    Draws in which a claim counts nothing are left out of its interval. A score that is NaN is
    None in what comes back. Raises BadDataError where the two are not of the same clusters and
    claims.
    """
    if champion and (champion.clusters, champion.claims) != (candidate.clusters, candidate.claims):
        raise BadDataError(
            f"champion and candidate were scored on different rows: {len(champion.clusters)} and "
            f"{len(candidate.clusters)} clusters, {len(champion.claims)} and "
            f"{len(candidate.claims)} claims. Score both on the same rows."
        )
    ones = np.ones((1, len(candidate.clusters)))
    new = candidate.scores(ones)[0]
    old = champion.scores(ones)[0] if champion else np.full_like(new, np.nan)
    drawn = _draws(champion, candidate, resamples)
    found = []
    for column, claim in enumerate(candidate.claims):
        draws = drawn[np.isfinite(drawn[:, column]), column]
        ends = (
            np.quantile(draws, [level, 1 - level, gain_level])
            if len(draws) > resamples / 2
            else np.full(3, np.nan)
        )
        found.append(
            Compared(
                slice=claim.slice,
                field=claim.field,
                n=int(candidate.counts[column]),
                deciding=int(candidate.deciding[column]),
                champion=_number(old[column]),
                candidate=_number(new[column]),
                difference=_number(new[column] - old[column]),
                error=_number(draws.std(ddof=1) if len(draws) > 1 else np.nan),
                low=_number(ends[0]),
                high=_number(ends[1]),
                gain_low=_number(ends[2]),
            )
        )
    return found


def _draws(champion: Measure | None, candidate: Measure, resamples: int) -> Floats:
    """Differences (without a champion, scores) of every draw: draws × claims."""
    parts = []
    for weights in draw_weights(len(candidate.clusters), resamples):
        scores = candidate.scores(weights)
        parts.append(scores - champion.scores(weights) if champion else scores)
    return np.concatenate(parts)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
