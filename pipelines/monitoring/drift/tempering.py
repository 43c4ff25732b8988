"""P-values held against the past's own: how heavy the tail really is.

A model of the tail may be too light for what a stream does (holidays, one large customer). The
p-values of past windows, each by what the other weeks say, would be even if it were right. Below
a threshold their logarithms are exponential with a rate of 1; the rate that they have is found
as Hill (1975, Annals of Statistics 3) finds a tail's index, and p-values are taken to that power.
Peaks over a threshold have such a tail whatever the distribution (Pickands 1975, Annals of
Statistics 3), so that p-values far below one in the number of past windows still mean something.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.monitoring.drift.history import Floats

THRESHOLD = 0.1
_PRIOR = 3.0
"""Windows' worth of belief that the tail is as the model says: a few weeks have few windows
beyond the threshold."""
_LEAST = 1e-300


@dataclass(frozen=True)
class Tempering:
    """What p-values of a column are corrected by; as they are by default."""

    share: float = THRESHOLD
    """Past windows below the threshold, as a share; never less than the threshold itself."""
    power: float = 1.0
    """At most 1: p-values never get smaller."""

    def of(self, p: Floats) -> Floats:
        """Corrected p-values; NaN stays NaN. Keeps their order."""
        tail = self.share * (np.maximum(p, _LEAST) / THRESHOLD) ** self.power
        rest = self.share + (p - THRESHOLD) * (1 - self.share) / (1 - THRESHOLD)
        found: Floats = np.where(p < THRESHOLD, tail, rest)
        return found

    def before(self, p: float) -> float:
        """The p-value that is corrected to `p`."""
        if p < self.share:
            return float(THRESHOLD * (p / self.share) ** (1 / self.power))
        return THRESHOLD + (p - self.share) * (1 - THRESHOLD) / (1 - self.share)


MODEL = Tempering()
"""P-values as the model has them."""


def fit(past: Floats) -> Tempering:
    """From the p-values of past windows; NaN is no window."""
    known = past[np.isfinite(past)]
    beyond = known[known < THRESHOLD]
    excess = float(np.log(THRESHOLD / np.maximum(beyond, _LEAST)).sum())
    share = max(THRESHOLD, len(beyond) / len(known)) if len(known) else THRESHOLD
    return Tempering(share, min(1.0, (len(beyond) + _PRIOR) / (excess + _PRIOR)))
