"""The rules, one for each way in which a worse model could slip through.

A rule looks at the signals and gives findings; what it cannot read, it fails. A rule knows
nothing of the others, so that a test can take each away and see what gets through.
"""

import math
from collections.abc import Callable, Iterator, Mapping

from pipelines.contracts.spec import GatePolicy
from pipelines.contracts.verdict import Finding
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.claims import GOLDEN, RECENT, Judged, awaited, fallen, judged
from pipelines.gate.doubts import lasting, scarce_rows
from pipelines.gate.sentences import (
    OLD_REGIME,
    few_sentence,
    gain_sentence,
    loss_sentence,
    regime_sentence,
)
from pipelines.gate.signals import Signals
from pipelines.gate.statistics import more_rows, p_below

Rule = Callable[[Signals, GatePolicy], Iterator[Finding]]

CHECKS = ("finished", "recorded", "artefact", "schema", "leak", "answers")
"""Looks at the version before any score; one that is missing fails."""


def _check(name: str) -> Rule:
    def rule(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
        del policy
        found = [one for one in signals.checks if one.name == name]
        if not found:
            yield _failed(f"check/{name}", f"The check {name!r} was not made; it must pass.")
        for one in found:
            outcome = "passed" if one.passed else "failed"
            yield Finding(name=f"check/{name}", outcome=outcome, sentence=one.sentence)

    return rule


def _readable(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    del policy
    name = "readable"
    if signals.unreadable is None or signals.golden is None or signals.recent is None:
        yield _failed(name, "The answers could not be scored; every row must get a score.")
    elif signals.unreadable:
        yield _failed(
            name,
            f"{signals.unreadable} answers of the candidate are no answers (NaN, or missing); "
            "0 are allowed.",
        )
    else:
        yield _passed(name, "Every row has a readable answer.")


def _enough(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    for rows, one in ((GOLDEN, signals.golden), (RECENT, signals.recent)):
        if one is None:
            continue
        sentence = f"The {rows} set has {one.n} {one.unit}; at least {policy.min_rows} decide."
        if rows == RECENT and signals.regime is not None and awaited(signals, policy):
            sentence = few_sentence(signals.regime, one, policy)
        if one.n >= policy.min_rows:
            yield _passed(f"enough/{rows}", sentence)
        else:
            yield _undecided(f"enough/{rows}", sentence, policy.min_rows - one.n)


def _regime(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    """Says where the gain is judged; what it needs the other rules see to."""
    del policy
    if signals.regime is not None:
        yield _passed("regime", regime_sentence(signals.regime))


def _gain(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    """The overall score is better by a gain worth a change.

    On the golden set; where the training answers an incident, on the rows since that began: on
    those before it the champion was right, and nothing is to be gained.
    """
    if signals.first:
        return
    name, rows = "gain", GOLDEN if signals.regime is None else RECENT
    if signals.recent is not None and awaited(signals, policy):
        sentence = "On so few rows of the new regime no gain is judged."
        yield _undecided(name, sentence, policy.min_rows - signals.recent.n)
        return
    found = [one for one in judged(signals, policy) if _is_overall(one, rows)]
    claim = found[0].claim if found else None
    if claim is None or claim.difference is None or claim.gain_low is None or claim.high is None:
        yield _failed(name, f"The overall scores on the {rows} set could not be compared.")
        return
    sentence = gain_sentence(found[0], policy)
    if claim.difference >= policy.min_gain and claim.gain_low > 0:
        yield _passed(name, sentence)
    elif claim.high < policy.min_gain or found[0].name in fallen(signals, policy):
        yield _failed(name, sentence)
    else:
        better = claim.difference >= policy.min_gain
        bound, level = (0.0, policy.gain_level) if better else (policy.min_gain, policy.level)
        missing = more_rows(claim.n, claim.difference, bound, claim.error or 0.0, level)
        yield _undecided(name, sentence, missing)


def _no_loss(rows: str, which: Callable[[Judged], bool]) -> Rule:
    """No loss beyond the margin (a first model: the floor is reached) for some claims.

    A certain loss on the golden set leaves a training that answers an incident undecided: it may
    be the price of the new regime, and no figure says whether the old one still counts.
    """

    def rule(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
        gone = fallen(signals, policy)
        old = rows == GOLDEN and signals.regime is not None
        for one in judged(signals, policy):
            if one.rows != rows or not which(one):
                continue
            claim, sentence = one.claim, loss_sentence(one, policy)
            if one.value is None or claim.low is None:
                yield _failed(one.name, sentence)
            elif claim.low > one.bound:
                yield _passed(one.name, sentence)
            elif one.name in gone and not old:
                yield _failed(one.name, sentence)
            else:
                error = claim.error or 0.0
                missing = more_rows(claim.n, one.value, one.bound, error, policy.level)
                open_ = None if one.name in gone else missing
                yield _undecided(one.name, sentence + (OLD_REGIME if old else ""), open_)

    return rule


def _calibration(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    """Passes as measured, which is rather too much; fails where chance cannot explain it."""
    name, seen, limit = "calibration", signals.calibration_error, policy.calibration_error
    if seen is None or signals.golden is None or not math.isfinite(seen.value + seen.error):
        yield _failed(name, "The calibration of the confidences could not be measured.")
        return
    sentence = (
        f"The expected calibration error on the golden set is {seen.value:.3f}; "
        f"at most {limit:.3f} is allowed."
    )
    if seen.value <= limit:
        yield _passed(name, sentence)
        return
    rows, unit = signals.golden.n, signals.golden.unit
    sentence += (
        f" Without what chance adds on {rows} {unit} it is {seen.corrected:.3f}, with a standard "
        f"error of {seen.error:.3f}."
    )
    if p_below(-seen.corrected, -limit, seen.error) <= policy.level:
        if signals.regime is None:
            yield _failed(name, sentence)
        else:
            yield _undecided(name, sentence + OLD_REGIME, None)
    else:
        missing = more_rows(rows, seen.corrected, limit, seen.error, policy.level)
        yield _undecided(name, sentence, missing)


def _latency(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    name, seen, old = "latency", signals.latency_ms, signals.champion_latency_ms
    if seen is None or (old is None and not signals.first):
        yield _failed(name, "The time of an answer could not be measured.")
        return
    limit = policy.latency_ms
    required = f"at most {policy.latency_ms:.0f} ms"
    if old is not None:
        limit = min(limit, old * policy.latency_ratio)
        required += f" and {policy.latency_ratio:g} times the champion's {old:.2f} ms"
    sentence = f"A row takes {seen:.2f} ms of CPU time; {required} is allowed."
    yield (_passed if seen <= limit else _failed)(name, sentence)


def _size(signals: Signals, policy: GatePolicy) -> Iterator[Finding]:
    name, seen = "size", signals.size_mb
    if seen is None:
        yield _failed(name, "The size of the model could not be read.")
        return
    sentence = f"The model's files have {seen:.1f} MB; at most {policy.size_mb:.0f} MB is allowed."
    yield (_passed if seen <= policy.size_mb else _failed)(name, sentence)


def _is_overall(one: Judged, rows: str) -> bool:
    return one.rows == rows and one.claim.slice == ALL and one.claim.field == OVERALL


CHECK_RULES: Mapping[str, Rule] = {f"check/{name}": _check(name) for name in CHECKS}
SCORE_RULES: Mapping[str, Rule] = {
    "readable": _readable,
    "enough": _enough,
    "golden overall": _no_loss(GOLDEN, lambda one: _is_overall(one, GOLDEN)),
    "golden fields": _no_loss(GOLDEN, lambda one: one.claim.field != OVERALL),
    "golden slices": _no_loss(GOLDEN, lambda one: one.claim.slice != ALL),
    "golden of few rows": scarce_rows,
    "recent overall": _no_loss(RECENT, lambda one: _is_overall(one, RECENT)),
    "recent fields": _no_loss(RECENT, lambda one: one.claim.field != OVERALL),
    "calibration": _calibration,
    "latency": _latency,
    "size": _size,
    "regime": _regime,
    "gain": _gain,
    "lasting gain": lasting,
}


def _passed(name: str, sentence: str) -> Finding:
    return Finding(name=name, outcome="passed", sentence=sentence)


def _failed(name: str, sentence: str) -> Finding:
    return Finding(name=name, outcome="failed", sentence=sentence)


def _undecided(name: str, sentence: str, missing: int | None) -> Finding:
    return Finding(name=name, outcome="undecided", sentence=sentence, more_rows=missing)
