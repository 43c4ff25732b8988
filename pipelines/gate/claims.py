"""Scores that must not fall: every judged claim with its margin, and which fell for certain.

Multiple comparisons. A promotion needs *every* claim of no loss, each shown at the full level:
an intersection-union test, whose chance of a wrong promotion stays below the level without a
correction (Berger 1982, Technometrics 24). The gain is tested only where all of them hold
(gatekeeping, a fixed sequence: Westfall and Krishen 2001, JSPI 99), on one claim alone. A
reject needs *any* loss beyond its margin: there the chances add up, and Holm's correction
holds the chance of a false reject over all claims of both sets. The calibration, which is not
compared with the champion's, is one test of its own at the same level.
"""

from dataclasses import dataclass

from pipelines.contracts.spec import GatePolicy
from pipelines.evaluation.paired import Compared
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.signals import SetSignals, Signals
from pipelines.gate.statistics import holm, p_below

GOLDEN, RECENT = "golden", "recent"


@dataclass(frozen=True)
class Judged:
    """One claim of one set, and the value its score (or difference) must stay above."""

    rows: str
    unit: str
    claim: Compared
    bound: float

    @property
    def name(self) -> str:
        return f"{self.rows}/{self.claim.slice}/{self.claim.field}"

    @property
    def value(self) -> float | None:
        """The difference; for a first model its score."""
        return self.claim.candidate if self.claim.champion is None else self.claim.difference


def judged(signals: Signals, policy: GatePolicy) -> list[Judged]:
    """Every claim with rows enough to show that nothing was lost, and the overall ones always."""
    return [one for one in bounded(signals, policy) if _enough(one, policy)]


def scarce(signals: Signals, policy: GatePolicy) -> list[Judged]:
    """The claims of the golden set whose rows are too few for that."""
    found = [one for one in bounded(signals, policy) if not _enough(one, policy)]
    return [one for one in found if one.rows == GOLDEN]


def bounded(signals: Signals, policy: GatePolicy) -> list[Judged]:
    """Golden overall, fields and slices; recent overall and fields.

    The bound of a first model is its floor, else minus the margin. Slices of a first model have
    no floor.
    """
    found = []
    for rows, one in sets(signals):
        if rows == RECENT and awaited(signals, policy):
            continue
        for claim in one.compared:
            whole = claim.slice == ALL
            if whole:
                bound = _floor(claim, policy) if signals.first else -_margin(claim, policy)
            elif claim.field == OVERALL and rows == GOLDEN and not signals.first:
                bound = -policy.slice_margin
            else:
                continue
            found.append(Judged(rows, one.unit, claim, bound))
    return found


def _enough(one: Judged, policy: GatePolicy) -> bool:
    """A score of all rows counts every one of them; a slice those on which its score rests."""
    claim = one.claim
    if claim.slice != ALL:
        return claim.deciding >= policy.min_slice_rows
    return claim.field == OVERALL or claim.n >= policy.min_slice_rows


def awaited(signals: Signals, policy: GatePolicy) -> bool:
    """Whether the new regime that a training answers has too few rows to say anything."""
    recent = signals.recent
    return signals.regime is not None and recent is not None and recent.n < policy.min_rows


def sets(signals: Signals) -> list[tuple[str, SetSignals]]:
    """The sets that could be read."""
    both = [(GOLDEN, signals.golden), (RECENT, signals.recent)]
    return [(rows, one) for rows, one in both if one is not None]


def fallen(signals: Signals, policy: GatePolicy) -> set[str]:
    """Names of the claims that certainly lie below their bound, by Holm over all judged ones."""
    readable = [one for one in judged(signals, policy) if one.value is not None]
    p_values = [
        p_below(one.value or 0.0, one.bound, one.claim.error or 0.0)  # None was left out above
        for one in readable
    ]
    sure = holm(p_values, policy.level)
    return {one.name for one, gone in zip(readable, sure, strict=True) if gone}


def _margin(claim: Compared, policy: GatePolicy) -> float:
    if claim.field == OVERALL:
        return policy.margin
    return policy.field_margins.get(claim.field, policy.field_margin)


def _floor(claim: Compared, policy: GatePolicy) -> float:
    if claim.field == OVERALL:
        return policy.floor
    return policy.field_floors.get(claim.field, policy.field_floor)
