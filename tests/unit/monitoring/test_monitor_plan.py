"""Which windows are judged, against which past: never against what came later."""

import pytest
from factories.monitoring import calibration, day, window

from pipelines import specs
from pipelines.contracts.monitoring import Binning, Bins
from pipelines.contracts.policy import MonitorPolicy
from pipelines.errors import BadDataError, NotFoundError
from pipelines.monitoring.plan import Known, is_judged, plan, silent

SPEC = specs.model("card_fraud")


def known(days=range(100), **different):
    content = {
        "published": {day(number): 900 for number in days},
        "shown": {},
        "calibrations": [],
        "judged": {},
        "regime": None,
        "today": day(100),
    }
    return Known(**content | different)


def reference(first, last, name="ref-1", outputs=False):
    made = calibration(reference=name, days=tuple(day(one) for one in range(first, last + 1)))
    if not outputs:
        return made
    columns = (*made.binning.columns, Bins(column="probability", side="output", kind="number"))
    return made.model_copy(update={"binning": Binning(model=made.model, columns=columns)})


def made(of, window=None, calibrate=False):
    return plan(SPEC, of, window=None if window is None else day(window), calibrate=calibrate)


def test_first_run_makes_a_reference_of_the_newest_days_and_judges_nothing():
    found = made(known())
    assert (found.windows, found.reference, found.binning) == ([], None, None)
    assert found.reference_days == [day(one) for one in range(44, 100)] == found.days


def test_every_complete_day_after_the_reference_is_judged_once_in_order():
    one = reference(20, 75)
    of = known(calibrations=[one], judged={day(76): window(76), day(78): window(78, rows=5)})
    found = made(of)
    assert found.windows == [day(number) for number in range(77, 100)]  # 78 has other rows now
    assert (found.reference, found.binning) == ("ref-1", one.binning.key)
    assert day(76) in found.days and day(20) in found.days and day(100) not in found.days
    # The day that is not over yet is left.
    assert made(known(range(102), calibrations=[one], today=day(101))).windows[-1] == day(100)


def test_window_is_held_against_the_newest_past_that_lies_before_it():
    early, late = reference(0, 40, "early"), reference(41, 80, "late")
    of = known(calibrations=[early, late])
    assert made(of, 90).reference == "late"
    assert made(of, 60).reference == "early"
    again = reference(41, 80, "again")
    assert made(known(calibrations=[early, late, again]), 90).reference == "again"
    # Nothing lies before it that was made: it is made now, of the days before.
    found = made(of, 30)
    assert found.reference is None and found.reference_days == [day(one) for one in range(30)]
    assert found.windows == [day(30)] and day(30) in found.days


def test_too_short_a_past_is_told_and_nothing_published_too():
    with pytest.raises(BadDataError, match="13 published days before"):
        made(known(), 13)
    with pytest.raises(NotFoundError, match="millrace ingest card_transactions"):
        made(known(days=[]))


def test_window_of_the_future_is_refused_because_all_that_comes_would_be_history():
    with pytest.raises(BadDataError, match=f"{day(101)} has not begun: it is {day(100)}"):
        made(known(calibrations=[reference(0, 55)]), 101)
    assert made(known(calibrations=[reference(0, 55)]), 100).windows == [day(100)]


def test_policy_that_could_never_alarm_is_refused():
    with pytest.raises(ValueError, match="alarm_windows is 3 and of_windows 2"):
        MonitorPolicy(alarm_windows=3)


def test_wish_to_calibrate_makes_one_again_of_the_days_before_the_window():
    found = made(known(calibrations=[reference(0, 40)]), 60, calibrate=True)
    assert found.reference is None and found.reference_days[-1] == day(59)
    assert len(found.reference_days) == 56 and found.windows == [day(60)]


def test_new_regime_gets_a_reference_of_its_own_as_soon_as_it_is_long_enough():
    old = reference(0, 55)
    short = known(calibrations=[old], regime=day(90))
    found = made(short, 95)
    assert (found.reference, found.settles) == ("ref-1", day(90))
    assert made(short, 80).settles is None  # before the regime
    enough = made(known(calibrations=[old], regime=day(80)), 95)
    assert enough.reference is None and enough.settles is None
    assert enough.reference_days == [day(one) for one in range(80, 95)]
    own = reference(80, 94, "own")
    assert made(known(calibrations=[old, own], regime=day(80)), 95).reference == "own"


def test_reference_from_before_there_were_answers_is_made_anew_when_there_are():
    old = reference(0, 55)
    shown = {day(number): 1 for number in range(60)}
    assert made(known(calibrations=[old], shown=shown), 60).reference is None
    with_answers = reference(0, 55, outputs=True)
    assert made(known(calibrations=[with_answers], shown=shown), 60).reference == "ref-1"


def test_window_is_judged_again_when_rows_or_answers_came():
    of = known(judged={day(60): window(60), day(61): window(61, version=None)})
    assert is_judged(SPEC, of, day(60)) and is_judged(SPEC, of, day(61))
    assert not is_judged(SPEC, of, day(62))
    answered = known(judged=of.judged, shown={day(61): 1})
    assert not is_judged(SPEC, answered, day(61))
    unread = known(judged={day(60): window(60, reference="")})
    assert not is_judged(SPEC, unread, day(60))


def test_stream_is_silent_after_a_whole_reference_without_rows():
    assert not silent(SPEC, known(), day(155)) and silent(SPEC, known(), day(156))
