"""Shifts of a known size put into past windows: what the limits would see."""

from collections.abc import Callable

import numpy as np

from pipelines.contracts.monitoring import MonitorPolicy
from pipelines.monitoring.history import Floats
from pipelines.monitoring.limits import Column
from pipelines.monitoring.sentence import moments

DEVIATIONS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5)
"""Shifts of a number that are tried, in standard deviations of its values."""
SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1)
"""Shares of rows that change their value, or lose it."""
FOUND = 0.95
"""Share of the past's windows in which a shift must be found to be called visible."""


def shifted(
    counts: Floats, ends: tuple[float, float], edges: tuple[float, ...], by: float
) -> Floats:
    """Windows (windows × (bins + 1), missing last) in which every value of a number is larger by
    `by`; within a bin values are taken as evenly spread. `ends` are the least and largest value."""
    borders = np.array([min(ends[0], edges[0]), *edges, max(ends[1], edges[-1])], dtype=float)
    inner = counts[:, :-1]
    whole = inner.sum(axis=1, keepdims=True)
    cumulated = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(inner, axis=1)], axis=1)
    # Of equal borders (a bin of one value) the last one counts: all of its rows lie below it.
    below = np.stack([np.interp(borders[1:-1] - by, borders, row) for row in cumulated])
    filled = np.concatenate([np.zeros_like(whole), below, whole], axis=1)
    return np.concatenate([np.diff(filled, axis=1), counts[:, -1:]], axis=1)


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
    kept = counts * (1 - share)
    kept[:, to] += share * counts.sum(axis=1)
    return kept


def smallest(column: Column, level: float, policy: MonitorPolicy) -> float | None:
    """The smallest change of a column that is found: of a number a shift in standard deviations,
    up and down; of a category the share of rows that change their value. None: none of those
    tried."""
    if column.bins.kind == "category":
        return _smallest(column, SHARES, level, policy, changed)
    _, spread = moments(column.bins, column.past.windows)
    ends = _ends(column)
    if not spread or ends is None:
        return None

    def up(counts: Floats, size: float) -> Floats:
        return shifted(counts, ends, column.bins.edges, size * spread)

    def down(counts: Floats, size: float) -> Floats:
        return shifted(counts, ends, column.bins.edges, -size * spread)

    each = [_smallest(column, DEVIATIONS, level, policy, one) for one in (up, down)]
    known = [one for one in each if one is not None]
    return max(known) if len(known) == len(each) else None


def smallest_missing(column: Column, level: float, policy: MonitorPolicy) -> float | None:
    """The smallest share of lost values that is found; None: none of those tried."""
    return _smallest(column, SHARES, level, policy, emptied)


def _smallest(
    column: Column,
    sizes: tuple[float, ...],
    level: float,
    policy: MonitorPolicy,
    move: Callable[[Floats, float], Floats],
) -> float | None:
    """The first size from which on every larger one that is tried is found too."""
    found = None
    for size in reversed(sizes):
        if _share_found(column, move(column.counts, size), level, policy) < FOUND:
            break
        found = size
    return found


def _share_found(column: Column, counts: Floats, level: float, policy: MonitorPolicy) -> float:
    """Share of the past's runs of windows, all of them shifted, that end in an alarm: two windows,
    or as many as an alarm needs."""
    p = column.judge_past(counts)
    beyond = (p <= level)[column.known].astype(float)
    run = max(2, policy.alarm_windows)
    if len(beyond) < run:
        return 0.0
    summed = np.convolve(beyond, np.ones(run), mode="valid")
    return float((summed >= policy.alarm_windows).mean())


def _ends(column: Column) -> tuple[float, float] | None:
    """Least and largest value of the past."""
    sketches = [
        day.sketches[column.bins.name]
        for one in column.past.windows
        for day in one.days
        if column.bins.name in day.sketches
    ]
    least = [one.least for one in sketches if one.least is not None]
    most = [one.most for one in sketches if one.most is not None]
    return (min(least), max(most)) if least and most else None
