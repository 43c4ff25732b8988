"""A share of right answers among rows drawn by chance, and how sure it is.

Shares are the Hájek estimator: each document weighs as the inverse of the chance with which it
was drawn, so that days of a larger audit do not count for more than they are. Intervals are
Wilson's (E. B. Wilson 1927; recommended over the plain one by Brown, Cai and DasGupta,
Statistical Science 16, 2001) with the effective number of documents in place of the count, which is
what the estimated variance stands for (E. L. Korn and B. I. Graubard, Survey Methodology 24,
1998). With equal chances that is the count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

TWO_SIDED = 0.05
"""Level of the intervals that people are shown."""


@dataclass(frozen=True)
class Rate:
    """A share of right answers among documents drawn by chance."""

    share: float
    effective: float
    """Documents drawn alike that would tell as much."""
    documents: int

    def interval(self, level: float = TWO_SIDED) -> tuple[float, float]:
        """Wilson's two-sided interval that misses the truth with the chance `level`."""
        z = NormalDist().inv_cdf(1 - level / 2)
        n, share = self.effective, self.share
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def error_at_least(self, level: float) -> float:
        """Share of wrong answers that is passed with the confidence 1 - `level`, one-sided."""
        return 1 - self.interval(2 * level)[1]


def rate(right: Sequence[float], weights: Sequence[float] | None = None) -> Rate | None:
    """Weighted share of right answers; None without any.

    An answer counts 0 or 1, a document of several the share of them that is right. Without weights
    all were drawn alike.
    """
    if not right:
        return None
    weights = weights or [1.0] * len(right)
    total = sum(weights)
    share = min(1.0, sum(weight * hit for hit, weight in zip(right, weights, strict=True)) / total)
    spread = sum((weight * (hit - share)) ** 2 for hit, weight in zip(right, weights, strict=True))
    if 0 < share < 1 and spread > 0:
        # No sample tells more than its documents, whatever a lucky estimate of the variance says.
        effective = min(float(len(right)), share * (1 - share) * total * total / spread)
    else:
        # All alike shows no variance: Kish's number, by the weights alone.
        effective = total * total / sum(weight * weight for weight in weights)
    return Rate(share, effective, len(right))
