"""Sketches: what is counted, and that they add up whatever way the rows were cut."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.monitoring import Bins
from pipelines.monitoring.sketches.sketch import empty, finished, merge, of_column, of_table

NUMBER = Bins(column="x", side="input", kind="number", edges=(-1.0, 0.0, 2.5))
CATEGORY = Bins(column="c", side="input", kind="category", categories=("a", "b"))
numbers = st.lists(st.floats(width=32) | st.none() | st.sampled_from([-1.0, 0.0, 2.5]), max_size=40)
texts = st.lists(st.sampled_from(["a", "b", "x", "y", "", None]), max_size=40)


def number(values, kind=None):
    return of_column(pa.array(values, kind or pa.float64()), NUMBER)


def category(values):
    return of_column(pa.array(values, pa.string()), CATEGORY)


def test_value_on_an_edge_is_in_the_bin_above_it():
    assert number([-1.5, -1.0, -0.5, 0.0, 2.4, 2.5, 9.0]).counts == (1, 2, 2, 2)


def test_moments_and_ends_are_of_the_values_that_are_there():
    found = number([1.0, None, 3.0, math.nan, math.inf, -math.inf])

    assert (found.rows, found.missing, sum(found.counts)) == (6, 4, 2)
    assert (found.total, found.squares, found.least, found.most) == (4.0, 10.0, 1.0, 3.0)


def test_moments_stay_numbers_when_values_are_beyond_all_bounds():
    found = number([1e308, 1e308, -1.0])

    assert math.isfinite(found.total) and math.isfinite(found.squares)
    assert found.counts == (0, 1, 0, 2) and math.isfinite(2 * found.most)


def test_sketches_can_be_kept_when_values_of_many_batches_are_beyond_all_bounds():
    one = number([1e308, -1.0])  # a sum that is a number still: that of two is none

    found = merge([one, one])

    assert math.isfinite(found.total)
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_unseen_categories_share_the_last_bin_and_are_named():
    found = category(["a", "x", "x", "y", None, "b", "a"])

    assert (found.counts, found.missing, found.unseen) == ((2, 1, 3), 1, {"x": 2, "y": 1})
    many = category([f"v{at:02}" for at in range(20)] + ["v19"])
    kept = finished(many).unseen
    assert len(many.unseen) == 20 and len(kept) == 10 and next(iter(kept)) == "v19"


@pytest.mark.parametrize("values", [[True, False], [b"a"], [["a"]]])
def test_values_of_another_type_are_missing_or_named_and_none_is_lost(values):
    for bins in (NUMBER, CATEGORY):
        found = of_column(pa.array(values), bins)
        assert found.rows == len(values) == sum(found.counts) + found.missing


def test_text_in_the_place_of_a_number_is_missing():
    assert of_column(pa.array(["12.50", "7"]), NUMBER).missing == 2


def test_flags_and_numbers_are_counted_as_categories_by_their_text():
    flags = Bins(column="f", side="input", kind="category", categories=("false", "true"))
    assert of_column(pa.array([True, False, None, True]), flags).counts == (1, 2, 0)
    codes = Bins(column="f", side="input", kind="category", categories=("7",))
    assert of_column(pa.array([7, 8]), codes).counts == (1, 1)
    encoded = pa.array(["a", "b", "z"]).dictionary_encode()
    assert of_column(encoded, CATEGORY).counts == (1, 1, 1)


def test_column_that_is_gone_is_missing_in_every_row():
    (found,) = of_table(pa.table({"other": [1, 2, 3]}), [NUMBER])

    assert (found.rows, found.missing, found.counts) == (3, 3, (0, 0, 0, 0))
    assert found.least is None


def test_no_rows_make_an_empty_sketch_that_changes_nothing():
    assert number([]) == empty(NUMBER) and category([]) == empty(CATEGORY)
    assert merge([number([1.0]), empty(NUMBER)]) == number([1.0])


def test_counts_are_those_of_a_search_when_values_fill_many_blocks():
    values = np.random.default_rng(3).normal(size=40_000)
    edges = np.quantile(values, np.linspace(0, 1, 21)[1:-1])
    bins = Bins(column="x", side="input", kind="number", edges=tuple(edges.tolist()))

    found = of_column(pa.array(values), bins).counts

    assert found == tuple(np.bincount(np.searchsorted(edges, values, "right")).tolist())


def close(one, other):
    """Sums of floats depend on their order by a rounding; all else is exact."""
    exact = {"total": 0.0, "squares": 0.0}
    assert one.model_copy(update=exact) == other.model_copy(update=exact)
    assert math.isclose(one.total, other.total, rel_tol=1e-9, abs_tol=1e30)
    assert math.isclose(one.squares, other.squares, rel_tol=1e-9)


@given(numbers, numbers, numbers)
@settings(max_examples=100, deadline=None)
def test_merged_numbers_are_those_of_the_union_in_any_order(one, two, three):
    a, b, c = number(one), number(two), number(three)
    union = number(one + two + three)

    for found in (merge([a, merge([b, c])]), merge([merge([a, b]), c]), merge([c, a, b])):
        close(found, union)
    assert union.rows == sum(union.counts) + union.missing


@given(texts, texts, texts)
@settings(max_examples=100, deadline=None)
def test_merged_categories_are_those_of_the_union_in_any_order(one, two, three):
    a, b, c = category(one), category(two), category(three)
    union = category(one + two + three)

    assert merge([a, merge([b, c])]) == merge([merge([a, b]), c]) == merge([c, b, a]) == union
    assert union.rows == sum(union.counts) + union.missing
