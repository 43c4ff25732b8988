"""Signals and policy to a verdict: pure, the same in, the same out."""

from collections.abc import Mapping

from pipelines.contracts.spec import GatePolicy
from pipelines.contracts.verdict import Finding, Verdict
from pipelines.gate.rules import CHECK_RULES, SCORE_RULES, Rule
from pipelines.gate.signals import Signals


def judge(signals: Signals, policy: GatePolicy) -> Verdict:
    """The gate's word on one candidate.

    `reject` where anything failed, else `inconclusive` where anything is undecided, else
    `promote`. Scores count only after every check has passed.
    """
    return decide(findings(signals, policy))


def findings(
    signals: Signals,
    policy: GatePolicy,
    checks: Mapping[str, Rule] = CHECK_RULES,
    scores: Mapping[str, Rule] = SCORE_RULES,
) -> list[Finding]:
    """What every rule found, in their order; only the checks where one of them failed."""
    found = [one for rule in checks.values() for one in rule(signals, policy)]
    if any(one.outcome == "failed" for one in found):
        # What comes after the first failed check was not made; that is no reason of its own.
        made = {f"check/{one.name}" for one in signals.checks}
        broken = any(not one.passed for one in signals.checks)
        return [one for one in found if one.name in made or not broken]
    return found + [one for rule in scores.values() for one in rule(signals, policy)]


def decide(found: list[Finding]) -> Verdict:
    """One decision of all findings."""
    failed = [one for one in found if one.outcome == "failed"]
    undecided = [one for one in found if one.outcome == "undecided"]
    if failed:
        return Verdict(decision="reject", reasons=[one.sentence for one in failed])
    if undecided:
        known = [one.more_rows for one in undecided]
        missing = max((rows for rows in known if rows is not None), default=None)
        # One that no number of rows decides leaves the whole open.
        more = None if None in known else missing
        return Verdict(
            decision="inconclusive",
            reasons=[*(one.sentence for one in undecided), _more(more)],
            more_rows=more,
        )
    return Verdict(decision="promote", reasons=[one.sentence for one in found])


def _more(rows: int | None) -> str:
    if rows is None:
        return "No reachable number of further labelled rows would decide this."
    return f"About {rows} more labelled rows in the test sets would decide it."
