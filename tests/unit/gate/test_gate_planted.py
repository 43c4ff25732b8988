"""Bad candidates are blocked, good ones pass, and each rule is needed for that."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.planted import PLANTED, POLICY
from pipelines.gate.judge import decide, judge
from pipelines.gate.rules import CHECK_RULES, SCORE_RULES

pytestmark = pytest.mark.slow

SEEDS = 2
RULES = {**CHECK_RULES, **SCORE_RULES}


@pytest.fixture(scope="module")
def signals():
    return {
        one.name: [one.make(np.random.default_rng([seed, 2])) for seed in range(SEEDS)]
        for one in PLANTED
    }


@pytest.fixture(scope="module")
def by_rule(signals):
    """What each rule finds in each bad candidate."""
    return {
        (planted.name, seed): {name: list(rule(one, POLICY)) for name, rule in RULES.items()}
        for planted in PLANTED
        if not planted.good
        for seed, one in enumerate(signals[planted.name])
    }


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.name)
def test_gate_decides_as_it_should_when_candidate_is_planted(planted, signals):
    verdicts = [judge(one, POLICY) for one in signals[planted.name]]
    promoted = Counter(one.decision for one in verdicts)["promote"]
    assert promoted == (SEEDS if planted.good else 0), [one.reasons for one in verdicts]


# `regime` only says where the gain is judged.
@pytest.mark.parametrize("removed", [name for name in RULES if name != "regime"])
def test_a_bad_candidate_gets_through_when_a_rule_is_removed(removed, by_rule):
    through = {
        name
        for (name, _), found in by_rule.items()
        if decide([one for rule in RULES if rule != removed for one in found[rule]]).decision
        == "promote"
    }
    assert through


def test_no_bad_candidate_gets_through_when_all_rules_are_there(by_rule):
    for found in by_rule.values():
        assert decide([one for rule in RULES for one in found[rule]]).decision != "promote"
