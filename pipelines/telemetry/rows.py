"""What the result of a step says of its rows and its cost."""

from collections.abc import Mapping
from typing import Any

from pipelines.contracts.telemetry import Rows
from pipelines.settings import Settings

# What the results of the steps call the same thing, the first that is there.
_IN = ("rows_in", "rows", "rows_train", "pool")
_OUT = ("rows_out", "rows_published", "rows_scored", "rows")
_QUARANTINED = ("rows_quarantined", "rows_refused", "unreadable")
_PARTS = ("versions", "landed")
"""Keys below which a result says it of its parts."""


def rows_of(result: Any) -> Rows:
    """Rows that a task's result speaks of; a result of several versions counts them together."""
    parts = list(_parts(result))
    return Rows(
        rows_in=_total(parts, _IN),
        rows_out=_total(parts, _OUT),
        rows_quarantined=_total(parts, _QUARANTINED),
    )


def cost_of(result: Any, seconds: float, settings: Settings) -> float:
    """What the step says that it cost, else its seconds at the rate of the settings."""
    said = result.get("cost") if isinstance(result, Mapping) else None
    if isinstance(said, int | float) and not isinstance(said, bool) and said >= 0:
        return float(said)
    return seconds / 3600 * settings.compute_cost_per_hour


def _parts(result: Any) -> list[Mapping[str, Any]]:
    if isinstance(result, list):
        return [one for one in result if isinstance(one, Mapping)]
    if not isinstance(result, Mapping):
        return []
    below = [part for key in _PARTS if (part := result.get(key))]
    return [one for part in below for one in _parts(part)] or [result]


def _total(parts: list[Mapping[str, Any]], names: tuple[str, ...]) -> int | None:
    found = [
        next((part[name] for name in names if isinstance(part.get(name), int)), None)
        for part in parts
    ]
    known = [one for one in found if one is not None]
    return sum(known) if known else None
