"""Days side by side: where each stands on a page, in per cent of the width. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_MOST_TICKS = 5
_STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364)


@dataclass(frozen=True)
class Days:
    """Calendar days as columns of equal width."""

    first: date
    count: int

    @classmethod
    def over(cls, days: Iterable[str], most: int) -> "Days":
        """From the first to the last of the days, at most the `most` last ones."""
        found = sorted(date.fromisoformat(day) for day in days)
        count = min(most, (found[-1] - found[0]).days + 1)
        return cls(found[-1] - timedelta(days=count - 1), count)

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.count - 1)

    @property
    def width(self) -> float:
        """Of one day."""
        return round(100 / self.count, 4)

    def left(self, day: str) -> float | None:
        """Where a day begins; None for one that is not here."""
        place = (date.fromisoformat(day) - self.first).days
        return round(100 * place / self.count, 4) if 0 <= place < self.count else None

    def middle(self, day: str) -> float | None:
        """Its middle."""
        left = self.left(day)
        return None if left is None else round(left + self.width / 2, 4)

    def span(self, since: str, until: str) -> tuple[float, float] | None:
        """Left edge and width of some days, cut to what is here; None where nothing is."""
        begin = max(self.first, date.fromisoformat(since))
        end = min(self.last, date.fromisoformat(until))
        if end < begin:
            return None
        left = 100 * (begin - self.first).days / self.count
        return round(left, 4), round(100 * ((end - begin).days + 1) / self.count, 4)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """At most five days with their middles, whole weeks apart where there are many."""
        step = next((one for one in _STEPS if self.count <= one * _MOST_TICKS), _STEPS[-1])
        days = [self.first + timedelta(days=at) for at in range(self.count)]
        shown = days[::-step][:_MOST_TICKS]
        return [(self.middle(day.isoformat()) or 0.0, day.isoformat()) for day in reversed(shown)]
