"""Time, cost and rows of a step against its own history."""

import random
from datetime import timedelta

import pytest
from factories.operations import NOW
from factories.telemetry import step

from pipelines import specs
from pipelines.monitoring import system
from pipelines.opsdb import steps


@pytest.fixture
def spec():
    return specs.model("receipts")


def look(db, spec, attempts, now=NOW + timedelta(days=400)):
    """Signals after these attempts, one a day: (seconds, rows) or (seconds, rows, cost)."""
    with db.write() as session:
        for number, (seconds, rows, *cost) in enumerate(attempts):
            made = step(
                number, at=NOW + timedelta(days=number), seconds=seconds, rows_in=rows,
                cost=cost[0] if cost else seconds / 3600,
            )  # fmt: skip
            steps.record_step(session, made)
    return {one.name: one for one in system.signals(spec, db=db, now=now)}


def usual(count=30, rows=100, seed=3):
    chance = random.Random(seed)
    return [(60 * chance.lognormvariate(0, 0.15), rows) for _ in range(count)]


def test_slow_runs_in_a_row_are_an_alarm_and_one_alone_is_not(opsdb, spec):
    found = look(opsdb, spec, [*usual(), (300, 100)])["system/score.score.seconds"]
    assert found.exceeded and not found.alarm
    assert found.limit < 200 and found.p == pytest.approx(1 / 31)
    with opsdb.write() as session:
        steps.record_step(
            session, step(99, at=NOW + timedelta(days=99), seconds=280.0, cost=280 / 3600)
        )
    found = {one.name: one for one in system.signals(spec, db=opsdb, now=NOW + timedelta(days=400))}
    again = found["system/score.score.seconds"]
    assert again.alarm and again.topic == "system"
    assert "score.score took 280 s" in again.sentence and "past its limit" in again.sentence


def test_what_had_more_to_do_is_no_alarm(opsdb, spec):
    varied = [(6 * size, 10 * size) for size in range(5, 35)]
    found = look(opsdb, spec, [*varied, (1_200, 2_000), (1_300, 2_100)])
    assert not found["system/score.score.seconds"].exceeded
    assert found["system/score.score.rows"].value > 8


def test_rows_that_stay_away_are_an_alarm(opsdb, spec):
    found = look(opsdb, spec, [*usual(), (60, 3), (60, 4)])["system/score.score.rows"]
    assert found.alarm and found.value > 15


def test_cost_is_judged_where_it_is_not_the_time_at_a_rate(opsdb, spec):
    priced = [(seconds, rows, 5.0) for seconds, rows in usual()]
    found = look(opsdb, spec, [*priced, (60, 100, 40.0), (60, 100, 41.0)])
    assert found["system/score.score.cost"].alarm
    assert not found["system/score.score.seconds"].exceeded


def test_cost_that_is_the_time_is_told_once(opsdb, spec):
    assert "system/score.score.cost" not in look(opsdb, spec, usual())


def test_too_short_a_history_is_shown_and_not_judged(opsdb, spec):
    found = look(opsdb, spec, [*usual(5), (900, 100)])["system/score.score.seconds"]
    assert found.value == 900 and found.limit is None and not found.exceeded
    assert "fewer than 10 earlier runs" in found.sentence


def test_runs_after_the_moment_are_not_looked_at(opsdb, spec):
    found = look(opsdb, spec, [*usual(), (900, 100), (900, 100)], now=NOW + timedelta(days=29))
    assert not found["system/score.score.seconds"].exceeded


def test_runs_alike_raise_no_alarm(opsdb, spec):
    """A year of a step whose times have heavy tails (a product of two lognormals)."""
    chance = random.Random(11)
    year = [
        (
            30 * chance.lognormvariate(0, 0.2) * chance.lognormvariate(0, 0.2),
            chance.randint(60, 160),
        )
        for _ in range(365)
    ]
    alarms = 0
    for at in range(40, 365, 5):
        known = [step(n, seconds=s, rows_in=r, cost=s) for n, (s, r) in enumerate(year[:at])]
        for measure, one in system._LOOKS.items():
            made = system._signal("s", measure, one, known[-62:], 2, 2)
            alarms += made is not None and made.alarm
    assert alarms == 0
