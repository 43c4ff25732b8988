"""The paired bootstrap: the interval of a difference on the same draws of whole clusters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pipelines.errors import BadDataError
from pipelines.evaluation.paired import Claim, Measure, compare, ratios


def measured(right, clusters=None):
    """Share of right answers, one cluster a row unless they are named."""
    right = np.asarray(right, dtype=float).reshape(len(right), -1)
    names = [str(row) for row in range(len(right))] if clusters is None else clusters
    claims = [Claim("all", str(column)) for column in range(right.shape[1])]
    return ratios(names, claims, right, np.ones_like(right))


def compared(champion, candidate, **levels):
    return compare(champion, candidate, **({"level": 0.05, "gain_level": 0.01} | levels))


def test_difference_is_exact_when_candidate_is_better_on_every_row():
    one = compared(measured([0] * 50), measured([1] * 50))[0]
    assert (one.champion, one.candidate, one.difference) == (0, 1, 1)
    assert (one.low, one.high, one.error) == (1, 1, 0)


def test_interval_is_narrower_than_unpaired_when_errors_are_shared():
    draw = np.random.default_rng(3)
    old = draw.random(400) < 0.7
    new = old | (draw.random(400) < 0.02)
    paired = compared(measured(old), measured(new))[0]
    apart = compared(measured(old), measured(draw.permutation(new)))[0]
    assert paired.error < apart.error / 3


def test_error_equals_the_textbook_one_when_rows_are_independent():
    draw = np.random.default_rng(5)
    old, new = draw.random((2, 500)) < np.array([[0.8], [0.85]])
    one = compared(measured(old), measured(new))[0]
    difference = new.astype(float) - old
    expected = difference.std() / np.sqrt(500)
    assert one.error == pytest.approx(expected, rel=0.06)
    assert one.low == pytest.approx(difference.mean() - norm.ppf(0.95) * expected, abs=0.004)
    assert one.gain_low < one.low


def test_interval_covers_the_truth_as_often_as_it_says():
    misses = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        old = draw.random(120) < 0.8
        new = np.where(old, draw.random(120) > 0.1, draw.random(120) < 0.4)
        truth = 0.2 * 0.4 - 0.8 * 0.1  # 0
        one = compare(measured(old), measured(new), level=0.05, gain_level=0.01, resamples=300)[0]
        misses += one.low > truth
    assert 2 <= misses <= 20  # 10 expected


def test_interval_is_wider_when_rows_of_one_cluster_err_together():
    draw = np.random.default_rng(9)
    old = np.repeat(draw.random(40) < 0.8, 10)
    new = np.repeat(draw.random(40) < 0.8, 10)
    single = compared(measured(old), measured(new))[0]
    part = [rows.reshape(40, 10).sum(axis=1, keepdims=True).astype(float) for rows in (old, new)]
    whole = np.full((40, 1), 10.0)
    names = [f"customer {number}" for number in range(40)]
    grouped = [ratios(names, [Claim("all", "0")], one, whole) for one in part]
    clustered = compared(*grouped)[0]
    assert clustered.difference == pytest.approx(single.difference)
    assert clustered.error > 2 * single.error
    assert clustered.n == 40


def test_score_that_is_no_ratio_is_resampled_by_its_own_function():
    values = np.random.default_rng(1).normal(size=(2, 60))

    def by_weights(row):
        return lambda weights: (weights @ values[row] / weights.sum(axis=1))[:, None]

    names = tuple(map(str, range(60)))
    claims = (Claim("all", "overall"),)
    old, new = (
        Measure(names, claims, np.array([60]), np.array([60]), by_weights(row)) for row in (0, 1)
    )
    assert compared(old, new)[0].difference == pytest.approx(values[1].mean() - values[0].mean())


def test_score_is_none_when_nothing_counts_or_is_nan():
    part, whole = np.ones((20, 2)), np.ones((20, 2))
    whole[:, 0] = 0
    part[3, 1] = np.nan
    one = ratios(
        [str(row) for row in range(20)], [Claim("all", "a"), Claim("all", "b")], part, whole
    )
    for found in compared(one, one):
        assert found.difference is None and found.low is None


def test_comparison_is_refused_when_rows_differ():
    with pytest.raises(BadDataError, match="different rows"):
        compared(measured([1, 0, 1]), measured([1, 0, 1], clusters=["a", "b", "c"]))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=5, max_size=40))
def test_swapping_the_models_turns_the_sign(pairs):
    old, new = np.array(pairs).T
    one = compare(measured(old), measured(new), level=0.1, gain_level=0.1, resamples=200)[0]
    other = compare(measured(new), measured(old), level=0.1, gain_level=0.1, resamples=200)[0]
    assert one.difference == pytest.approx(-other.difference)
    assert one.low == pytest.approx(-other.high, abs=1e-9)
