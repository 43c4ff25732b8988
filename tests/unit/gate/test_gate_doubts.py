"""What few rows cannot show, and a gain that did not last, leave the verdict open."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.planted import POLICY, better, seen, signals
from pipelines import specs
from pipelines.contracts import names
from pipelines.evaluation.comparison import comparable
from pipelines.gate.gather import set_signals
from pipelines.gate.judge import judge
from pipelines.gate.rules import SCORE_RULES

SPEC = specs.model("card_fraud")
CARDS = 60


def draw(seed=0):
    return np.random.default_rng([seed, 23])


def purchases(frauds, amount=20.0):
    """One small purchase a card and day; the first `frauds` cards have one fraud each."""
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    count = CARDS * 10
    return pa.table({
        "transaction_id": [f"{row:06d}" for row in range(count)],
        "customer_id": [f"c{row % CARDS:03d}" for row in range(count)],
        "at": [start + timedelta(days=row // CARDS) for row in range(count)],
        "amount": pa.array([amount] * count, pa.float64()),
        "fraud": [row < frauds for row in range(count)],
        names.PART: [names.SEEN_GROUP] * count,
    })  # fmt: skip


def scored(rows, seed):
    chance = np.random.default_rng(seed).random(rows.num_rows)
    return pa.table({"transaction_id": rows["transaction_id"], names.PROBABILITY: chance})


def found_on(rows):
    both = [scored(rows, 1), scored(rows, 2)]
    golden = set_signals(comparable(SPEC.task), rows, both, SPEC)
    assert golden is not None
    return golden, {one.slice: one for one in golden.compared if one.field == "overall"}


@pytest.mark.parametrize(("frauds", "deciding"), [(3, 3), (57, 57), (600, 0)])
def test_a_slice_rests_on_the_cards_with_a_row_of_the_rarer_kind(frauds, deciding):
    _, by_slice = found_on(purchases(frauds))
    assert (by_slice["small_amount"].n, by_slice["small_amount"].deciding) == (CARDS, deciding)


def doubts(golden, **changes):
    """What the rule finds in a candidate that is fine but for its golden set."""
    found = better(draw(), golden=golden, **changes)
    return {one.name: one for one in SCORE_RULES["golden of few rows"](found, SPEC.gate)}


def test_a_named_slice_with_few_frauds_is_undecided_however_many_cards_it_has():
    golden, _ = found_on(purchases(3))
    one = doubts(golden)["golden/small_amount/overall"]
    assert one.outcome == "undecided"
    assert "rests on 3 customers of the golden set; at least 20" in one.sentence
    assert one.more_rows == 17 * CARDS / 3  # as many cards as hold seventeen more with a fraud
    assert not doubts(golden, first=True)


def test_a_named_slice_without_a_row_is_undecided_and_one_of_frauds_alone_is_not():
    few, _ = found_on(purchases(30))
    assert doubts(few)["golden/large_amount/overall"].more_rows is None
    frauds, _ = found_on(purchases(CARDS * 10, amount=300.0))
    assert "golden/large_amount/overall" not in doubts(frauds)


@pytest.mark.parametrize(("spoiled", "decision"), [(0.5, "inconclusive"), (0.0, "promote")])
def test_another_slice_of_few_rows_is_undecided_only_when_it_was_seen_to_lose(spoiled, decision):
    golden = seen(draw(), 400, 0.9, 0.0, noisy_spoil=spoiled, noisy_share=0.03)
    verdict = judge(signals(golden, seen(draw(), 200, 0.9, 0.0)), POLICY)
    assert verdict.decision == decision, verdict.reasons
    assert (spoiled == 0) or "of which 20 would show it" in verdict.reasons[0]


def test_a_gain_of_which_nothing_is_left_on_the_newest_rows_is_undecided():
    gone = signals(seen(draw(), 400, 0.9, 0.0), seen(draw(), 200, 0.0, 0.0))
    verdict = judge(gone, POLICY)
    assert verdict.decision == "inconclusive"
    assert verdict.reasons[0].startswith("On the recent set the overall score went from")
    assert verdict.more_rows is None


def test_a_gain_lasts_when_there_is_less_to_mend_on_the_newest_rows():
    # Golden: a third of many errors mended; recent: a third of few.
    right = np.array([0.5, 0.5, 0.5, 0.5])
    golden = seen(draw(), 400, 0.33, 0.0, right=right)
    recent = seen(draw(), 2_000, 0.33, 0.0, right=right + 0.48)
    assert judge(signals(golden, recent), POLICY).decision == "promote"


def test_a_true_gain_is_taken_for_gone_in_no_more_than_few_cases():
    # Two thirds of the golden gain is left, on as few rows as the gate takes: allowed is half.
    doubted = [
        SCORE_RULES["lasting gain"](
            signals(seen(draw(seed), 200, 0.6, 0.0), seen(draw(seed + 500), 60, 0.4, 0.0)), POLICY
        )
        for seed in range(60)
    ]
    assert sum(one.outcome == "undecided" for each in doubted for one in each) <= 6
