"""Tails: chances that are even without a shift, and never larger for what is further out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.monitoring.drift.null import Contrast, Distance, Reading, Share, limit
from pipelines.monitoring.drift.statistic import share
from pipelines.monitoring.drift.tempering import THRESHOLD, Tempering, fit

TAILS = {"distance": Distance(), "contrast": Contrast(), "share": Share()}
ONE = np.ones((1, 200))


def reading(values, mean=0.0, variance=0.0, rows=1_000.0):
    n = len(values)
    return Reading(
        np.asarray(values, float), np.full(n, mean), np.full(n, variance), np.full(n, rows)
    )


def past(kind, draw, n=200):
    if kind == "distance":
        return reading(draw.gamma(4, 0.001, n), mean=0.001, variance=1e-7)
    if kind == "contrast":
        return reading(draw.normal(0, 0.1, n), variance=0.002)
    counts = draw.poisson(draw.gamma(10, 2, n)).astype(float)
    rows, held = np.full(n, 1_000.0), np.full(n, 50_000.0)
    return share(counts, rows, np.full(n, 1_000.0), held)


@pytest.mark.parametrize("kind", TAILS)
def test_chances_are_even_when_nothing_shifted(kind):
    draw = np.random.default_rng(4)
    tail = TAILS[kind]
    natural = tail.fit(past(kind, draw, 2_000), np.ones((1, 2_000)))
    found = tail.p(past(kind, draw, 4_000), natural)
    for level in (0.5, 0.1, 0.01):
        assert level / 2 < (found <= level).mean() < 1.6 * level, level


@pytest.mark.parametrize("kind", TAILS)
@settings(deadline=None, max_examples=40)
@given(one=st.floats(0, 0.5), more=st.floats(0, 0.4))
def test_chance_never_grows_when_a_value_is_further_out(kind, one, more):
    draw = np.random.default_rng(4)
    known = past(kind, draw)
    natural = TAILS[kind].fit(known, ONE)
    least = known.mean[0]
    two = Reading(
        np.array([least + one, least + one + more]), known.mean[:2], known.variance[:2],
        known.rows[:2],
    )  # fmt: skip
    near, far = TAILS[kind].p(two, natural)
    assert far <= near + 1e-12


@pytest.mark.parametrize("kind", TAILS)
def test_limit_is_where_the_chance_falls_below_the_level(kind):
    draw = np.random.default_rng(4)
    known = past(kind, draw)
    natural = TAILS[kind].fit(known, ONE)
    apart = limit(TAILS[kind], known, natural, np.full(200, 1e-4))
    step = 1.001 / known.rows if kind == "share" else apart * 1e-6
    assert (TAILS[kind].p(known.moved(apart + step), natural) <= 1e-4).all()
    assert (TAILS[kind].p(known.moved(apart - step), natural) > 1e-4).all()


def test_natural_part_is_heavier_when_the_past_is_short():
    draw = np.random.default_rng(9)
    short, far = past("contrast", draw, 14), reading([0.5], variance=0.002)
    weeks = np.kron(draw.multinomial(2, [0.5, 0.5], 100), np.ones(7))
    certain = Contrast().p(far, Contrast().fit(short, np.ones((1, 14))))
    uncertain = Contrast().p(far, Contrast().fit(short, weeks))
    assert uncertain > certain


def test_a_first_bad_row_is_no_alarm_when_the_past_has_none():
    none = share(np.zeros(56), np.full(56, 1e4), np.zeros(56), np.full(56, 5.5e5))
    natural = Share().fit(none, np.ones((1, 56)))
    now = share(np.array([1.0, 9.0]), np.full(2, 1e4), np.zeros(2), np.full(2, 5.5e5))
    first, many = Share().p(now, natural)
    assert first > 0.001
    assert many < 1e-8


def test_tempering_leaves_chances_when_the_past_was_even():
    found = fit(np.linspace(0.005, 0.995, 100))
    assert found.power > 0.9
    assert found.share == pytest.approx(THRESHOLD)


def test_tempering_lifts_chances_when_the_past_had_impossible_ones():
    p = np.append(np.linspace(0.05, 0.95, 52), [1e-9, 1e-7, 1e-12, 1e-5])
    found = fit(p)
    assert found.power < 0.3
    assert (found.of(p[-4:]) > 10 * p[-4:]).all()
    assert (np.diff(found.of(np.geomspace(1e-12, 1, 50))) >= 0).all()


@settings(deadline=None, max_examples=40)
@given(st.floats(0.1, 0.5), st.floats(0.05, 1), st.floats(1e-9, 1))
def test_tempering_before_undoes_it_when_any_chance_is_given(part, power, p):
    found = Tempering(part, power)
    assert found.of(np.array([found.before(p)]))[0] == pytest.approx(p, rel=1e-6)
