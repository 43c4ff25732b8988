"""How much, how fast and how well: what the pages say of reviewers. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

PAUSE = timedelta(minutes=10)
"""A longer time between two documents was not spent on the second."""


def pace(times: Sequence[datetime]) -> float | None:
    """Median seconds a document, from the times at which documents were finished in order.

    None where fewer than two followed each other without a pause.
    """
    steps = [later - sooner for sooner, later in pairwise(times)]
    worked = [step.total_seconds() for step in steps if step <= PAUSE]
    return median(worked) if worked else None


def since(times: Sequence[datetime], moment: datetime) -> int:
    """How many are not before a moment."""
    return sum(one >= moment for one in times)


def spoken(seconds: float | None) -> str:
    """Seconds for people; a dash for unknown."""
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
