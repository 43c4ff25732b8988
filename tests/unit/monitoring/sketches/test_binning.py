"""Bins chosen from reference rows: what has one of its own, and what is not watched."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.monitoring import MonitorPolicy
from pipelines.monitoring.sketches.binning import choose
from pipelines.monitoring.sketches.sketch import of_column

POLICY = MonitorPolicy(bins=5, categories=3)


def bins(values, policy=POLICY):
    found = choose(pa.table({"column": values}), "input", policy)
    return found[0] if found else None


def counts(values, sample, policy=POLICY):
    return of_column(pa.array(values), bins(sample, policy)).counts


def test_number_gets_bins_of_equal_share():
    values = np.random.default_rng(7).lognormal(size=10_000)

    assert all(abs(count - 2000) <= 1 for count in counts(values, values))


def test_number_with_few_values_gets_a_bin_for_each():
    assert counts([1, 1, 2, 4, 4, 4], [1, 2, 4, None]) == (2, 1, 3)
    assert counts([0.0, 1.0, 1.0], [0.0, 1.0]) == (1, 2)
    least = np.nextafter(0.0, 1.0)
    assert counts([0.0, least, -1.0], [0.0, least]) == (2, 1)


def test_frequent_value_gets_a_bin_of_its_own_among_many():
    sample = [0.0] * 600 + list(np.linspace(-1, 3, 401))

    found = bins(sample)

    mine = found.edges.index(0.0)
    assert of_column(pa.array([0.0] * 7), found).counts[mine + 1] == 7
    assert of_column(pa.array([-0.01, 0.01]), found).counts[mine + 1] == 0


def test_constant_is_told_from_what_is_below_and_above():
    assert counts([4.9, 5.0, 5.0, 5.1], [5.0, 5.0, None]) == (1, 2, 1)


def test_column_without_values_has_one_bin():
    assert bins(pa.nulls(3, pa.float64())).edges == ()
    assert bins([float("nan"), float("inf")]).edges == ()
    assert bins(pa.nulls(3, pa.string())).size == 1


def test_category_gets_bins_for_its_most_frequent_values():
    found = bins(["b", "a", "b", "c", "d", "d", "d", None])

    assert found.categories == ("d", "b", "a") and found.size == 4
    assert counts(["d", "c", "zz", None], ["b", "a", "b", "c", "d", "d", "d"]) == (1, 0, 0, 2)


def test_flag_has_both_values_whatever_the_reference_held():
    assert bins([True, True]).categories == ("false", "true")
    assert counts([True, False, False], [True]) == (2, 1, 0)


@pytest.mark.parametrize(
    "values",
    [
        [f"row-{number}" for number in range(1000)],
        [datetime(2026, 1, 1, tzinfo=UTC)],
        [[1, 2], [3]],
        [{"a": 1}],
        [b"bytes"],
    ],
)
def test_times_names_and_nested_values_are_not_watched(values):
    assert bins(values) is None


def test_given_edges_take_the_place_of_chosen_ones():
    table = pa.table({"a": [1.0, 2.0], "b": [1.0, 2.0]})

    first, second = choose(table, "output", POLICY, {"b": [9.0]})

    assert (first.edges, second.edges) == ((1.5,), (9.0,))
    assert (first.name, second.kind) == ("output/a", "number")


@given(
    st.lists(st.floats(allow_subnormal=True) | st.none(), max_size=60),
    st.integers(4, 12),
)
@settings(max_examples=150, deadline=None)
def test_edges_rise_and_are_at_most_as_many_as_asked(values, number):
    edges = bins(pa.array(values, pa.float64()), MonitorPolicy(bins=number)).edges

    assert list(edges) == sorted(set(edges))
    assert len(edges) <= max(number - 1, 2)
    assert all(np.isfinite(edge) for edge in edges)
