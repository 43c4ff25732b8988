"""The rule as a whole: a quiet month, each kind of shift, windows of other sizes."""

import itertools
from datetime import UTC, datetime

import numpy as np
import pytest
from factories.stream import binning, day, days

from pipelines.contracts.monitoring import Bins, MonitorPolicy
from pipelines.errors import BadDataError
from pipelines.monitoring.drift import history, sentence
from pipelines.monitoring.drift.calibrate import calibrate
from pipelines.monitoring.drift.rule import signals, watched

pytestmark = pytest.mark.slow

NOW = datetime(2024, 3, 1, tzinfo=UTC)
PAST = 56


class Rule:
    def __init__(self, policy=None, numbers=3, **different):
        self.policy = policy or MonitorPolicy()
        self.past = days(0, PAST, numbers=numbers, **different)
        self.calibration = calibrate(
            self.past, binning(numbers), self.policy, model="stream", now=NOW
        )
        self.numbers = numbers
        self.known = self.watched(self.past)

    def watched(self, past):
        return watched(past, binning(self.numbers), self.policy, self.calibration.limits)

    def signals(self, recent, **importance):
        found = signals(self.calibration, self.known, recent, importance)
        return {one.name: one for one in found}

    def alarms(self, recent):
        return {name for name, one in self.signals(recent).items() if one.alarm}

    def limit(self, name):
        return next(one for one in self.calibration.limits if one.name == name)


@pytest.fixture(scope="module")
def rule():
    return Rule()


def test_a_month_is_quiet_when_nothing_shifted(rule):
    alarms = [rule.alarms(days(n - 1, n + 1)) for n in range(PAST + 1, PAST + 46)]
    assert sum(bool(one) for one in alarms) <= 2
    assert rule.calibration.false_alarms_per_month <= rule.policy.false_alarms_per_month


SHIFTS = {
    "mean": ({"mean": 0.6}, "input/n0"),
    "variance": ({"factor": 1.5}, "input/n0"),
    "unit": ({"factor": 100.0}, "input/n0"),
    "nulls": ({"lost": 0.05}, "input/n0"),
    "vanishing": ({"without": "tea"}, "input/kind"),
    "new category": ({"new": 20}, "input/kind"),
    "rows": ({"rows": 580}, "volume/rows"),
    "quarantine": ({"quarantined": 40}, "volume/quarantined"),
}


@pytest.mark.parametrize("kind", SHIFTS)
def test_a_shift_is_found_within_two_windows_when_it_is_of_a_plain_size(rule, kind):
    different, name = SHIFTS[kind]
    starts = range(PAST, PAST + 10)
    found = [name in rule.alarms(days(n, n + 2, **different)) for n in starts]
    assert np.mean(found) >= 0.95


def test_the_smallest_shift_is_found_when_it_is_put_in(rule):
    size = rule.limit("input/n0").smallest_shift
    assert 0.1 <= size <= 0.5
    for way in (1, -1):
        starts = range(PAST, PAST + 14)
        found = ["input/n0" in rule.alarms(days(n, n + 2, mean=way * size, seed=3)) for n in starts]
        assert np.mean(found) >= 0.9


def test_one_window_is_no_alarm_when_two_of_two_are_asked(rule):
    found = rule.signals([day(PAST), day(PAST + 1, mean=1.0)])["input/n0"]
    assert found.exceeded
    assert not found.alarm
    assert found.value > found.limit


def test_a_signal_says_what_moved_when_it_does(rule):
    found = rule.signals(days(PAST, PAST + 2, mean=1.0), **{"input/n0": 0.7})["input/n0"]
    assert found.importance == 0.7
    assert found.sentence.startswith("input/n0: mean")
    assert found.details["mean"] - found.details["mean_before"] == pytest.approx(1.0, abs=0.4)
    new = rule.signals(days(PAST, PAST + 2, new=40))["input/kind"]
    assert "`sugar`" in new.sentence


def test_chance_never_grows_when_the_shift_does(rule):
    p = [
        rule.signals(days(PAST, PAST + 2, mean=size))["input/n0"].p
        for size in (0.0, 0.2, 0.4, 0.8, 1.6)
    ]
    assert all(one >= other for one, other in itertools.pairwise(p))


def test_signals_are_the_same_when_days_come_in_any_order(rule):
    recent = days(PAST, PAST + 2)
    forward = signals(rule.calibration, rule.watched(rule.past), recent, {})
    backward = rule.watched(rule.past[::-1])
    assert signals(rule.calibration, backward, recent[::-1], {}) == forward
    assert list(rule.signals(recent).values()) == forward


def test_calibration_is_the_same_when_days_come_in_any_order(rule):
    again = calibrate(rule.past[::-1], binning(), rule.policy, model="stream", now=NOW)
    assert again == rule.calibration


def test_a_small_window_is_quiet_when_it_is_the_same_stream(rule):
    alarms = [rule.alarms(days(n, n + 2, rows=60, quarantined=0)) for n in range(PAST, PAST + 14)]
    assert not any(one - {"volume/rows"} for one in alarms)
    assert "input/n0" in rule.alarms(days(PAST, PAST + 2, rows=60, mean=1.5))


def test_a_huge_window_is_quiet_when_the_past_differs_as_much(rule):
    alarms = [
        rule.alarms(days(n, n + 2, rows=100_000, quarantined=375)) for n in range(PAST, PAST + 8)
    ]
    assert sum(bool(one - {"volume/rows"}) for one in alarms) <= 1
    loud = rule.alarms(days(PAST, PAST + 2, rows=100_000, mean=0.5))
    assert "input/n0" in loud


def test_a_window_of_few_rows_is_shown_and_not_judged(rule):
    found = rule.signals(days(PAST, PAST + 2, rows=15, mean=9.0))
    assert found["input/n0"].limit is None
    assert not found["input/n0"].exceeded
    assert found["volume/rows"].alarm


def test_a_column_that_was_not_counted_is_unread_when_rows_came(rule):
    recent = days(PAST, PAST + 2)
    without = {name: one for name, one in recent[1].sketches.items() if name != "input/n1"}
    found = rule.signals([recent[0], recent[1].model_copy(update={"sketches": without})])
    assert found["input/n1"].value is None
    assert found["input/n1"].limit == 1.0
    assert found["input/n0"].value is not None


def test_the_weekend_is_no_shift_when_the_past_has_weekends(rule):
    monday_like = [day(PAST + 5), day(PAST + 6)]
    assert not rule.alarms(monday_like)
    as_weekend = [day(PAST + 1, mean=0.3, rows=400), day(PAST + 2, mean=0.3, rows=400)]
    assert "input/n0" in rule.alarms(as_weekend)


def test_the_level_falls_when_the_past_itself_raises_alarms():
    wild = days(0, PAST)
    for start in (10, 24, 38):
        wild[start : start + 3] = days(start, start + 3, mean=1.5)
    calm = Rule()
    found = calibrate(wild, binning(), calm.policy, model="stream", now=NOW)
    name = "input/n0"
    limit = next(one for one in found.limits if one.name == name)
    assert limit.limit > 1.5 * calm.limit(name).limit
    assert found.false_alarms_per_month <= calm.policy.false_alarms_per_month


def test_calibrate_refuses_when_the_past_is_shorter_than_two_weeks():
    with pytest.raises(BadDataError, match="two weeks"):
        calibrate(days(0, 6), binning(), MonitorPolicy(), model="stream", now=NOW)


def test_windows_of_a_week_are_judged_when_the_policy_says_so():
    rule = Rule(MonitorPolicy(window_days=7), numbers=1)
    assert not rule.alarms(days(PAST, PAST + 14, numbers=1))
    assert "input/n0" in rule.alarms(days(PAST, PAST + 14, numbers=1, mean=0.4))


def test_share_that_people_look_at_is_told_as_a_share():
    bins = Bins(column="reviewed", side="output", kind="number", edges=(0.4,))
    before, now = np.array([980.0, 20.0, 0.0]), np.array([940.0, 60.0, 0.0])
    moments = {"mean": 0.2, "mean_before": 0.1, "spread_before": 0.1}
    window = history.windows([day(0)], 1)[0]
    said = sentence.of_column(bins, "location", now, before, moments, window)
    assert said == "output/reviewed: 0.4 or more in 2.0% → 6.0% of the rows"
    assert "mean 0.1 → 0.2" in sentence.of_column(bins, "mean", now, before, moments, window)
