"""Ranking measures against the library's own, on rows as they are and on drawn clusters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from pipelines.measures.ranking import Ranking, TopCards

rows = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.1, 0.4, 0.7, 1.0]), st.booleans(), st.integers(0, 4)),
    min_size=2,
    max_size=30,
).filter(lambda found: len({label for _, label, _ in found}) == 2)


@settings(max_examples=60, deadline=None)
@given(found=rows, weight=st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_ranking_is_that_of_the_library_when_clusters_are_drawn_again(found, weight):
    score, label, cluster = (np.array(one) for one in zip(*found, strict=True))
    drawn = np.array(weight)[cluster]
    if drawn[label].sum() == 0 or drawn[~label].sum() == 0:
        return

    average, auroc = Ranking.of(score, label, cluster, 5).scores(np.array([weight], float))[0]

    assert average == pytest.approx(average_precision_score(label, score, sample_weight=drawn))
    assert auroc == pytest.approx(roc_auc_score(label, score, sample_weight=drawn))


def test_ranking_has_no_score_when_no_row_is_true():
    found = Ranking.of(np.array([0.1, 0.2]), np.array([False, False]), np.array([0, 1]), 2)

    assert np.isnan(found.scores(np.ones((1, 2)))).all()


def top(per_day, rows):
    """Mean precision of rows (day, card, score, label)."""
    day, card, score, label = (np.array(one) for one in zip(*rows, strict=True))
    found = TopCards.of(score, label, card, day, int(card.max()) + 1, per_day)
    return found.by_day(np.ones((1, int(card.max()) + 1)))[0].tolist()


def test_top_cards_count_a_card_once_by_its_highest_score():
    rows = [(0, 0, 0.9, False), (0, 0, 0.2, True), (0, 1, 0.8, False), (0, 2, 0.1, True)]

    assert top(2, rows) == [0.5]


def test_top_cards_leave_a_card_alone_when_it_was_found_before():
    rows = [
        *[(0, 0, 0.9, True), (0, 1, 0.8, False)],
        *[(1, 0, 0.9, True), (1, 1, 0.8, False), (1, 2, 0.7, True)],
    ]

    assert top(1, rows) == [1.0, 0.0]
    assert top(2, rows) == [0.5, 0.5]


def test_top_cards_are_measured_among_those_there_are_when_they_are_few():
    assert top(100, [(0, 0, 0.9, True), (0, 1, 0.1, False)]) == [0.5]


def test_top_cards_count_a_card_as_often_as_it_is_drawn():
    label, card = np.array([True, False]), np.array([0, 1])
    found = TopCards.of(np.array([0.9, 0.8]), label, card, np.zeros(2, int), 2, 2)

    weights = np.array([[1.0, 1.0], [2.0, 1.0], [0.0, 2.0]])

    assert found.scores(weights)[:, 0].tolist() == [0.5, 1.0, 0.0]
