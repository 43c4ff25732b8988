"""What stands against a training that somebody wishes: cool-down, cost and quiet hours. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.contracts.policy import CorrectionPolicy, QuietHours

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Training:
    """A training that was started, for whatever reason."""

    started_at: datetime
    cost: float | None
    """None where it did not say."""
    rejected: bool | None
    """What became of its candidate; None where nothing is decided, or it made none."""


def obstacles(trainings: Sequence[Training], policy: CorrectionPolicy, now: datetime) -> list[str]:
    """Sentences that say what stands against a training now; empty where nothing does.

    Where a request is open already another reason joins it: that starts no further training, so
    nothing of this stands against it.
    """
    looked = (
        _cooling(trainings, policy, now),
        _too_dear(trainings, policy, now),
        _quiet(policy.quiet, now),
    )
    return [said for said in looked if said is not None]


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
