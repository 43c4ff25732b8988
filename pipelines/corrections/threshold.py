"""When corrections start a training: one pure function of signals, policy and time.

A signal that could not be read is None and fails closed: nothing starts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.correction import ThresholdVerdict
from pipelines.contracts.policy import CorrectionPolicy
from pipelines.measures.rate import Rate
from pipelines.retraining.allowance import Training, obstacles


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
    blocks = obstacles(signals.trainings, policy, now)
    if blocks:
        return ThresholdVerdict(decision="wait", reasons=blocks, missing=missing)
    return ThresholdVerdict(decision="fire", reasons=wishes, missing=missing)


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
