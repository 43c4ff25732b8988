"""Windows, blocks and which past windows are compared."""

import random

import numpy as np
from factories.stream import binning, day, days

from pipelines.monitoring.drift import history


def test_windows_are_the_same_when_days_come_in_any_order():
    given = days(0, 20)
    mixed = given.copy()
    random.Random(5).shuffle(mixed)
    assert history.windows(mixed, 7) == history.windows(given, 7)
    assert [len(one.days) for one in history.windows(given, 7)] == [6, 7, 7]


def test_windows_count_calendar_days_when_days_are_missing():
    given = [one for one in days(0, 14) if one.day not in {"2024-01-06", "2024-01-13"}]
    found = history.windows(given, 7)
    assert [one.last.isoformat() for one in found] == ["2024-01-07", "2024-01-14"]
    assert [len(one.days) for one in found] == [6, 6]
    assert len(history.windows(given, 1)) == 12


def test_counts_add_up_when_windows_hold_more_days():
    bins = binning().columns[0]
    given = days(0, 14)
    daily = history.counts(history.windows(given, 1), bins)
    weekly = history.counts(history.windows(given, 7), bins)
    assert np.array_equal(weekly[0], daily[:7].sum(axis=0))
    assert np.array_equal(weekly.sum(axis=0), daily.sum(axis=0))


def test_a_past_window_is_never_compared_with_its_own_week():
    past = history.past(days(0, 28), 1)
    for likeness in history.likenesses(past):
        fits = history.others(past, likeness)
        assert not fits[past.blocks[:, None] == past.blocks].any()
        assert fits.any(axis=1).all()


def test_peers_are_the_same_weekday_when_that_is_asked():
    past = history.past(days(0, 28), 1)
    (window,) = history.windows([day(35)], 1)
    fits = history.peers(past, [window], "weekday")[0]
    assert {one.last.weekday() for one, fit in zip(past.windows, fits, strict=True) if fit} == {0}
    assert fits.sum() == 4


def test_peers_are_of_the_season_when_the_past_is_a_year():
    past = history.past(days(0, 364, rows=40, numbers=1), 1)
    assert "season" in history.likenesses(past)
    (window,) = history.windows([day(364 + 100)], 1)
    found = past.ends[history.peers(past, [window], "season")[0]] - past.ends[0]
    assert (found.min(), found.max()) == (100 - history.SEASON, 100 + history.SEASON)


def test_season_is_not_told_apart_when_the_past_is_short():
    assert history.likenesses(history.past(days(0, 56, rows=40), 1)) == ["any", "weekday"]
    assert history.likenesses(history.past(days(0, 56, rows=40), 7)) == ["any"]


def test_draws_hold_whole_weeks_and_as_many_as_there_are():
    past = history.past(days(0, 28), 1)
    drawn = history.draws(past, 50, 1)
    assert (drawn.sum(axis=1) == 28).all()
    by_week = drawn.reshape(50, 4, 7)
    assert (by_week == by_week[:, :, :1]).all()
    assert len(np.unique(drawn, axis=0)) > 10
