"""Calibrated confidence tells how right a model is, with an interval that holds."""

import numpy as np
import pytest

from pipelines.measures.ranking import Ranking, TopCards
from pipelines.monitoring.quality import estimate

RANDOM = np.random.default_rng(11)


def test_accuracy_lies_in_the_interval_when_confidence_is_calibrated():
    inside, found, truth = 0, [], []
    for _ in range(400):
        confidence = RANDOM.beta(6, 1.2, 60)
        expected = estimate.accuracy("total", confidence)
        share = (RANDOM.random(60) < confidence).mean()
        inside += expected.low <= share <= expected.high
        found.append(expected.value)
        truth.append(share)
    assert np.mean(found) == pytest.approx(np.mean(truth), abs=0.01)
    assert 0.92 <= inside / 400 <= 0.99


def test_accuracy_is_missed_when_confidence_is_too_high():
    confidence = np.full(400, 0.95)
    assert estimate.accuracy("total", confidence).low > 0.9  # and 0.8 of them are right


def ranked(probability, label, cards, per_day):
    """What the labels say, by the code that evaluates."""
    ones = np.ones((1, int(cards.max()) + 1))
    average, auroc = Ranking.of(probability, label, cards, ones.shape[1]).scores(ones)[0]
    day = np.zeros(len(cards), dtype=np.int64)
    top = TopCards.of(probability, label, cards, day, ones.shape[1], per_day).scores(ones)[0, 0]
    return {"average_precision": average, "auroc": auroc, "precision": top}


def test_ranking_lies_in_the_interval_when_probabilities_are_calibrated():
    inside = dict.fromkeys(("average_precision", "auroc", "precision"), 0)
    off = {name: [] for name in inside}
    for _ in range(80):
        probability = RANDOM.beta(0.3, 3.0, 300)
        cards = np.unique(RANDOM.integers(0, 150, 300), return_inverse=True)[1]
        expected = estimate.ranking(probability, cards, 20)
        measured = ranked(probability, RANDOM.random(300) < probability, cards, 20)
        for name in inside:
            inside[name] += expected[name].low <= measured[name] <= expected[name].high
            off[name].append(expected[name].value - measured[name])
    assert all(hits / 80 >= 0.87 for hits in inside.values()), inside
    assert all(abs(np.mean(one)) < 0.03 for one in off.values()), off


def test_scores_of_drawn_labels_are_those_of_the_evaluation():
    probability, cards = RANDOM.random(50), np.arange(50) % 17
    order = np.argsort(-probability)
    true = RANDOM.random(50) < 0.3
    wanted = ranked(probability, true, cards, 5)
    found = estimate._scores(true[order], np.arange(1, 51))
    assert found == pytest.approx((wanted["average_precision"], wanted["auroc"]))
    rows, place = estimate._top_cards(cards[order], 5)
    assert estimate._precision(true[order][rows], place) == pytest.approx(wanted["precision"])


def test_ranking_has_no_score_when_nothing_can_be_true():
    assert "auroc" not in estimate.ranking(np.zeros(9), np.arange(9), 3)


def test_error_of_the_reference_is_taken_off():
    assert estimate.corrected(0.88, confident=0.95, measured=0.85) == pytest.approx(0.78)
    assert estimate.corrected(0.2, confident=0.9, measured=0.3) == 0.0
