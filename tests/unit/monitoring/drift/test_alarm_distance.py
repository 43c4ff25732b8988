"""Distances: symmetrical, zero for the same, bounded, larger for what is further away."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon

from pipelines.monitoring.drift.distance import LARGEST, divergence, jensen_shannon, psi, shares

COUNTS = arrays(np.float64, 8, elements=st.integers(0, 500)).filter(lambda one: one.sum() > 0)
every = settings(deadline=None, max_examples=40)


@every
@given(COUNTS, COUNTS)
def test_distance_is_symmetrical_and_bounded_when_counts_are_any(one, other):
    first, second = shares(one), shares(other)
    found = float(jensen_shannon(first, second))
    assert 0 <= found <= LARGEST + 1e-12
    assert np.isclose(found, float(jensen_shannon(second, first)))
    assert np.isclose(found, jensenshannon(first, second), atol=1e-7)
    assert float(psi(first, second)) >= -1e-12
    assert np.isclose(float(psi(first, second)), float(psi(second, first)))


@every
@given(COUNTS, st.integers(1, 50))
def test_distance_is_zero_when_one_is_a_multiple_of_the_other(one, times):
    assert float(divergence(shares(one), shares(one * times))) < 1e-12
    assert float(psi(shares(one), shares(one * times))) < 1e-12


def test_distance_is_the_largest_when_nothing_is_common():
    one, other = np.array([1.0, 0, 0]), np.array([0, 0.5, 0.5])
    assert np.isclose(float(jensen_shannon(one, other)), LARGEST)


@every
@given(COUNTS, COUNTS, st.floats(0, 1), st.floats(0, 1))
def test_distance_never_shrinks_when_more_rows_are_others(one, other, less, more):
    low, high = sorted((less, more))
    first, second = shares(one), shares(other)
    near = float(divergence(first, (1 - low) * first + low * second))
    far = float(divergence(first, (1 - high) * first + high * second))
    assert far >= near - 1e-12
