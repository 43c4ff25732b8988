"""When corrections start a training: one pure function of signals, policy and time.

A signal that could not be read is None and fails closed: nothing starts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.contracts.correction import ThresholdVerdict
from pipelines.contracts.policy import CorrectionPolicy, QuietHours
from pipelines.measures.rate import Rate

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Training:
    """A training that was started, for whatever reason."""

    started_at: datetime
    cost: float | None
    """None where it did not say."""
    rejected: bool | None
    """What became of its candidate; None where nothing is decided, or it made none."""


@dataclass(frozen=True)
class Signals:
    """What the threshold looks at; None is what could not be read."""

    counted: int | None
    """Distinct corrected fields that no batch has."""
    audit: Mapping[str, Rate] | None
    """Accuracy of the champion by field; empty before the first audit."""
    trainings: Sequence[Training] | None
    """Newest first, as far as a week and the last candidate that was not rejected go."""
    waiting: int | None
    """Number of the open request, which a batch would join; None where there is none."""


def evaluate(signals: Signals, policy: CorrectionPolicy, now: datetime) -> ThresholdVerdict:
    """Fires where a reason is there and nothing stands against it; the sentences say which.

    Where a request is open already a batch joins it: that starts no further training, so neither
    cool-down, cost nor quiet hours stand against it.
    """
    if signals.counted is None or signals.audit is None or signals.trainings is None:
        lost = [
            name
            for name, value in (
                ("the count of corrections", signals.counted),
                ("the audit sample", signals.audit),
                ("the former trainings", signals.trainings),
            )
            if value is None
        ]
        return ThresholdVerdict(
            decision="wait", reasons=[f"Could not be read: {', '.join(lost)}."], missing=None
        )
    missing = max(0, policy.threshold - signals.counted)
    wishes = _wishes(signals.counted, signals.audit, policy)
    if not wishes:
        said = [f"{signals.counted} of {policy.threshold} corrected fields: {missing} are missing."]
        return ThresholdVerdict(decision="wait", reasons=said, missing=missing)
    if signals.waiting is not None:
        joins = f"It joins request {signals.waiting}, which is open."
        return ThresholdVerdict(decision="fire", reasons=[*wishes, joins], missing=missing)
    blocks = [
        block
        for block in (
            _cooling(signals.trainings, policy, now),
            _too_dear(signals.trainings, policy, now),
            _quiet(policy.quiet, now),
        )
        if block is not None
    ]
    if blocks:
        return ThresholdVerdict(decision="wait", reasons=blocks, missing=missing)
    return ThresholdVerdict(decision="fire", reasons=wishes, missing=missing)


def cooldown(trainings: Sequence[Training], policy: CorrectionPolicy) -> timedelta:
    """How long nothing starts after the newest training: longer for each rejected in a row."""
    rejected = 0
    for one in trainings:
        if one.rejected is False:
            break
        rejected += one.rejected is True
    most = policy.cooldown_most_hours
    # A power of a large number of rejections is no number any more.
    hours = policy.cooldown_hours * policy.cooldown_growth ** min(rejected, 50)
    return timedelta(hours=max(policy.cooldown_hours, min(hours, most)))


def cooled_at(trainings: Sequence[Training], policy: CorrectionPolicy) -> datetime | None:
    """When the cool-down ends; None before the first training."""
    if not trainings:
        return None
    return max(one.started_at for one in trainings) + cooldown(trainings, policy)


def spent(trainings: Sequence[Training], policy: CorrectionPolicy, now: datetime) -> float:
    """What the trainings of the last seven days cost; those dated later by a wrong clock too."""
    return sum(
        policy.training_cost if one.cost is None else one.cost
        for one in trainings
        if one.started_at > now - WEEK
    )


def _wishes(counted: int, audit: Mapping[str, Rate], policy: CorrectionPolicy) -> list[str]:
    found = []
    if counted >= policy.threshold:
        found.append(f"{counted} corrected fields, {policy.threshold} are the threshold.")
    for field, rate in sorted(audit.items()):
        at_least = rate.error_at_least(policy.error_level)
        # Without a new correction a training would learn nothing that the last one did not.
        if counted and at_least > policy.error_limit:
            found.append(
                f"{field} is wrong in {1 - rate.share:.1%} of {rate.documents} audited documents, "
                f"surely in more than {at_least:.1%}; the limit is {policy.error_limit:.1%}."
            )
    return found


def _cooling(trainings: Sequence[Training], policy: CorrectionPolicy, now: datetime) -> str | None:
    until = cooled_at(trainings, policy)
    if until is None or now >= until:
        return None
    hours = cooldown(trainings, policy) / timedelta(hours=1)
    return f"It cools down until {until:%Y-%m-%d %H:%MZ}, {hours:g} hours after the last training."


def _too_dear(trainings: Sequence[Training], policy: CorrectionPolicy, now: datetime) -> str | None:
    before = spent(trainings, policy, now)
    if before + policy.training_cost <= policy.weekly_cost:
        return None
    return (
        f"Trainings cost {before:g} in seven days and one more {policy.training_cost:g}: "
        f"{policy.weekly_cost:g} is the most."
    )


def _quiet(quiet: QuietHours | None, now: datetime) -> str | None:
    if quiet is None:
        return None
    clock = now.astimezone(ZoneInfo(quiet.zone)).time()
    inside = (
        quiet.start <= clock < quiet.end
        if quiet.start <= quiet.end
        else clock >= quiet.start or clock < quiet.end
    )
    if not inside:
        return None
    return f"Quiet hours are {quiet.start:%H:%M} to {quiet.end:%H:%M} ({quiet.zone})."
