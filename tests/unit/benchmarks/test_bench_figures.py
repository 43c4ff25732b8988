"""The table of `make bench`: ratios of pairs, medians, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import COLUMNS, Figure, in_turn, markdown, number

POSITIVE = st.floats(0.001, 1000)


def figure(**changes) -> Figure:
    return Figure(
        **{
            "name": "reading",
            "unit": "s",
            "against": "plain",
            "definition": "reads it.",
            "measured": (2.0, 9.0, 4.0),
            "baseline": (1.0, 3.0, 4.0),
        }
        | changes
    )


def test_figure_shows_medians_and_the_range_of_the_pairs():
    assert figure().ratios == (2.0, 3.0, 1.0)
    assert figure().row() == ("reading", "4.00 s", "plain: 3.00", "2.00 (1.00..3.00)", "")


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1))
def test_figure_of_a_thing_against_itself_is_one_whatever_the_load(pairs):
    load = tuple(first for first, _ in pairs)

    assert set(figure(measured=load, baseline=load).ratios) == {1.0}


def test_figure_is_refused_when_the_pairs_are_not_complete():
    with pytest.raises(ValueError, match="2 measurements and 1 baselines"):
        figure(measured=(1.0, 2.0), baseline=(1.0,))


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ({"limit": 4.0}, "≤ 4 s: kept"),
        ({"limit": 3.9}, "≤ 3.9 s: missed"),
        ({"ratio_limit": 2.0}, "≤ 2 × (least to least 2.00): kept"),
        ({"ratio_limit": 1.9}, "≤ 1.9 × (least to least 2.00): missed"),
    ],
)
def test_figure_says_whether_its_limit_is_kept(limits, verdict):
    assert figure(**limits).verdict == verdict


def test_pairs_are_taken_in_turn_and_neither_always_comes_first():
    order: list[str] = []

    def take(name):
        order.append(name)
        return float(len(order))

    measured, baseline = in_turn(lambda: take("mine"), lambda: take("other"), 3)

    assert order == ["mine", "other", "other", "mine", "mine", "other"]
    assert (measured, baseline) == ((1.0, 4.0, 5.0), (2.0, 3.0, 6.0))


def test_page_has_a_row_and_a_definition_for_each_figure():
    page = markdown([figure(), figure(name="a|b")], "2 cores")

    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert {line.replace("\\|", "").count("|") for line in rows} == {len(COLUMNS) + 1}
    assert "Measured on 2 cores." in page
    assert "- **reading**: reads it." in page


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1234"), (12.34, "12.3"), (0.0123, "0.0123"), (1.0, "1.00")]
)
def test_number_has_three_digits_that_count(value, text):
    assert number(value) == text
