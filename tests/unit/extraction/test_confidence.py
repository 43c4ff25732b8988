"""Confidence of answers, and the folds it is learnt from."""

import numpy as np
import pytest

from pipelines.extraction.confidence import Calibration, fit, signals
from pipelines.extraction.folds import MOST_FOLDS, folds
from pipelines.extraction.parameters import Parameters


def believed(probability: float) -> np.ndarray:
    lead = max(2 * probability - 1, 0)
    return signals(probability, lead, probability, lead)


def learnt(probability: float, right: list[bool]) -> Calibration:
    rows = np.array([believed(probability)] * len(right)).reshape(len(right), 4)
    return fit(rows, np.array(right, np.bool_), np.zeros(len(right), np.bool_), 0.15)


def test_few_right_answers_do_not_make_a_doubtful_one_sure():
    found = learnt(0.9, [True] * 9)

    assert found(believed(0.3)) < 0.7 < 0.8 < found(believed(0.9))


@pytest.mark.parametrize("right", [[], [True], [False], [True] * 6, [False] * 6])
def test_with_little_to_learn_from_the_likelier_is_the_surer(right: list[bool]):
    found = [learnt(0.6, right)(believed(one)) for one in (0.1, 0.3, 0.5, 0.7, 0.9)]

    assert found == sorted(found) and len(set(found)) == len(found)


def test_many_answers_overrule_what_the_ranker_believes():
    found = learnt(0.9, [True, False] * 500)

    assert found(believed(0.9)) == pytest.approx(0.5, abs=0.01)


def test_small_training_sets_are_divided_finer():
    least = Parameters(folds=3)

    counts = [folds(documents, least) for documents in (1, 20, 60, 100, 150, 5000)]

    assert counts == [MOST_FOLDS, MOST_FOLDS, 7, 4, 3, 3]
    assert folds(5000, Parameters(folds=20)) == 20
