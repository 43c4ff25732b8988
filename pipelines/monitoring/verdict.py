"""What follows from the signals of a window: one pure function. What is not known is not quiet."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pipelines.contracts.monitoring import (
    DriftVerdict,
    MonitorPolicy,
    Severity,
    Signal,
    Topic,
)

HIGH, MEDIUM = 0.1, 0.02
"""Share of a model's decisions from which what rests on it is of that severity."""
REASONS = 5
"""Most sentences of a verdict."""

Kind = Literal["drift", "quality", "volume", "system", "stop"]
KIND: dict[Topic, Kind] = {
    "input": "drift",
    "output": "drift",
    "quality": "quality",
    "volume": "volume",
    "system": "system",
}
"""Which incident a signal belongs to."""


def evaluate(
    signals: Sequence[Signal] | None, policy: MonitorPolicy, *, rows: int, quarantined: int
) -> DriftVerdict:
    """`stop` before `retrain` before `alert` before `quiet`; the sentences say why.

    `rows` were published in the window and `quarantined` refused. Signals that could not be read
    at all are None; a single one that could not be has the value None and a limit. Both alert.
    """
    if signals is None:
        return DriftVerdict(
            decision="alert", severity="high", reasons=["The window could not be read."]
        )
    alarms, lost = in_alarm(signals), unread(signals)
    stops = _broken(signals, policy, rows, quarantined)
    moved = [one.name for one in [*alarms, *lost]]
    if stops:
        return DriftVerdict(decision="stop", severity="high", reasons=stops[:REASONS], moved=moved)
    if alarms or lost:
        said = [one.sentence for one in [*alarms, *lost]]
        return DriftVerdict(
            decision="retrain" if _asks(alarms, policy) else "alert",
            severity=severity([*alarms, *lost]),
            reasons=said[:REASONS],
            moved=moved,
        )
    judged = [one for one in signals if one.limit is not None]
    if not judged:
        return DriftVerdict(
            decision="alert", severity="medium", reasons=["Nothing of the window could be judged."]
        )
    return DriftVerdict(decision="quiet", reasons=[_quiet(judged)])


def in_alarm(signals: Iterable[Signal]) -> list[Signal]:
    """Signals in alarm, the most important first."""
    found = (one for one in signals if one.alarm)
    return sorted(found, key=lambda one: (-one.importance, one.p or 0.0, one.name))


def unread(signals: Iterable[Signal]) -> list[Signal]:
    """Signals that are judged and could not be read."""
    return [one for one in signals if one.value is None and one.limit is not None and not one.alarm]


def severity(signals: Iterable[Signal]) -> Severity:
    """By the most important of them; that the model is less right is always severe."""
    most = max((1.0 if one.topic == "quality" else one.importance for one in signals), default=0.0)
    return "high" if most >= HIGH else "medium" if most >= MEDIUM else "low"


def _asks(alarms: Sequence[Signal], policy: MonitorPolicy) -> bool:
    """Whether one of them asks for a training: not for what the model hardly looks at."""
    return any(KIND[one.topic] in policy.retrain_on and severity([one]) != "low" for one in alarms)


def _broken(
    signals: Sequence[Signal], policy: MonitorPolicy, rows: int, quarantined: int
) -> list[str]:
    """Sentences that say why the inputs are no inputs; at once, not after k of n windows.

    A few rows break nothing: of fewer than `min_rows` only that they are few is known.
    """
    if rows + quarantined < policy.min_rows:
        return []
    found = []
    refused = quarantined / (rows + quarantined)
    if refused > policy.stop_quarantined:
        found.append(
            f"{refused:.1%} of the window's rows are in quarantine; "
            f"{policy.stop_quarantined:.0%} is the most."
        )
    if rows < policy.min_rows:
        return found
    for one in signals:
        if one.topic != "input" or one.importance < HIGH:
            continue
        missing = one.details.get("missing") or 0.0
        more = missing - (one.details.get("missing_before") or 0.0)
        if one.value is None and one.limit is not None:
            found.append(f"{one.name} is gone: {one.sentence}.")
        elif more > policy.stop_missing:
            found.append(
                f"{one.name} is missing in {missing:.1%} of the rows, {more:.1%} more than in the "
                f"reference; {policy.stop_missing:.0%} is the most."
            )
    return found


def _quiet(judged: Sequence[Signal]) -> str:
    past = sum(one.exceeded for one in judged)
    if not past:
        return f"{len(judged)} signals are within their limits."
    return (
        f"{past} of {len(judged)} signals are past their limit, not in enough windows for an alarm."
    )
