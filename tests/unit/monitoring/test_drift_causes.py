"""Likely causes: what the model looks at, which values and groups make the change."""

import pyarrow as pa
import pytest
from factories.monitoring import calibration, moved, signal

from pipelines.contracts.monitoring import Day, Sketch
from pipelines.monitoring.causes import causes
from pipelines.monitoring.groups import told

BINNING = calibration().binning


def a_day(food, travel, other=0, unseen=None):
    seen = Sketch(
        name="input/category", rows=food + travel + other, missing=0,
        counts=(food, travel, other), unseen=unseen or {},
    )  # fmt: skip
    return Day(day="2018-06-10", version=None, rows=900, quarantined=0,
               sketches={seen.name: seen})  # fmt: skip


def test_causes_name_what_the_model_rests_on_and_the_values_that_changed_most():
    signals = [moved("input/category", importance=0.3), moved("input/rare", importance=0.001)]
    found = causes(signals, BINNING, [a_day(50, 30, 20, {"crypto": 18})], [a_day(95, 5)])
    assert found["drift"] == [
        "So much of the model's decisions rests on what moved: input/category 30%.",
        "Of category: `food` 95.0% → 50.0%, `travel` 5.0% → 30.0%, `crypto` 0.0% → 18.0%.",
    ]


def test_values_that_hardly_changed_are_not_told():
    found = causes([moved("input/category")], BINNING, [a_day(955, 45)], [a_day(95, 5)])
    assert len(found["drift"]) == 1


def test_quality_says_whether_anything_moved_with_it():
    fell = moved("quality/auroc")
    assert causes([fell, signal()], BINNING, [], [])["quality"] == [
        "Inputs and answers are as they were: what they mean has changed, or the labels have."
    ]
    found = causes([fell, moved()], BINNING, [], [])["quality"]
    assert found == ["Moved in the same window: input/amount."]


def test_refused_rows_are_told_by_their_rules():
    found = causes([], BINNING, [], [], refused={"bad_time": 3, "no_amount": 40})
    said = "Rows in quarantine by rule: no amount (40), bad time (3)."
    assert found["volume"] == found["stop"] == [said]


def rows(**amounts):
    pairs = [(name, one) for name, many in amounts.items() for one in many]
    return pa.table({"shop": [name for name, _ in pairs], "amount": [one for _, one in pairs]})


def test_few_groups_are_named_where_they_make_the_change():
    before = rows(a=[10.0] * 50, b=[10.0] * 50, c=[10.0] * 50, d=[10.0] * 50)
    now = rows(a=[10.0] * 50, b=[90.0] * 50, c=[10.0] * 50, d=[11.0] * 50)
    found = told(now, before, "shop", "amount")
    assert found == "Most of the change of amount comes from shop `b`, `d`."


@pytest.mark.parametrize(
    ("factor", "said"), [(2.0, "is spread over 9 values of shop"), (1.0, None)]
)
def test_change_of_all_groups_is_told_as_such(factor, said):
    before = rows(**{f"s{n}": [10.0] * 20 for n in range(9)})
    now = rows(**{f"s{n}": [10.0 * factor] * 20 for n in range(9)})
    found = told(now, before, "shop", "amount")
    assert found is None if said is None else said in found


def test_missing_values_and_empty_sides_say_nothing():
    gone = pa.table({"shop": ["a", None], "amount": pa.array([None, 3.0])})
    assert told(gone, rows(a=[1.0]), "shop", "amount") is None
