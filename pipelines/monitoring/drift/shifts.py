"""Shifts of a known size put into past windows: what the limits would see."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from pipelines.contracts.monitoring import MonitorPolicy
from pipelines.monitoring.drift.column import Column
from pipelines.monitoring.drift.distance import shares
from pipelines.monitoring.drift.history import Bools, Floats
from pipelines.monitoring.drift.volume import Volume

DEVIATIONS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5)
"""Shifts of a number that are tried, in standard deviations of its values."""
SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9)
"""Shares of rows that change their value, lose it, or do not come."""
FOUND = 0.98
"""Share of the past's windows in which a shift must be found to be called visible: more than the
95 % that is promised, since the windows that come are not those of the past."""
_SEED = 5
_STEEPEST = 700.0
"""Largest exponent of a weight, near the end of what a float holds."""


def tilted(counts: Floats, means: Floats, by: float) -> Floats | None:
    """Windows (windows × (bins + 1), missing last) in which the mean of a number is larger by
    `by`; `means` are those of the bins.

    Each bin is weighted by an exponential of its mean: of all distributions with that mean the
    one nearest to what is seen (Csiszár 1975, Annals of Probability 3), so the hardest to find,
    and one that a count can have too, whose values cannot all move by a hundredth. None where no
    weights of these bins have such a mean.
    """
    usual = shares(counts[:, :-1].sum(axis=0))
    held = means[usual > 0]
    mean = float(usual @ means)
    reach = held.max(initial=mean) - held.min(initial=mean)
    if not held.min(initial=mean) < mean + by < held.max(initial=mean):
        return None

    def weights(slope: float) -> Floats:
        power = slope * (means - mean) / reach
        found: Floats = np.exp(power - power[usual > 0].max())
        return found

    def miss(slope: float) -> float:
        share = shares(usual * weights(slope))
        return float(share @ means) - mean - by

    if miss(-_STEEPEST) * miss(_STEEPEST) > 0:
        return None
    # Only calibration comes here, and importing it takes as long as a month of windows.
    from scipy.optimize import brentq

    chosen = weights(brentq(miss, -_STEEPEST, _STEEPEST))
    rows = counts[:, :-1].sum(axis=1, keepdims=True)
    return np.concatenate([shares(counts[:, :-1] * chosen) * rows, counts[:, -1:]], axis=1)


def changed(counts: Floats, share: float) -> Floats:
    """Windows in which a share of the rows has the category that is the second most frequent over
    all of them (without one: a value that has no bin of its own)."""
    usual = counts[:, :-1].sum(axis=0)
    known = usual[:-1]
    to = int(np.argsort(-known, kind="stable")[1]) if (known > 0).sum() > 1 else len(usual) - 1
    return _moved(counts, share, to)


def emptied(counts: Floats, share: float) -> Floats:
    """Windows in which a share of the rows has lost its value."""
    return _moved(counts, share, counts.shape[1] - 1)


def _moved(counts: Floats, share: float, to: int) -> Floats:
    """Which rows they are is drawn: of few rows it is not always the same number."""
    lost = np.random.default_rng(_SEED).binomial(counts.astype(np.int64), share)
    kept: Floats = counts - lost
    kept[:, to] += lost.sum(axis=1)
    return kept


def smallest(column: Column, level: float, policy: MonitorPolicy) -> float | None:
    """The smallest change of a column that is found: of a number a shift of its mean in standard
    deviations, up and down; of a category the share of rows that change their value. None: none
    of those tried."""
    if column.bins.kind == "category":
        return _smallest(
            SHARES,
            lambda size: _found(column, changed(column.counts, size), column.totals, level, policy),
        )
    spread, means = column.spread, _means(column)
    if not spread or means is None:
        return None

    def both(size: float) -> bool | None:
        each = []
        for by in (size * spread, -size * spread):
            counts = tilted(column.counts, means, by)
            if counts is not None:
                totals = column.totals + by * counts[:, :-1].sum(axis=1)
                each.append(_found(column, counts, totals, level, policy))
        return all(each) if each else None

    return _smallest(DEVIATIONS, both)


def smallest_missing(column: Column, level: float, policy: MonitorPolicy) -> float | None:
    """The smallest share of lost values that is found; None: none of those tried."""

    def found(size: float) -> bool:
        counts = emptied(column.counts, size)
        there = column.counts[:, :-1].sum(axis=1)
        kept = counts[:, :-1].sum(axis=1) / np.maximum(there, 1)
        return _found(column, counts, column.totals * kept, level, policy)

    return _smallest(SHARES, found)


def smallest_volume(volume: Volume, level: float, policy: MonitorPolicy) -> float | None:
    """The smallest share of rows that are lost, or refused, and found; None: none of those
    tried."""

    def found(size: float) -> bool:
        return _persist(volume.judge_past(size) <= level, policy)

    return _smallest(SHARES, found)


def _smallest(sizes: Sequence[float], found: Callable[[float], bool | None]) -> float | None:
    """The first size that is found, where every larger one is too; None says that a change of
    this size cannot be, and what is found of smaller ones counts."""
    seen: dict[float, bool | None] = {}

    def large_enough(size: float) -> bool:
        seen[size] = found(size)
        return seen[size] is not False

    at = bisect_left(sizes, True, key=large_enough)
    return sizes[at] if at < len(sizes) and seen[sizes[at]] else None


def _found(
    column: Column, counts: Floats, totals: Floats, level: float, policy: MonitorPolicy
) -> bool:
    return _persist((column.judge_past((counts, totals)) <= level)[column.known], policy)


def _persist(beyond: Bools, policy: MonitorPolicy) -> bool:
    """Whether of the past's runs of windows (two, or as many as an alarm needs), shifted as a
    whole, enough end in an alarm."""
    run = max(2, policy.alarm_windows)
    if len(beyond) < run:
        return False
    summed = np.convolve(beyond.astype(int), np.ones(run, dtype=int), mode="valid")
    return bool((summed >= policy.alarm_windows).mean() >= FOUND)


def _means(column: Column) -> Floats | None:
    """Mean of the values in each bin: the middle of its edges, of the last one what is left of the
    total. None without any value."""
    sketches = [
        day.sketches[column.bins.name]
        for one in column.past.windows
        for day in one.days
        if column.bins.name in day.sketches
    ]
    ends = [end for one in sketches for end in (one.least, one.most) if end is not None]
    edges = column.bins.edges
    if not ends or not edges:
        return None
    borders = np.array([min(ends[0], *ends, edges[0]), *edges, max(*ends, edges[-1])])
    middle: Floats = (borders[1:] + borders[:-1]) / 2
    rows = column.counts[:, :-1].sum(axis=0)
    if rows[-1]:
        rest = (sum(one.total for one in sketches) - rows[:-1] @ middle[:-1]) / rows[-1]
        middle[-1] = np.clip(rest, borders[-2], borders[-1])
    return middle
