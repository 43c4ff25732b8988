"""Days to windows, and which past windows a window is compared with.

A block is a whole week of windows (a window of more than a week is a block of its own): what is
near in time is alike, so that nothing is compared with its own block, and the bootstrap draws
whole blocks (Künsch 1989, Annals of Statistics 17; Politis and Romano 1994, JASA 89).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.contracts.monitoring import Bins, Day

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Likeness = Literal["any", "weekday", "season", "weekday and season"]
"""What a past window must have in common with a window to be its reference."""

WEEK = 7
YEAR = 52 * WEEK
"""Days of a year in whole weeks, so that a year back is the same weekday."""
SEASON = 4 * WEEK
"""Days on both sides of the same day a year ago that are the same season."""


@dataclass(frozen=True)
class Window:
    """The days that are judged together."""

    last: date
    days: tuple[Day, ...]

    @property
    def rows(self) -> int:
        """Published rows."""
        return sum(day.rows for day in self.days)

    @property
    def quarantined(self) -> int:
        """Rows that were refused."""
        return sum(day.quarantined for day in self.days)


@dataclass(frozen=True)
class Past:
    """The windows of the reference, rising."""

    windows: tuple[Window, ...]
    ends: Ints
    """Last days as ordinals: windows."""
    weekdays: Bools
    """Which weekdays are in each window: windows × 7."""
    blocks: Ints
    """Number of each window's block, from 0: windows."""


def windows(days: Sequence[Day], size: int) -> list[Window]:
    """Windows of `size` calendar days counted back from the last day, rising; those without any
    day are left out. The order of `days` does not matter."""
    kept = sorted(days, key=lambda day: day.day)
    if not kept:
        return []
    last = date.fromisoformat(kept[-1].day)
    found: dict[int, list[Day]] = {}
    for day in kept:
        back = (last - date.fromisoformat(day.day)).days // size
        found.setdefault(back, []).append(day)
    return [
        Window(last - timedelta(days=back * size), tuple(found[back]))
        for back in sorted(found, reverse=True)
    ]


def past(days: Sequence[Day], size: int) -> Past:
    """The past of windows of `size` days."""
    found = windows(days, size)
    ends = ordinals(found)
    back = (ends.max(initial=0) - ends) // max(WEEK, size)
    return Past(tuple(found), ends, weekdays(found), back.max(initial=0) - back)


def ordinals(found: Sequence[Window]) -> Ints:
    """Last days of windows as whole numbers."""
    return np.array([one.last.toordinal() for one in found], dtype=np.int64)


def weekdays(found: Sequence[Window]) -> Bools:
    """Which weekdays each window holds: windows × 7."""
    held = np.zeros((len(found), WEEK), dtype=np.bool_)
    for row, one in enumerate(found):
        held[row, [date.fromisoformat(day.day).weekday() for day in one.days]] = True
    return held


def likenesses(known: Past) -> list[Likeness]:
    """What the past is long enough to tell apart, the simplest first.

    The season needs a whole year; the weekday says nothing where every window holds them all.
    """
    some: list[Likeness] = ["any"]
    if len(known.ends) and not known.weekdays.all():
        some.append("weekday")
    if len(known.ends) and known.ends[-1] - known.ends[0] >= YEAR - WEEK:
        some.append("season")
        if "weekday" in some:
            some.append("weekday and season")
    return some


def peers(known: Past, of: Sequence[Window], likeness: Likeness) -> Bools:
    """Which past windows are the reference of each window: windows × past windows.

    A window that has none is compared with all of them.
    """
    fits = np.ones((len(of), len(known.ends)), dtype=np.bool_)
    if "weekday" in likeness:
        fits &= (weekdays(of).astype(int) @ known.weekdays.T.astype(int)) > 0
    if "season" in likeness:
        apart = np.abs(ordinals(of)[:, np.newaxis] - known.ends) % YEAR
        fits &= np.minimum(apart, YEAR - apart) <= SEASON
    fits[~fits.any(axis=1)] = True
    return fits


def others(known: Past, likeness: Likeness) -> Bools:
    """The same for the past windows themselves, each without its own block."""
    apart = known.blocks[:, np.newaxis] != known.blocks
    fits: Bools = peers(known, known.windows, likeness) & apart
    alone = ~fits.any(axis=1)
    fits[alone] = apart[alone]
    return fits


def likest(apart: dict[Likeness, Floats]) -> Likeness:
    """The likeness whose references the past windows are nearest to (distances by window).

    A more special one only where it is nearer by more than a standard error (the rule of one
    standard error, Breiman et al. 1984).
    """
    best, *more = apart
    for one in more:
        gain = apart[best] - apart[one]
        if gain.mean() > gain.std() / np.sqrt(len(gain)):
            best = one
    return best


def counts(found: Sequence[Window], bins: Bins) -> Floats:
    """Rows of each window in each bin of a column, the missing ones last: windows × (bins + 1)."""
    summed = np.zeros((len(found), bins.size + 1))
    for row, one in enumerate(found):
        for day in one.days:
            sketch = day.sketches.get(bins.name)
            if sketch is not None:
                summed[row, :-1] += sketch.counts
                summed[row, -1] += sketch.missing
    return summed


def totals(found: Sequence[Window], bins: Bins) -> Floats:
    """Sum of a number's values in each window."""
    return np.array([
        sum(day.sketches[bins.name].total for day in one.days if bins.name in day.sketches)
        for one in found
    ])


def draws(known: Past, number: int, seed: int) -> Floats:
    """How often each window is drawn when whole blocks are drawn with replacement, as many as
    there are: draws × windows."""
    random = np.random.default_rng(seed)
    blocks = int(known.blocks.max(initial=-1)) + 1
    drawn = random.integers(0, max(1, blocks), size=(number, blocks))
    times = np.zeros((number, blocks))
    np.add.at(times, (np.arange(number)[:, np.newaxis], drawn), 1)
    return times[:, known.blocks]
