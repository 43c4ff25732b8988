"""What was seen of a score and what was required, in words."""

from pipelines.contracts.learning import Regime
from pipelines.contracts.spec import GatePolicy
from pipelines.evaluation.paired import Compared
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.claims import Judged
from pipelines.gate.signals import SetSignals


def loss_sentence(one: Judged, policy: GatePolicy) -> str:
    """A claim of no loss, or of a first model's floor."""
    claim = one.claim
    where = f"on {claim.n} {one.unit} of the {one.rows} set{_slice(claim.slice)}"
    if one.value is None or claim.low is None or claim.high is None:
        return f"{_name(claim.field)} {where} could not be compared; it must be readable."
    if claim.champion is None:
        return (
            f"{_name(claim.field)} {where} is {claim.candidate:.3f} "
            f"({_level(policy.level)} interval {claim.low:.3f} to {claim.high:.3f}); a first "
            f"model must be above {one.bound:.3f} with the whole interval."
        )
    return (
        f"{_name(claim.field)} {where} went from {claim.champion:.3f} to {claim.candidate:.3f}, "
        f"a difference of {claim.difference:+.3f} ({_level(policy.level)} interval "
        f"{claim.low:+.3f} to {claim.high:+.3f}); a loss of {-one.bound:.3f} must be ruled out."
    )


def scarce_sentence(slice_: str, deciding: int, unit: str, policy: GatePolicy) -> str:
    """A slice that model.yaml names, of which too little is known."""
    return (
        f"The slice {slice_!r}, which model.yaml names, rests on {deciding} {unit} of the golden "
        f"set; at least {policy.min_slice_rows} can show that nothing was lost there."
    )


def doubted_sentence(one: Judged, policy: GatePolicy) -> str:
    """A slice or field of few rows that was seen to lose."""
    return (
        f"{loss_sentence(one, policy)} It rests on {one.claim.deciding}, of which "
        f"{policy.min_slice_rows} would show it."
    )


def lasting_sentence(recent: Compared, expected: float, policy: GatePolicy) -> str:
    """Whether the gain of the golden set is seen on the recent one too."""
    return (
        f"On the recent set the overall score went from {recent.champion:.3f} to "
        f"{recent.candidate:.3f}, a difference of {recent.difference:+.3f}, where the gain of the "
        f"golden set lets expect {expected:+.3f}; surely less than {policy.lasting_gain:.0%} of "
        "that would say that what the candidate knows has ceased to hold."
    )


def gain_sentence(one: Judged, policy: GatePolicy) -> str:
    """The claim that the candidate is better."""
    claim = one.claim
    return (
        f"The gain of the overall score on {claim.n} {one.unit} of the {one.rows} set is "
        f"{claim.difference:+.3f}, at least {claim.gain_low:+.3f} with "
        f"{100 * (1 - policy.gain_level):g}% certainty; {policy.min_gain:.3f} or more must be "
        "seen, and no gain at all ruled out."
    )


def regime_sentence(regime: Regime) -> str:
    """What is judged otherwise where a training answers an incident."""
    return (
        f"The training answers {regime.named}: the recent set has the tested rows since "
        f"{regime.since}, when that began, and the gain is judged on it."
    )


def few_sentence(regime: Regime, recent: SetSignals, policy: GatePolicy) -> str:
    """Why nothing is said of a new regime yet."""
    return (
        f"Of the new regime, since {regime.since} ({regime.named}), {recent.n} labelled "
        f"{recent.unit} are tested; at least {policy.min_rows} decide. Label more of what came "
        "since then and train again."
    )


OLD_REGIME = (
    " These rows are mostly from before the new regime. Whether what they stand for still comes "
    "is for a person to say: an approver may promote all the same, with a reason."
)
"""Follows a loss on the golden set where a training answers an incident."""


def _name(field: str) -> str:
    return "The overall score" if field == OVERALL else f"The score of {field!r}"


def _slice(name: str) -> str:
    return "" if name == ALL else f" in the slice {name!r}"


def _level(level: float) -> str:
    return f"{1 - 2 * level:.0%}"
