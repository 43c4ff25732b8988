"""Places of marks on a scale."""

import math

from hypothesis import given
from hypothesis import strategies as st

from millrace_airflow.pages.plot import Scale, chart
from pipelines.contracts.result import Comparison
from pipelines.governance.comparison import Line

_values = st.lists(st.none() | st.floats(-1, 1) | st.sampled_from([math.nan, math.inf]), max_size=8)


@given(_values)
def test_scale_holds_every_value_and_round_ticks(values):
    scale = Scale.over(values)
    places = [scale.at(value) for value in values]
    assert all(place is None or 0 <= place <= 100 for place in places)
    assert [place is None for place in places] == [
        value is None or not math.isfinite(value) for value in values
    ]
    assert 1 <= len(scale.ticks) <= 6
    assert all(0 <= place <= 100 for place, _ in scale.ticks)


def line(**different):
    content = {
        "rows": "golden", "slice": "all", "field": "total", "n": 9, "champion": 0.9,
        "candidate": 0.92, "difference": 0.02, "low": 0.01, "high": 0.03,
    }  # fmt: skip
    return Line(Comparison.model_validate(content | different), -0.03)


def test_chart_says_which_is_better_only_when_the_interval_does():
    rows = chart([line(), line(low=-0.01), line(low=-0.05, high=-0.01)]).rows
    assert [row.word for row in rows] == ["better", "", "worse"]


def test_chart_shows_the_floor_of_a_first_model_on_the_scale_of_scores():
    none = {"champion": None, "difference": None, "low": 0.9, "high": 0.94}
    [row] = chart([Line(line(**none).score, 0.5)]).rows
    assert row.difference is None and row.word == ""
    assert row.scores.bound < row.scores.low < row.scores.value < row.scores.high


def test_chart_has_no_mark_for_a_figure_that_is_not_there():
    [row] = chart([line(candidate=None, difference=None, low=None, high=None)]).rows
    assert row.scores.value is None and row.difference.value is None and row.word == ""


def test_titles_name_field_and_slice():
    titles = [
        row.title
        for row in chart([
            line(field="top_100"),
            line(slice="seen_group", field="overall"),
            line(slice="noisy", field="total"),
        ]).rows
    ]
    assert titles == ["top 100", "seen group", "total, noisy"]
