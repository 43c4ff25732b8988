"""Days of measured quality pooled and held against the reference. Pure.

Days are pooled by their weight until they tell enough, and held against all days of the reference.
The scale is the arc sine of the root, on which the variance of a share does not depend on the share
(Anscombe 1948, Biometrika 35), so that the tail of a rare error is not taken for a normal one. Its
spread is that of the reference days themselves, which holds more than chance within a day
(quasi-likelihood: McCullagh and Nelder 1989, chapter 4), and never less than that of a share.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import asin, pi, sin, sqrt

from scipy.special import stdtr, stdtrit

from pipelines.contracts.monitoring import MonitorPolicy
from pipelines.contracts.quality import Figure
from pipelines.monitoring.days import earlier

POOL_DAYS = 28
"""So many days at most are taken together for one figure."""
LEAST_DAYS = 7
"""A reference of fewer measured days is none."""


@dataclass(frozen=True)
class Pool:
    """Some days as one figure."""

    day: str
    """Its last day."""
    value: float
    low: float
    high: float
    weight: float
    days: tuple[Figure, ...]

    @property
    def labelled(self) -> int:
        return sum(one.labelled for one in self.days)

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.days)

    @property
    def days_late(self) -> float | None:
        """Of the newest day."""
        return self.days[-1].days_late


@dataclass(frozen=True)
class Drop:
    """A pool held against the reference."""

    recent: Pool
    reference: Pool | None
    """None where too few days of it were measured."""
    value: float = 0.0
    """How much worse; negative is better."""
    limit: float | None = None
    p: float | None = None

    @property
    def exceeded(self) -> bool:
        return self.limit is not None and self.value > self.limit


def over_time(
    figures: Sequence[Figure],
    policy: MonitorPolicy,
    *,
    last: str,
    reference: Collection[str],
    level: float,
) -> list[Drop]:
    """The newest windows with news, the newest first, as many as the policy looks at.

    `figures` are of one metric and source, by day. Nothing where the newest is older than
    POOL_DAYS: it says nothing of today.
    """
    days = [one for one in figures if one.day <= last]
    found: list[Drop] = []
    while days and len(found) < policy.of_windows and days[-1].day > earlier(last, POOL_DAYS):
        recent = pool(days, policy.min_rows)
        found.append(drop(recent, [one for one in figures if one.day in reference], level))
        before = earlier(days[-1].day, policy.window_days)
        days = [one for one in days if one.day <= before]
    return found


def pool(figures: Sequence[Figure], least: float) -> Pool:
    """The last days, at least one, back until their weight is `least` or POOL_DAYS are over."""
    oldest = earlier(figures[-1].day, POOL_DAYS)
    taken: list[Figure] = []
    for one in reversed(figures):
        if taken and (sum(day.weight for day in taken) >= least or one.day <= oldest):
            break
        taken.append(one)
    return together(list(reversed(taken)))


def together(days: Sequence[Figure]) -> Pool:
    """Days by their weight, with the interval that their own intervals make."""
    weight = sum(one.weight for one in days)
    value = sum(one.weight * one.value for one in days) / weight
    down = sqrt(sum((one.weight * (one.value - one.low)) ** 2 for one in days)) / weight
    up = sqrt(sum((one.weight * (one.high - one.value)) ** 2 for one in days)) / weight
    return Pool(days[-1].day, value, max(0.0, value - down), min(1.0, value + up), weight,
                tuple(days))  # fmt: skip


def drop(recent: Pool, reference: Sequence[Figure], level: float) -> Drop:
    """How much worse `recent` is than the days of the reference that are not in it.

    One-sided t test at `level` on the arc sine scale.
    """
    inside = {one.day for one in recent.days}
    days = [one for one in reference if one.day not in inside]
    if len(days) < LEAST_DAYS:
        return Drop(recent, None)
    usual = together(days)
    free = len(days) - 1
    spread = sum(one.weight * (_angle(one.value) - _angle(usual.value)) ** 2 for one in days) / free
    error = sqrt(max(spread, 0.25) * (1 / recent.weight + 1 / usual.weight))
    distance = _angle(usual.value) - _angle(recent.value)
    lowest = _share(_angle(usual.value) - _quantile(level, free) * error)
    return Drop(
        recent,
        usual,
        value=usual.value - recent.value,
        limit=usual.value - lowest,
        p=float(stdtr(free, -distance / error)),
    )


def _quantile(level: float, free: int) -> float:
    """What Student's t with so many degrees of freedom exceeds with this chance."""
    return float(-stdtrit(free, level))


def _angle(share: float) -> float:
    return asin(sqrt(min(1.0, max(0.0, share))))


def _share(angle: float) -> float:
    return sin(min(pi / 2, max(0.0, angle))) ** 2
