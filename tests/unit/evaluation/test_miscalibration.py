"""The calibration error and what chance adds to it, on answers whose truth is known."""

import numpy as np
import pytest

from pipelines.evaluation.calibration import equal_widths
from pipelines.evaluation.miscalibration import miscalibration

pytestmark = pytest.mark.slow

FIELDS = 4


def measured(seed, documents, shift):
    """Of confidences that are true but for `shift`, which is what the error is in truth."""
    draw = np.random.default_rng([seed, 1])
    confidence = draw.uniform(0.5, 0.95, documents * FIELDS)
    right = draw.random(len(confidence)) < confidence - shift
    cluster = np.repeat(np.arange(documents), FIELDS)
    return miscalibration(equal_widths(confidence), confidence, right, cluster, documents)


def test_error_lies_near_the_truth_when_rows_are_many():
    found = measured(1, 20_000, 0.1)
    assert found.value == pytest.approx(0.1, abs=0.005)
    assert found.corrected == pytest.approx(found.value, abs=0.002)


def test_correction_brings_the_error_nearer_to_the_truth_when_rows_are_few():
    found = [measured(seed, 60, 0.05) for seed in range(40)]
    value, corrected = (np.mean([getattr(one, name) for one in found])
                        for name in ("value", "corrected"))  # fmt: skip
    assert 0.05 < corrected < value - 0.005


def test_standard_error_is_the_spread_over_samples():
    found = [measured(seed, 100, 0.15) for seed in range(60)]
    spread = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.35)


def test_error_is_that_of_the_definition_and_none_without_answers():
    # Bins 0.6 and 0.9: |0.65 - 1/2| × 2 + |0.95 - 1| × 2 over four answers.
    confidence, right = np.array([0.65, 0.65, 0.95, 0.95]), np.array([True, False, True, True])
    found = miscalibration(equal_widths(confidence), confidence, right, np.arange(4), 4)
    assert found.value == pytest.approx((2 * 0.15 + 2 * 0.05) / 4)
    nothing = np.zeros(0)
    assert miscalibration(nothing.astype(int), nothing, nothing > 0, nothing.astype(int), 3) is None
