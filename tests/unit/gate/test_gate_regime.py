"""A training that answers an incident: the rows since it began decide; too few never promote."""

from dataclasses import replace

import numpy as np
import pytest
from factories.home import simple_spec
from factories.receipts import receipts

from benchmarks.planted import POLICY, better, calibrated, checks, seen, signals
from pipelines.contracts.learning import Regime
from pipelines.contracts.spec import GatePolicy, SplitSpec
from pipelines.gate.gather import Rows, gather
from pipelines.gate.judge import findings, judge
from pipelines.gate.retrain import retrain
from pipelines.gate.rules import SCORE_RULES

REGIME = Regime(since="2018-06-10", incidents=[4])
OPEN = GatePolicy(calibration_error=1, latency_ratio=100)


def draw(seed=0):
    return np.random.default_rng([seed, 11])


def answering(found, **changes):
    return found.model_copy(update={"regime": REGIME, **changes})


def test_verdict_promotes_when_only_the_new_regime_has_a_gain():
    one = draw()
    same_on_golden = signals(seen(one, 2_000, 0.0, 0.0), seen(one, 400, 0.5, 0.005))
    assert judge(same_on_golden, POLICY).decision == "reject"
    verdict = judge(answering(same_on_golden), POLICY)
    assert verdict.decision == "promote", verdict.reasons
    text = "\n".join(verdict.reasons)
    assert "answers incident 4: the recent set has the tested rows since 2018-06-10" in text
    assert "gain of the overall score on 400 documents of the recent set" in text


def test_verdict_rejects_when_only_the_golden_set_has_a_gain():
    one = draw()
    found = signals(seen(one, 2_000, 0.5, 0.005), seen(one, 400, 0.0, 0.0))
    assert judge(found, POLICY).decision == "inconclusive"  # a gain that did not last
    verdict = judge(answering(found), POLICY)
    assert verdict.decision == "reject"
    assert "gain of the overall score on 400 documents of the recent set" in verdict.reasons[0]


@pytest.mark.parametrize("rows", [0, 1, 29])
@pytest.mark.parametrize("spoil", [0.0, 0.5], ids=["better", "worse"])
def test_verdict_is_inconclusive_when_the_new_regime_has_few_rows(rows, spoil):
    few = seen(draw(), max(rows, 1), 0.9, spoil).model_copy(update={"n": rows})
    verdict = judge(answering(better(draw()), recent=few), POLICY)
    assert verdict.decision == "inconclusive"
    assert verdict.reasons[0].startswith(
        f"Of the new regime, since 2018-06-10 (incident 4), {rows} labelled documents are tested; "
        "at least 30 decide."
    )
    assert verdict.more_rows == 30 - rows


def test_few_rows_of_the_new_regime_never_promote_when_the_rule_that_says_so_is_gone():
    few = seen(draw(), 29, 0.9, 0.0)
    left = {name: rule for name, rule in SCORE_RULES.items() if name != "enough"}
    found = findings(answering(better(draw()), recent=few), POLICY, scores=left)
    assert any(one.outcome == "undecided" for one in found)


def test_a_loss_on_the_old_regime_waits_for_a_person_when_the_new_one_has_a_gain():
    lost = signals(seen(draw(), 2_000, 0.0, 0.2), seen(draw(), 400, 0.5, 0.005))
    assert judge(lost, POLICY).decision == "reject"
    verdict = judge(answering(lost), POLICY)
    assert verdict.decision == "inconclusive"
    assert any("an approver may promote all the same" in reason for reason in verdict.reasons)
    assert verdict.more_rows is None, "no number of rows says whether the old regime counts"


def test_a_loss_on_the_old_regime_that_is_not_ruled_out_says_so_too():
    doubt = signals(seen(draw(), 60, 0.1, 0.03), seen(draw(), 400, 0.5, 0.005))
    verdict = judge(answering(doubt), POLICY)
    assert verdict.decision == "inconclusive"
    assert "an approver may promote all the same" in verdict.reasons[0]
    assert "an approver" not in " ".join(judge(doubt, POLICY).reasons)


def test_a_loss_on_both_regimes_is_rejected():
    lost = signals(seen(draw(), 2_000, 0.0, 0.2), seen(draw(), 400, 0.0, 0.2))
    assert judge(answering(lost), POLICY).decision == "reject"


def test_calibration_on_the_old_regime_waits_for_a_person():
    bad = answering(better(draw()), calibration_error=calibrated(0.15, 0.01))
    (found,) = SCORE_RULES["calibration"](bad, POLICY)
    assert found.outcome == "undecided" and "an approver may promote" in found.sentence


@pytest.mark.parametrize("gone", ["golden", "recent", "calibration_error", "unreadable"])
def test_verdict_rejects_when_a_signal_is_unreadable_in_a_new_regime_too(gone):
    assert judge(answering(better(draw()), **{gone: None}), POLICY).decision == "reject"


def test_gate_waits_when_nothing_of_the_new_regime_is_labelled(monkeypatch):
    spec = simple_spec(monkeypatch).model_copy(update={"gate": OPEN})
    model = retrain(spec, receipts(120, merchants=30))
    rows = Rows(model.tested, 1, model.tested.slice(0, 0), REGIME)
    before = [one for one in checks() if one.name != "answers"]
    given = {"size_mb": 1.0, "clock": iter(range(10**6)).__next__, "history": None}
    found, _ = gather(lambda: [model.model, model.model], rows, before, spec, **given)
    verdict = judge(found, OPEN)
    assert (verdict.decision, verdict.more_rows) == ("inconclusive", 30)
    assert "0 labelled rows are tested" in verdict.reasons[0]
    none, _ = gather(
        lambda: [model.model, model.model], replace(rows, regime=None), before, spec, **given
    )
    assert judge(none, OPEN).decision == "reject"


def test_several_incidents_are_named_together():
    assert Regime(since="2018-06-10", incidents=[4, 7]).named == "incidents 4 and 7"


@pytest.mark.parametrize(
    ("days", "tested"), [(8, None), (20, None), (21, 7), (29, 11), (53, 23), (400, 23)]
)
def test_split_of_a_regime_learns_from_as_much_as_it_tests(days, tested):
    rule = SplitSpec(group_by="customer_id", time="at", test_days=23, gap_days=7)
    found = rule.for_regime(days)
    assert (found and found.test_days) == tested
    if found is not None:
        assert days - found.test_days - found.gap_days >= found.test_days


def test_split_of_a_regime_is_the_models_own_when_it_goes_by_content():
    rule = SplitSpec(group_by="company")
    assert rule.for_regime(1) is rule
