"""One column: a category of two values, of which one is rare."""

from datetime import timedelta

import numpy as np
from factories.stream import MONDAY

from pipelines.contracts.monitoring import Bins, Day, Sketch
from pipelines.monitoring.drift import history
from pipelines.monitoring.drift.column import Column
from pipelines.monitoring.drift.statistic import DISTANCE, PROPORTION

LABEL = Bins(column="fraud", side="output", kind="category", categories=("false", "true"))
ROWS, USUAL, PAST = 7_000, 0.0085, 42


def labelled(number: int, share: float) -> Day:
    """A day with about so many true labels."""
    true = int(np.random.default_rng([3, number]).binomial(ROWS, share))
    sketch = Sketch(name=LABEL.name, rows=ROWS, missing=0, counts=(ROWS - true, true, 0))
    when = (MONDAY + timedelta(days=number)).isoformat()
    return Day(day=when, version=1, rows=ROWS, quarantined=0, sketches={LABEL.name: sketch})


def column(bins: Bins = LABEL) -> Column:
    past = history.past([labelled(number, USUAL) for number in range(PAST)], 1)
    return Column(bins, past, history.draws(past, 100, 7), min_rows=50, seed=7)


def windows(share: float) -> list[history.Window]:
    return history.windows([labelled(PAST + number, share) for number in range(30)], 1)


def test_a_rare_label_twice_as_frequent_is_found_by_its_proportion() -> None:
    judged = column().judge(windows(2 * USUAL))
    assert np.median(judged.by[PROPORTION]) < np.median(judged.by[DISTANCE]) / 5
    assert (judged.p < 0.003).mean() > 0.9


def test_a_rare_label_is_quiet_when_it_is_as_frequent_as_ever() -> None:
    judged = column().judge(windows(USUAL))
    assert (judged.by[PROPORTION] < 0.05).mean() <= 0.1
    assert (judged.p < 0.01).sum() == 0


def test_a_fall_is_found_like_a_rise() -> None:
    assert np.median(column().judge(windows(0.4 * USUAL)).by[PROPORTION]) < 1e-3


def test_the_rarer_value_is_named_when_two_change_as_much() -> None:
    known, of = column(), windows(3 * USUAL)
    said = known.signal(of[-1], known.judge(of), 0.01).sentence
    assert said.startswith("output/fraud: `true` 0.9% → 2.")


def test_more_values_than_two_have_no_proportion() -> None:
    three = LABEL.model_copy(update={"categories": ("false", "true", "unknown")})
    assert PROPORTION not in column(three).scores
