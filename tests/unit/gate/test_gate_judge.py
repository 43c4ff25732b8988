"""The judge: pure, closed where it cannot read, and plain about what it saw."""

import numpy as np
import pytest

from benchmarks.planted import FIELDS, POLICY, better, calibrated, checks, seen, signals
from pipelines.contracts.spec import GatePolicy
from pipelines.gate.judge import judge
from pipelines.gate.rules import CHECKS, SCORE_RULES
from pipelines.gate.statistics import holm, more_rows


def draw(seed=0):
    return np.random.default_rng([seed, 3])


def test_verdict_promotes_with_every_sentence_when_all_passes():
    verdict = judge(better(draw()), POLICY)
    assert verdict.decision == "promote"
    assert verdict.more_rows is None
    text = "\n".join(verdict.reasons)
    assert "a loss of 0.010 must be ruled out" in text
    assert "gain of the overall score on 400 documents" in text
    assert "with 99.8% certainty" in text


@pytest.mark.parametrize(
    "unreadable",
    ["unreadable", "golden", "recent", "calibration_error", "latency_ms", "champion_latency_ms",
     "size_mb"],
)  # fmt: skip
def test_verdict_rejects_when_a_signal_is_unreadable(unreadable):
    verdict = judge(better(draw(), **{unreadable: None}), POLICY)
    assert verdict.decision == "reject"
    assert "could not" in verdict.reasons[0]


@pytest.mark.parametrize("field", [*FIELDS, "overall"])
@pytest.mark.parametrize("rows", ["golden", "recent"])
def test_verdict_rejects_when_one_score_is_nan(field, rows):
    sound = better(draw())
    found = getattr(sound, rows)
    gone = {"candidate": None, "difference": None, "low": None, "high": None, "error": None}
    compared = [
        one.model_copy(update=gone) if (one.slice, one.field) == ("all", field) else one
        for one in found.compared
    ]
    broken = sound.model_copy(update={rows: found.model_copy(update={"compared": compared})})
    assert judge(broken, POLICY).decision == "reject"


@pytest.mark.parametrize("name", CHECKS)
def test_verdict_rejects_when_a_check_was_not_made(name):
    made = [one for one in checks() if one.name != name]
    verdict = judge(better(draw(), checks=made), POLICY)
    assert verdict.decision == "reject"
    assert verdict.reasons == [f"The check {name!r} was not made; it must pass."]


def test_verdict_names_the_failed_check_alone_when_no_score_was_taken():
    failed = checks("artefact")[:3]
    verdict = judge(better(draw(), checks=failed, golden=None, recent=None), POLICY)
    assert verdict.reasons == ["artefact."]


def test_verdict_is_inconclusive_with_a_number_of_rows_when_the_sample_is_small():
    few = signals(seen(draw(2), 60, 0.3, 0.01), seen(draw(2), 60, 0.3, 0.01))
    verdict = judge(few, POLICY)
    assert verdict.decision == "inconclusive"
    assert verdict.more_rows and verdict.more_rows > 0
    assert f"About {verdict.more_rows} more labelled rows" in verdict.reasons[-1]


def test_more_rows_decide_as_often_as_promised():
    # What is seen on few rows is the truth here: then that many rows show it with power 0.8.
    draws, n, mean, bound = np.random.default_rng(4), 100, 0.0, -0.03
    spread = 0.2
    missing = more_rows(n, mean, bound, spread / np.sqrt(n), 0.05)
    rows = n + missing
    means = draws.normal(mean, spread / np.sqrt(rows), size=4_000)
    shown = np.mean(means - 1.645 * spread / np.sqrt(rows) > bound)
    assert shown == pytest.approx(0.8, abs=0.03)


def test_more_rows_is_none_when_no_number_helps():
    assert more_rows(100, 0.01, 0.01, 0.1, 0.05) is None
    assert more_rows(100, 0.01, 0.0100001, 0.1, 0.05) is None


def test_holm_equals_its_published_steps():
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([0.001, 0.02, 0.04], 0.05) == [True, True, True]
    assert holm([], 0.05) == []


def test_margin_of_a_field_is_its_own_when_model_yaml_names_it():
    loss = signals(
        seen(draw(), 4_000, np.array([0.9, 0.9, 0, 0.9]), np.array([0, 0, 0.08, 0])),
        seen(draw(), 200, 0.9, 0.0),
    )
    assert judge(loss, GatePolicy()).decision == "reject"
    assert judge(loss, GatePolicy(field_margins={"address": 0.12})).decision == "promote"


def test_policy_blocks_by_default_when_model_yaml_is_silent():
    policy = GatePolicy()
    assert policy.min_gain > 0 and policy.floor >= 0.8
    assert judge(signals(seen(draw(), 400, 0, 0), seen(draw(), 400, 0, 0)), policy).decision == (
        "reject"
    )


@pytest.mark.parametrize(
    ("value", "error", "outcome"),
    [(0.10, 0.01, "passed"), (0.12, 0.02, "undecided"), (0.15, 0.02, "failed"),
     (0.19, 0.08, "undecided"), (float("nan"), 0.01, "failed")],
)  # fmt: skip
def test_calibration_is_undecided_when_chance_may_explain_it(value, error, outcome):
    signals = better(draw(), calibration_error=calibrated(value, error))
    (found,) = SCORE_RULES["calibration"](signals, POLICY)
    assert found.outcome == outcome
    assert (outcome == "undecided") == bool(found.more_rows)
