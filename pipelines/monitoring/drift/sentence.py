"""What moved in a window, from what to what, in words and figures."""

from collections.abc import Sequence

import numpy as np

from pipelines.contracts.monitoring import Bins
from pipelines.monitoring.drift.distance import jensen_shannon, psi, shares
from pipelines.monitoring.drift.history import Floats, Window
from pipelines.monitoring.drift.statistic import DISTANCE, MEAN, MISSING, SPREAD, UNSEEN

_VISIBLE = 0.0005


def figures(bins: Bins, counts: Floats, reference: Floats) -> dict[str, float | None]:
    """Distances and shares of one window (counts by bin, missing last) beside its reference."""
    now, before = shares(counts), shares(reference)
    found: dict[str, float | None] = {
        "rows": float(counts.sum()),
        "jensen_shannon": float(jensen_shannon(now, before)),
        "psi": float(psi(now, before)),
        "missing": float(now[-1]),
        "missing_before": float(before[-1]),
    }
    if bins.kind == "category":
        found |= {"unseen": float(now[-2]), "unseen_before": float(before[-2])}
    return found


def moments(bins: Bins, of: Sequence[Window]) -> tuple[float | None, float | None]:
    """Mean and standard deviation of a number over some windows; None without a value."""
    chosen = [
        day.sketches[bins.name] for one in of for day in one.days if bins.name in day.sketches
    ]
    rows = sum(one.rows - one.missing for one in chosen)
    if not rows:
        return None, None
    mean = sum(one.total for one in chosen) / rows
    return mean, float(np.sqrt(max(0.0, sum(one.squares for one in chosen) / rows - mean**2)))


def of_column(
    bins: Bins,
    by: str,
    counts: Floats,
    reference: Floats,
    details: dict[str, float | None],
    window: Window,
) -> str:
    """What moved; `by` is the statistic that says so the loudest."""
    now, before = shares(counts), shares(reference)
    if by == MISSING:
        return f"{bins.name}: missing {_change(before[-1], now[-1])}"
    if by == UNSEEN:
        sketches = (day.sketches.get(bins.name) for day in window.days)
        pairs = (pair for one in sketches if one for pair in one.unseen.items())
        new = max(pairs, key=_second, default=None)
        name = f", the most frequent `{new[0]}`" if new else ""
        return (
            f"{bins.name}: values without a bin of their own {_change(before[-2], now[-2])}{name}"
        )
    if bins.kind == "category":
        names = [*bins.categories, "other values", "missing"]
        # Of two that change as much the rarer one says more.
        apart = np.abs(now - before).round(9)
        most = int(np.lexsort((-before, apart))[-1])
        return f"{bins.name}: `{names[most]}` {_change(before[most], now[most])}"
    if len(bins.edges) == 1 and by != MEAN:
        return (
            f"{bins.name}: {bins.edges[0]:.3g} or more in {_change(before[1], now[1])} of the rows"
        )
    mean, usual, spread = (details.get(one) for one in ("mean", "mean_before", "spread_before"))
    if mean is None or usual is None or not spread:
        return f"{bins.name}: missing {_change(before[-1], now[-1])}"
    text = (
        f"{bins.name}: mean {usual:.4g} → {mean:.4g} ({(mean - usual) / spread:+.2f} of its spread)"
    )
    if by in {SPREAD, DISTANCE} and details.get("spread") is not None:
        text += f", spread {spread:.4g} → {details['spread']:.4g}"
    if abs(now[-1] - before[-1]) >= _VISIBLE:
        text += f", missing {_change(before[-1], now[-1])}"
    return text


def of_rows(rows: float, usual: float) -> str:
    """How many rows came."""
    return f"volume: {rows:,.0f} rows where {usual:,.0f} are usual"


def of_quarantined(share: float, usual: float) -> str:
    """How many rows were refused."""
    return f"volume: {_change(usual, share)} of the rows in quarantine"


def no_past(bins: Bins) -> str:
    """Of a column that is new."""
    return f"{bins.name}: its past is too short to judge it"


def no_rows(bins: Bins) -> str:
    """Of an empty window."""
    return f"{bins.name}: no rows"


def unread(bins: Bins) -> str:
    """Of rows whose sketch is missing."""
    return f"{bins.name}: rows came, and none was counted in this column"


def _change(before: float, now: float) -> str:
    digits = 1 if max(before, now) >= _VISIBLE or now == before else 4
    return f"{before:.{digits}%} → {now:.{digits}%}"


def _second(pair: tuple[str, int]) -> int:
    return pair[1]
