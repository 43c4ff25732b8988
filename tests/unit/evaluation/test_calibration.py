"""Confidence: AUROC and calibration error against hand-worked and library figures."""

import numpy as np
import pytest
from factories.predictions import documents, predictions
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipelines.contracts.spec import FieldSpec
from pipelines.evaluation.calibration import calibration
from pipelines.measures.outcomes import outcomes

FIELDS = {"company": FieldSpec(kind="name")}


def measured(answers):
    """Calibration of answers (confidence, right or not)."""
    labels = {f"d{n:03}": {"company": "A"} for n in range(len(answers))}
    given_ = {
        f"d{n:03}": {"company": ("A" if right else "B", sure)}
        for n, (sure, right) in enumerate(answers)
    }
    return calibration(outcomes(documents(labels), predictions(given_), FIELDS))["company"]


def test_calibration_error_is_the_mean_distance_over_the_answers():
    # One bin: ten answers at .85, of which six are right; off by .25.
    assert measured([(0.85, n < 6) for n in range(10)]).ece == pytest.approx(0.25)
    # Two bins of five: off by .1 and by .45.
    found = measured([(0.9, n < 5) for n in range(5)] + [(0.45, False)] * 5)
    assert found.ece == pytest.approx((0.1 + 0.45) / 2)
    assert [one.answers for one in found.bins] == [5, 5]
    assert found.bins[1].low < 1.0 == found.bins[1].right == found.bins[1].high


def test_auroc_counts_pairs_in_the_right_order_and_ties_half():
    found = measured([(0.9, True), (0.5, True), (0.5, False), (0.7, False)])
    assert found.auroc == pytest.approx((2 + 0.5) / 4)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_the_librarys(answers):
    right = [ok for _, ok in answers]
    assume(any(right) and not all(right))
    assert measured(answers).auroc == pytest.approx(
        roc_auc_score(right, np.array([sure for sure, _ in answers]))
    )


def test_auroc_is_none_when_no_answer_is_wrong():
    assert measured([(0.9, True), (0.5, True)]).auroc is None


def test_calibration_takes_an_empty_answer_as_right_when_the_field_is_absent():
    labels = {"a": {"company": None}, "b": {"company": "B"}}
    answers = {"a": {"company": (None, 0.9)}, "b": {"company": (None, 0.2)}}
    found = calibration(outcomes(documents(labels), predictions(answers), FIELDS))["company"]
    assert found.auroc == 1.0
    assert found.answers == 2


def test_calibration_ignores_fields_whose_label_is_unknown():
    labels = {"a": {}, "b": {"company": "B"}}
    answers = {"a": {"company": ("A", 0.9)}, "b": {"company": ("B", 0.2)}}
    found = calibration(outcomes(documents(labels), predictions(answers), FIELDS))
    assert found["company"].answers == 1
