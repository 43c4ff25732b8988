"""The three formulas of the gate, each with its source."""

import math
from collections.abc import Sequence

from scipy.stats import norm

POWER = 0.8
"""Chance that the rows said to be missing would decide, if what was seen is the truth."""
_MOST_ROWS = 1_000_000


def p_below(value: float, bound: float, error: float) -> float:
    """One-sided p-value of `value` lying at or above `bound`: small where it lies below.

    Normal approximation with the bootstrap's standard error (Efron and Tibshirani 1993,
    chapter 12).
    """
    if error == 0:
        return 0.0 if value < bound else 1.0
    return float(norm.cdf((value - bound) / error))


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which hypotheses fall so that the chance of any false one is at most `level`.

    Holm 1979, Scandinavian Journal of Statistics 6; holds under any dependence.
    """
    fallen = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        if p_values[index] > level / (len(p_values) - rank):
            break
        fallen[index] = True
    return fallen


def more_rows(n: int, value: float, bound: float, error: float, level: float) -> int | None:
    """Further rows after which `value` would be told from `bound`; None where no number helps.

    Sample size of a one-sided comparison with a margin (Chow, Shao, Wang and Lokhnygina 2017,
    Sample Size Calculations in Clinical Research, chapter 3): n' = ((z_level + z_power) × s /
    distance)², where s² = n × error² is the variance of one row. What was seen is taken for the
    truth, so the number is a guide and no promise.
    """
    distance = abs(value - bound)
    if distance == 0 or n == 0:
        return None
    z = float(norm.ppf(1 - level) + norm.ppf(POWER))
    needed = n * (z * error / distance) ** 2
    return max(1, math.ceil(needed) - n) if needed < _MOST_ROWS else None
