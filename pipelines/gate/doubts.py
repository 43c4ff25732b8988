"""Rules that leave a verdict open: what so few rows cannot show, and a gain that did not last."""

import math
from collections.abc import Iterator

from pipelines.contracts.spec import GatePolicy
from pipelines.contracts.verdict import Finding
from pipelines.evaluation.paired import Compared
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.claims import GOLDEN, scarce
from pipelines.gate.sentences import doubted_sentence, lasting_sentence, scarce_sentence
from pipelines.gate.signals import SetSignals, Signals
from pipelines.gate.statistics import p_below


def scarce_rows(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    """Slices and fields of the golden set with too few rows to show that nothing was lost.

    Who names a slice in model.yaml wants to know of it, so that what is not known leaves the
    verdict open. Of another slice or field so few rows prove no loss absent; that they show one is
    reason enough to doubt.
    """
    golden = signals.golden
    if golden is None:
        return
    named = [] if signals.first else golden.named
    yield from _unknown(golden, named, policy)
    for one in scarce(signals, policy):
        if one.claim.slice not in named and one.value is not None and one.value < one.bound:
            missing = policy.min_slice_rows - one.claim.deciding
            more = _further(golden, one.claim.deciding, missing)
            yield _undecided(one.name, doubted_sentence(one, policy), more)


def lasting(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    """The gain of the golden set is not surely gone on the recent one.

    A leak that has ended flatters the golden set and harms nothing later, so that no loss is to be
    seen: what gives it away is the gain that is missing. Gains are compared as shares of the
    champion's errors, since easy rows leave less to mend. The two errors are added as if the sets
    were apart; where they share rows this is too large, and blocks less. A training that answers
    an incident has its gain on the recent set alone.
    """
    old, new = (_overall(one) for one in (signals.golden, signals.recent))
    if signals.first or signals.regime is not None or old is None or new is None:
        return
    gain, room = old.difference, 1 - (old.champion or 0.0)
    if gain is None or new.difference is None or gain <= 0 or room <= 0:
        return
    scale = (1 - (new.champion or 0.0)) / room
    share = policy.lasting_gain * scale
    error = math.hypot(new.error or 0.0, share * (old.error or 0.0))
    name, sentence = "lasting gain", lasting_sentence(new, gain * scale, policy)
    if p_below(new.difference, share * gain, error) <= policy.level:
        # More rows of the same days say the same: only a person can tell what has ended.
        yield _undecided(name, sentence, None)
    else:
        yield Finding(name=name, outcome="passed", sentence=sentence)


def _unknown(golden: SetSignals, named: list[str], policy: GatePolicy) -> Iterator[Finding]:
    found = {one.slice: one for one in golden.compared if one.field == OVERALL}
    for name in named:
        one = found.get(name)
        deciding = one.deciding if one else 0
        if deciding >= policy.min_slice_rows:
            continue
        if deciding == 0 and one is not None and one.difference is not None:
            continue  # Every row is true: there is no order in which a model could be worse.
        missing = policy.min_slice_rows - deciding
        sentence = scarce_sentence(name, deciding, golden.unit, policy)
        yield _undecided(
            f"{GOLDEN}/{name}/{OVERALL}", sentence, _further(golden, deciding, missing)
        )


def _further(golden: SetSignals, deciding: int, missing: int) -> int | None:
    """Rows of the whole set that hold `missing` more of those that decide."""
    return math.ceil(missing * golden.n / deciding) if deciding else None


def _overall(found: SetSignals | None) -> Compared | None:
    ones = found.compared if found else []
    return next((one for one in ones if (one.slice, one.field) == (ALL, OVERALL)), None)


def _undecided(name: str, sentence: str, missing: int | None) -> Finding:
    return Finding(name=name, outcome="undecided", sentence=sentence, more_rows=missing)
