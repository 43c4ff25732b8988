"""A fall of quality is told from chance: by days that add up, against all of the reference."""

import numpy as np
import pytest
from factories.labelled import day_of

from pipelines.contracts.monitoring import MonitorPolicy
from pipelines.contracts.quality import Figure
from pipelines.measures.rate import rate
from pipelines.monitoring.quality.drop import drop, over_time, pool, together

POLICY = MonitorPolicy()
REFERENCE = [day_of(number) for number in range(56)]


def figure(number, value=0.9, n=10.0, **different):
    content = {
        "metric": "total", "day": day_of(number), "source": "audit", "version": 3,
        "value": value, "low": max(0.0, value - 0.1), "high": min(1.0, value + 0.1),
        "weight": n, "labelled": int(n), "rows": 50, "made_of": "x",
    }  # fmt: skip
    return Figure(**content | different)


def drawn(random, numbers, share, n=10):
    """Days of `n` audited documents each, right with the chance `share`."""
    found = []
    for number in numbers:
        hits = int(random.binomial(n, share))
        one = rate([1.0] * hits + [0.0] * (n - hits))
        low, high = one.interval()
        found.append(figure(number, one.share, one.effective, low=low, high=high))
    return found


def looked_at(figures, level=0.01):
    return over_time(figures, POLICY, last=figures[-1].day, reference=REFERENCE, level=level)


@pytest.mark.parametrize("share", [0.97, 0.9, 0.6])
def test_stable_quality_is_past_its_limit_no_more_often_than_the_level_says(share):
    random = np.random.default_rng(3)
    exceeded = [
        looked_at(drawn(random, range(60), share), level=0.02)[0].exceeded for _ in range(300)
    ]
    assert np.mean(exceeded) <= 0.035


def test_fall_is_found_within_two_windows():
    random = np.random.default_rng(4)
    found = 0
    for _ in range(40):
        days = drawn(random, range(56), 0.95, 40) + drawn(random, range(56, 58), 0.5, 40)
        found += all(one.exceeded for one in looked_at(days, level=0.0005))
    assert found >= 38


def test_days_are_pooled_until_they_tell_enough():
    days = [figure(number) for number in range(40)]
    assert [one.day for one in pool(days, 25).days] == [day_of(37), day_of(38), day_of(39)]
    assert len(pool(days, 1).days) == 1
    assert len(pool(days, 1e9).days) == 28  # no further back


def test_pool_weighs_days_by_what_they_tell():
    both = together([figure(0, 1.0, 30), figure(1, 0.0, 10)])
    assert both.value == 0.75 and both.weight == 40 and both.low < 0.75 < both.high


def test_interval_of_a_pool_holds_the_truth():
    random = np.random.default_rng(8)
    inside = 0
    for _ in range(200):
        found = together(drawn(random, range(6), 0.85, 20))
        inside += found.low <= 0.85 <= found.high
    assert inside / 200 > 0.92


def test_nothing_is_judged_when_the_reference_was_hardly_measured():
    recent = pool([figure(60, 0.1)], 1)
    assert drop(recent, [figure(number) for number in range(6)], 0.01).limit is None
    assert drop(recent, [figure(number) for number in range(7)], 0.01).exceeded


def test_days_of_the_window_are_no_reference_to_themselves():
    recent = pool([figure(55, 0.1, 50.0)], 1)
    found = drop(recent, [figure(number) for number in range(55)] + list(recent.days), 0.01)
    assert found.reference.value == pytest.approx(0.9)


def test_old_figures_say_nothing_of_today():
    days = [figure(number) for number in range(40)]
    assert looked_at(days)
    assert not over_time(days, POLICY, last=day_of(80), reference=REFERENCE, level=0.01)


def test_first_error_after_a_faultless_reference_is_no_fall():
    recent = pool([figure(60, 0.9)], 1)
    found = drop(recent, [figure(number, 1.0) for number in range(56)], 0.001)
    assert found.value == pytest.approx(0.1) and not found.exceeded
