"""Days on a width, and what stands on them."""

from datetime import date, timedelta

import numpy as np
import pytest
from factories.monitored import COUNT, DRIFT, day_of, figures, judged_at, window
from factories.operations import change
from hypothesis import given
from hypothesis import strategies as st

from millrace_airflow.pages import charts, lanes, strips
from millrace_airflow.pages.days import Days
from pipelines.contracts.decision import LedgerRow
from pipelines.contracts.monitoring import BreakerRow

_DAYS = st.lists(st.integers(0, 900), min_size=1, max_size=40)


@given(_DAYS, st.integers(1, 400))
def test_every_day_has_its_place_and_ticks_are_few(numbers, most):
    first = date(2026, 1, 1)
    given_days = [(first + timedelta(days=number)).isoformat() for number in numbers]
    days = Days.over(given_days, most)
    assert days.last.isoformat() == max(given_days) and 1 <= days.count <= most
    for day in given_days:
        left = days.left(day)
        assert (left is None) == (date.fromisoformat(day) < days.first)
        assert left is None or 0 <= left < left + days.width <= 100.001
    assert 1 <= len(days.ticks) <= 5 and days.ticks[-1][1] == max(given_days)
    assert all(0 <= place <= 100 for place, _ in days.ticks)


def test_span_is_cut_to_what_is_shown():
    days = Days(date(2026, 1, 11), 10)
    assert days.span("2026-01-11", "2026-01-20") == (0, 100)
    assert days.span("2026-01-01", "2026-01-11") == (0, 10)
    assert days.span("2026-01-20", "2026-02-20") == (90, 10)
    assert days.span("2026-02-01", "2026-02-02") is None


DRAW = np.random.default_rng(1)
WINDOWS = [window(number, DRAW) for number in range(COUNT)]
DAYS = Days.over([one.window for one in WINDOWS], 90)


def test_what_is_in_alarm_stands_above_and_is_told_apart():
    found = lanes.lanes(WINDOWS, DAYS, ("input", "output"))
    first = {one.name: one for one in found[:2]}
    assert set(first) == {"input/amount", "output/probability"}
    words = [one.word for one in first["input/amount"].blocks][-(COUNT - DRIFT) :]
    assert words == ["past"] + ["alarm"] * (COUNT - DRIFT - 1)
    assert first["input/amount"].newest > 2


def test_what_could_not_be_read_is_no_quiet_cell():
    [last] = WINDOWS[-1:]
    lost = last.model_copy(update={"signals": [last.signals[0].model_copy(update={"value": None})]})
    [lane] = lanes.lanes([lost], DAYS, ("input",))
    assert lane.blocks[0].word == "lost" and lane.newest is None


def ledger_row(number, version=4, kind="promote"):
    content = change(version, kind=kind, at=judged_at(number), model="card_fraud").model_dump()
    return LedgerRow(**content, sequence=1, previous="", hash="")


def test_change_stands_before_the_first_window_that_was_judged_after_it():
    turn = BreakerRow(
        row_id=1, model="m", paused=True, at=judged_at(COUNT), person="ada", reason="broken"
    )
    rows = [ledger_row(-9, 3), ledger_row(39, 4), ledger_row(50, 3, "rollback")]
    found = strips.marks(rows, WINDOWS, DAYS, [turn])
    places = [0.0, DAYS.left(day_of(40)), DAYS.left(day_of(51)), 100.0]
    assert [one.left for one in found] == places
    assert [one.label for one in found] == ["v3", "v4", "v3 (back)", "paused"]


def test_change_stays_in_its_place_when_a_day_of_long_ago_is_judged_again():
    again = WINDOWS[3].model_copy(update={"judged_at": judged_at(COUNT + 5)})
    windows = [*WINDOWS[:3], again, *WINDOWS[4:]]
    [mark] = strips.marks([ledger_row(39)], windows, DAYS, [])
    assert mark.left == DAYS.left(day_of(40))


def test_of_changes_before_the_shown_days_the_last_is_shown():
    rows = [ledger_row(-number, 10 - number) for number in (9, 8, 7)] + [ledger_row(39, 4)]
    assert [one.label for one in strips.marks(rows, WINDOWS, DAYS, [])] == ["v3", "v4"]


def test_quality_has_its_estimate_beside_it_and_labels_end_earlier():
    known = figures(np.random.default_rng(5))
    reference = [day_of(number) for number in range(56)]
    [chart] = charts.charts(known, ["auroc"], DAYS, reference, 20)
    assert chart.newest["labels"].day == day_of(COUNT - 8)
    assert chart.estimated_on == day_of(COUNT - 1)
    # The estimate saw 0.02 too much in the reference; that is taken off.
    assert chart.estimate == pytest.approx(0.93, abs=0.025) and chart.error < 0.06
    assert len(chart.steps) == COUNT - 1 and len(chart.dots) == COUNT - 7
    for one in chart.dots:
        assert 0 <= one.high <= one.y <= one.low <= 100
    assert charts.charts(known, ["nothing"], DAYS, reference, 20) == []
