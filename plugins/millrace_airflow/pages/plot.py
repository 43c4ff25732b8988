"""Intervals as marks on a scale: where each stands, in per cent of the width. Pure.

The pictures are drawn by the server as SVG without a viewBox, so that lines and dots keep their
size whatever the width; colours come from the page's style and follow its light and dark.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.contracts.result import Comparison
from pipelines.governance.comparison import ALL, OVERALL, Line

_MARGIN = 0.06
"""Share of the scale that stays free on each side."""
_MOST_TICKS = 5
_LEAST_SPAN = 0.02


@dataclass(frozen=True)
class Scale:
    """A range of values as a width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> "Scale":
        """Holds all the values that are there."""
        known = [value for value in values if value is not None and math.isfinite(value)] or [0.0]
        low, high = min(known), max(known)
        free = max(high - low, _LEAST_SPAN) * _MARGIN
        return cls(low - free, max(high, low + _LEAST_SPAN) + free)

    def at(self, value: float | None) -> float | None:
        """Place of a value in per cent of the width; None for none."""
        if value is None or not math.isfinite(value):
            return None
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Places and values of round numbers on the scale, at most five."""
        step = _round_up((self.high - self.low) / _MOST_TICKS)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [(self.at(number * step) or 0.0, number * step) for number in range(first, last + 1)]


@dataclass(frozen=True)
class Marks:
    """One interval on a scale, in per cent."""

    low: float | None
    high: float | None
    value: float | None
    other: float | None
    """The champion's score, beside the candidate's."""
    bound: float | None
    """What the interval must stay right of."""


@dataclass(frozen=True)
class Row:
    """One line of a table with its marks."""

    title: str
    score: Comparison
    scores: Marks
    difference: Marks | None
    """None where there is no champion."""
    word: str
    """`better`, `worse`, or empty where the interval holds no difference too."""


@dataclass(frozen=True)
class Chart:
    """Rows on common scales."""

    rows: list[Row]
    scores: Scale
    differences: Scale
    first: bool
    """There is no champion: the interval is that of the score."""


def chart(lines: Sequence[Line]) -> Chart:
    """Marks of all lines; scores on one scale, differences on another that holds zero."""
    first = all(line.score.champion is None for line in lines)
    scores = Scale.over(value for line in lines for value in _scores(line, first=first))
    found = [line.score for line in lines if line.score.difference is not None]
    bounds = [] if first else [line.bound for line in lines]
    ends = [value for one in found for value in (one.difference, one.low, one.high)]
    differences = Scale.over([0.0, *ends, *bounds])
    rows = [_row(line, scores, differences, first=first) for line in lines]
    return Chart(rows, scores, differences, first)


def _row(line: Line, scores: Scale, differences: Scale, *, first: bool) -> Row:
    one = line.score
    low, high = (one.low, one.high) if first else (None, None)
    bound = line.bound if first else None
    difference = None
    if not first:
        difference = Marks(
            low=differences.at(one.low),
            high=differences.at(one.high),
            value=differences.at(one.difference),
            other=None,
            bound=differences.at(line.bound),
        )
    return Row(
        title=_title(one),
        score=one,
        scores=Marks(
            low=scores.at(low),
            high=scores.at(high),
            value=scores.at(one.candidate),
            other=scores.at(one.champion),
            bound=scores.at(bound),
        ),
        difference=difference,
        word="" if first else _word(one),
    )


def _scores(line: Line, *, first: bool) -> list[float | None]:
    one = line.score
    rest = [one.low, one.high, line.bound] if first else []
    return [one.champion, one.candidate, *rest]


def _title(one: Comparison) -> str:
    title = one.field if one.slice == ALL else one.slice
    if one.slice != ALL and one.field != OVERALL:
        title = f"{one.field}, {one.slice}"
    return title.replace("_", " ")


def _word(one: Comparison) -> str:
    if one.low is not None and one.low > 0:
        return "better"
    return "worse" if one.high is not None and one.high < 0 else ""


def _round_up(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(times * power for times in (1.0, 2.0, 5.0, 10.0) if times * power >= step * 0.999)
