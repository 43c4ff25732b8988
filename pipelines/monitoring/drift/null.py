"""What a statistic does in windows without any shift: sampling noise, which follows from the
window's size, and what differs from day to day beyond it, which the past tells.

Each statistic is read with the noise that sampling alone gives it at that window's size. What the
past windows vary more than that is the natural part, found by the method of moments as in a
random-effects model (DerSimonian and Laird 1986, Controlled Clinical Trials 7). So a window of
another size has a null of its own: small ones are mostly noise, huge ones mostly nature, and a
difference that the past has too is no alarm at a million rows.

The natural part is itself uncertain after a few weeks. It is estimated anew in every bootstrap
draw of whole weeks, and the tail is the mean over the draws: a predictive distribution (Harris
1989, Biometrika 76), heavier than that of the best estimate.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaincc, ndtr

from pipelines.monitoring.drift.history import Floats

_TINY = 1e-12
_DOUBLINGS = 60
_HALVINGS = 40


@dataclass(frozen=True)
class Reading:
    """One statistic in a row of windows; every array has an entry for each."""

    value: Floats
    mean: Floats
    """What sampling alone lets expect: 0 of a contrast, more of a distance, of a share itself."""
    variance: Floats
    """Variance by sampling alone, of the window and of its reference."""
    rows: Floats
    """Rows that the window holds for it."""

    def at(self, which: NDArray[Any]) -> "Reading":
        """That of some of the windows."""
        return Reading(self.value[which], self.mean[which], self.variance[which], self.rows[which])

    def moved(self, apart: Floats) -> "Reading":
        """The same windows with values `apart` above what is expected."""
        return Reading(self.mean + apart, self.mean, self.variance, self.rows)


class Tail(Protocol):
    """A family of null distributions."""

    def fit(self, past: Reading, times: Floats) -> Floats:
        """The natural part in each draw (draws × windows, how often each is drawn): draws × 2."""

    def p(self, reading: Reading, natural: Floats) -> Floats:
        """Chance of a value at least as far out, by window."""


class Distance:
    """A divergence: a gamma distribution of the mean and variance that are to be expected, as for
    any quadratic form (Satterthwaite 1946, Biometrics 2; Box 1954, Annals of Mathematical
    Statistics 25)."""

    def fit(self, past: Reading, times: Floats) -> Floats:
        """Mean and variance beyond sampling: draws × 2."""
        apart = past.value - past.mean
        mean = np.maximum(_mean(times, apart), 0.0)
        squares = _mean(times, apart**2) - 2 * mean * _mean(times, apart) + mean**2
        variance = np.maximum(squares - _mean(times, past.variance), 0.0)
        return np.stack([mean, variance], axis=1)

    def p(self, reading: Reading, natural: Floats) -> Floats:
        """Upper tail, by window."""
        mean = np.maximum(natural[:, :1] + reading.mean, _TINY)
        variance = np.maximum(natural[:, 1:] + reading.variance, _TINY**2)
        value = np.maximum(reading.value, 0.0)
        found: Floats = gammaincc(mean**2 / variance, value * mean / variance).mean(axis=0)
        return found


class Contrast:
    """A weighted sum of shares, or a logarithm of a count: normal, on both sides."""

    def fit(self, past: Reading, times: Floats) -> Floats:
        """Variance beyond sampling: draws × 2, the second 0."""
        return _variance(past, times)

    def p(self, reading: Reading, natural: Floats) -> Floats:
        """Both tails, by window."""
        spread = np.sqrt(np.maximum(natural[:, :1] + reading.variance, _TINY))
        found: Floats = 2 * ndtr(-np.abs(reading.value - reading.mean) / spread).mean(axis=0)
        return found


class Share:
    """A share that is an alarm when it grows. Its count is negative binomial: a Poisson count
    whose mean varies by nature and because the reference is finite, so that a first bad row after
    weeks without any has its fair chance."""

    def fit(self, past: Reading, times: Floats) -> Floats:
        """Variance beyond sampling: draws × 2, the second 0."""
        return _variance(past, times)

    def p(self, reading: Reading, natural: Floats) -> Floats:
        """Upper tail, by window; 1 where there is not one such row."""
        rows, share = np.maximum(reading.rows, 1), reading.mean
        of_reference = np.maximum(reading.variance - share * (1 - share) / rows, 0.0)
        shape = share**2 / np.maximum(natural[:, :1] + of_reference, _TINY * share**2)
        count = np.round(reading.value * rows)
        chance = betainc(np.maximum(count, 1), shape, rows * share / (rows * share + shape))
        found: Floats = np.where(count < 1, 1.0, chance.mean(axis=0))
        return found


def limit(tail: Tail, reading: Reading, natural: Floats, p: Floats) -> Floats:
    """How far above what is expected a value may be before its chance falls below `p`, by
    window."""
    low = np.zeros_like(reading.mean)
    high = np.sqrt(np.maximum(reading.variance, _TINY))
    for _ in range(_DOUBLINGS):
        within = tail.p(reading.moved(high), natural) > p
        if not within.any():
            break
        low, high = np.where(within, high, low), np.where(within, 2 * high, high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        within = tail.p(reading.moved(middle), natural) > p
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return high


def times_limit(tail: Tail, reading: Reading, limit: Floats) -> float:
    """How many times its limit the value of the last window is: above 1 is past it."""
    value, most, mean = reading.value[-1], limit[-1], reading.mean[-1]
    if isinstance(tail, Contrast):
        return float(abs(value - mean) / (most - mean))
    # A distance is the root of the divergence.
    return float(np.sqrt(value / most)) if isinstance(tail, Distance) else float(value / most)


def _mean(times: Floats, values: Floats) -> Floats:
    """Mean over the windows of each draw. A draw that has none has the mean of all draws."""
    whole = times.sum(axis=1)
    each = times @ values / np.maximum(whole, 1)
    usual = each[whole > 0].mean() if (whole > 0).any() else 0.0
    found: Floats = np.where(whole > 0, each, usual)
    return found


def _variance(past: Reading, times: Floats) -> Floats:
    """Variance beyond sampling, and zeros: draws × 2."""
    squares = (past.value - past.mean) ** 2
    beyond = np.maximum(_mean(times, squares - past.variance), 0.0)
    return np.stack([beyond, np.zeros_like(beyond)], axis=1)
