"""Which columns are called moved, and which windows make an alarm."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from pipelines.monitoring.drift.discovery import adjusted, persistent

P = arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1))


@settings(deadline=None, max_examples=60)
@given(P)
def test_adjusted_is_that_of_scipy_when_all_are_tests(p):
    assert np.allclose(adjusted(p), false_discovery_control(p, method="bh"))


def test_adjusted_counts_no_test_when_p_is_nan():
    p = np.array([[0.01, np.nan, 0.04], [0.2, 0.3, 0.9]])
    found = adjusted(p)
    assert np.allclose(found[0, [0, 2]], false_discovery_control([0.01, 0.04]))
    assert np.isnan(found[0, 1])
    assert np.allclose(found[1], false_discovery_control(p[1]))


def test_adjusted_holds_the_share_of_false_ones_when_few_moved():
    draw = np.random.default_rng(3)
    p = draw.random((2_000, 40))
    p[:, :4] = draw.random((2_000, 4)) * 1e-5
    called = adjusted(p) <= 0.1
    false = called[:, 4:].sum(axis=1) / np.maximum(called.sum(axis=1), 1)
    assert called[:, :4].all()
    assert 0.06 < false.mean() < 0.105


def test_persistent_asks_for_k_of_n_when_windows_are_past_their_limit():
    past = np.array([[1], [0], [1], [1], [0], [0], [1]], dtype=bool)
    assert persistent(past, 2, 2)[:, 0].tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert persistent(past, 2, 3)[:, 0].tolist() == [0, 0, 1, 1, 1, 0, 0]
    assert persistent(past, 1, 1)[:, 0].tolist() == past[:, 0].tolist()


def test_persistent_is_by_column_when_others_take_turns():
    past = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=bool)
    assert not persistent(past, 2, 2).any()
