"""Likely causes of what moved, in sentences, the strongest first. Pure."""

from collections.abc import Mapping, Sequence
from heapq import nlargest

from pipelines.contracts.monitoring import Binning, Bins, Day, Signal
from pipelines.monitoring.sketches.sketch import merge
from pipelines.monitoring.verdict import KIND, MEDIUM, Kind, in_alarm

MOST = 5
"""Sentences of one incident."""
_NAMED = 3
"""Columns, categories and rules that a sentence names."""
_VISIBLE = 0.01
"""Change of a category's share that is worth a word."""


def causes(
    signals: Sequence[Signal],
    binning: Binning,
    window: Sequence[Day],
    reference: Sequence[Day],
    *,
    groups: Sequence[str] = (),
    refused: Mapping[str, int] | None = None,
) -> dict[Kind, list[str]]:
    """Sentences by kind of incident.

    `groups` says which groups drive what moved, `refused` are the window's quarantined rows by
    rule.
    """
    drifted = [one for one in in_alarm(signals) if KIND[one.topic] == "drift"]
    by_name = {bins.name: bins for bins in binning.columns}
    shares = [
        said
        for one in drifted[:_NAMED]
        if one.name in by_name
        and (said := _categories(by_name[one.name], window, reference)) is not None
    ]
    rules = _rules(refused or {})
    drift = [*_weight(drifted), *shares, *groups]
    return {
        "drift": drift[:MOST],
        "quality": _behind_quality(drifted)[:MOST],
        "volume": rules,
        "stop": [*rules, *shares, *groups][:MOST],
    }


def _weight(drifted: Sequence[Signal]) -> list[str]:
    """What of it the model looks at."""
    told = [one for one in drifted if one.topic == "input" and one.importance >= MEDIUM]
    if not told:
        return []
    named = ", ".join(f"{one.name} {one.importance:.0%}" for one in told[:_NAMED])
    return [f"So much of the model's decisions rests on what moved: {named}."]


def _behind_quality(drifted: Sequence[Signal]) -> list[str]:
    if not drifted:
        return [
            "Inputs and answers are as they were: what they mean has changed, or the labels have."
        ]
    return [f"Moved in the same window: {', '.join(one.name for one in drifted[:MOST])}."]


def _categories(bins: Bins, window: Sequence[Day], reference: Sequence[Day]) -> str | None:
    """The values whose share changed most, with those that are new."""
    if bins.kind != "category":
        return None
    (now, rows), (before, known) = _counted(bins, window), _counted(bins, reference)
    if not rows or not known:
        return None
    change = {
        name: (before.get(name, 0) / known, now.get(name, 0) / rows)
        for name in sorted({*now, *before})
    }
    most = nlargest(_NAMED, change.items(), key=lambda one: abs(one[1][1] - one[1][0]))
    told = [
        f"`{name}` {old:.1%} → {new:.1%}" for name, (old, new) in most if abs(new - old) >= _VISIBLE
    ]
    return f"Of {bins.column}: {', '.join(told)}." if told else None


def _counted(bins: Bins, days: Sequence[Day]) -> tuple[dict[str, int], int]:
    """Rows by value, also of the most frequent that have no bin of their own; and all rows."""
    seen = [day.sketches[bins.name] for day in days if bins.name in day.sketches]
    if not seen:
        return {}, 0
    whole = merge(seen)
    named = dict(zip(bins.categories, whole.counts, strict=False))
    return {**named, **whole.unseen}, whole.rows


def _rules(refused: Mapping[str, int]) -> list[str]:
    if not refused:
        return []
    most = nlargest(_NAMED, sorted(refused.items()), key=lambda one: one[1])
    named = ", ".join(f"{rule.replace('_', ' ')} ({count})" for rule, count in most)
    return [f"Rows in quarantine by rule: {named}."]
