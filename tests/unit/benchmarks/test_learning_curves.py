"""How many labels a curve needs is read off the mean of the seeds, between two models."""

import math

import pytest

from benchmarks.learning_curve import LABELS, Point, Seed, needed, resampled
from benchmarks.learning_page import page

HALFWAY = pytest.approx((LABELS[1] + LABELS[2]) / 2)


def seed(number, *scores, random=None, full=1.0, base=False):
    """A seed whose curves have these scores, and their last one from then on."""

    def curve(values):
        padded = [*values, *[values[-1]] * (len(LABELS) - len(values))]
        return [
            Point(labels, labels // 4, one, one) for labels, one in zip(LABELS, padded, strict=True)
        ]

    curves = {"selected": curve(scores), "random": curve(random or scores)}
    return Seed(number, Point(1_000, 250, full, full), curves, 1.0, base)


def test_labels_needed_lie_between_two_models_when_the_curve_passes_there():
    assert needed([seed(0, 0.5, 0.90, 1.0)], "selected", "f1") == HALFWAY
    assert needed([seed(0, 0.96)], "selected", "f1") == LABELS[0]
    assert math.isinf(needed([seed(0, 0.5, 0.9)], "selected", "f1"))


def test_labels_needed_are_of_the_mean_curve_and_a_share_of_the_full_score():
    both = [seed(0, 0.5, 0.85, 1.0), seed(1, 0.5, 0.95, 1.0)]
    assert needed(both, "selected", "f1") == HALFWAY
    half = [seed(0, 0.25, 0.45, 0.5, full=0.5)]
    assert needed(half, "selected", "f1") == HALFWAY


def test_a_dip_after_the_target_does_not_count_as_missing_it():
    assert needed([seed(0, 0.5, 0.97, 0.6)], "selected", "f1") < LABELS[1]


BEGUN = [seed(n, 0.9, 0.92, 0.97, base=True) for n in range(3)]


def test_page_says_what_is_needed_and_whether_the_goal_is_reached():
    fast = [seed(n, 0.5, 1.0, random=(0.5, 0.6, 0.7, 0.8, 0.9, 0.92, 1.0)) for n in range(3)]
    assert "is reached by exact match" in page([*fast, *BEGUN], "Trained so.")
    slow = [seed(n, 0.5, 0.98, random=(0.5, 0.96)) for n in range(3)]
    said = f"97.5% with {LABELS[1]} against over {LABELS[-1]} labels."
    assert said in page([*slow, *BEGUN], "Trained so.")
    same = [seed(n, 0.5, 1.0) for n in range(3)]
    text = page([*same, *BEGUN], "Trained so.")
    assert "is not reached by exact match" in text and "1.00 (1.00 to 1.00)" in text
    assert set(resampled(same, "f1")["ratio"]) == {1.0}


def test_page_tells_seeds_with_a_base_from_those_without():
    alone = [seed(n, 0.5, 1.0) for n in range(2)]
    before, after = page([*alone, *BEGUN], "Trained so.").split("## Beginning with")
    assert "2 seeds draw the parts anew" in before
    assert f"| {LABELS[0]} | 0.500 |" in before and f"| {LABELS[0]} | 0.900 |" in after
