"""How long no rows have come, as of the end of a window. Pure."""

from collections.abc import Iterable
from datetime import date

from pipelines.contracts.monitoring import Signal
from pipelines.contracts.spec import DatasetSpec, ModelSpec

NAME = "volume/freshness"
_HOURS = 24


def signal(
    spec: ModelSpec, dataset: DatasetSpec, window: str, published: Iterable[str]
) -> Signal | None:
    """Whole days without rows before the end of the window, in hours; None before any rows.

    An alarm at once: there is no chance in it that further windows would rule out.
    """
    newest = max((day for day in published if day <= window), default=None)
    if newest is None:
        return None
    limit = spec.monitoring.freshness_hours or dataset.freshness_hours
    hours = float((date.fromisoformat(window) - date.fromisoformat(newest)).days * _HOURS)
    stale = hours > limit
    return Signal(
        name=NAME,
        topic="volume",
        value=hours,
        limit=limit,
        exceeded=stale,
        alarm=stale,
        importance=1.0 if stale else 0.0,
        sentence=f"no new rows since {newest}: {hours:g} hours, {limit:g} are the most"
        if hours
        else "new rows came",
    )
