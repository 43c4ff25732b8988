"""One incident from its first window to its end: opened, seen, worse, closed, whatever happens."""

import itertools

from factories.monitoring import MODEL, NOW, day, moved, signal, verdict, window
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from pipelines.contracts.monitoring import MonitorPolicy
from pipelines.monitoring.response import breaker as switch
from pipelines.monitoring.response import incidents as judge
from pipelines.monitoring.verdict import KIND, evaluate
from pipelines.opsdb import breaker, corrections, incidents, monitoring

POLICY = MonitorPolicy()
_names = itertools.count()


def record(number, *signals, model=MODEL, rows=900, **different):
    seen = [*signals, signal("volume/rows")]
    found = evaluate(seen, POLICY, rows=rows, quarantined=0)
    return window(number, model=model, rows=rows, signals=seen, verdict=found, **different)


def keep(db, one, **more):
    with db.write() as session:
        corrections.lock(session, one.model)
        monitoring.keep_window(session, one)
        return judge.update(session, one, POLICY, NOW, **more)


def told(db, incident_id):
    with db.read() as session:
        return [(one.what, one.window) for one in incidents.transitions(session, incident_id)]


def test_incident_lasts_over_windows_and_ends_after_two_that_are_quiet(opsdb):
    keep(opsdb, record(60, signal(exceeded=True)))
    [one] = keep(opsdb, record(61, moved()), causes={"drift": ["category travel"]})
    assert (one.kind, one.since, one.last, one.severity) == ("drift", day(60), day(61), "high")
    assert one.headline == (f"{MODEL}: amount went from 40 to 70 on average, since {day(60)}")
    assert one.causes == ["category travel"] and one.moved == ["input/amount"]
    [same] = keep(opsdb, record(62, moved(), moved("input/age", importance=0.2)))
    assert same.incident_id == one.incident_id and "and 1 more" in same.headline
    assert keep(opsdb, record(63, signal())) == [same]
    assert keep(opsdb, record(64, signal())) == []
    assert told(opsdb, one.incident_id) == [("opened", day(61)), ("closed", day(64))]


def test_incident_gets_worse_and_quiet_windows_between_do_not_count_twice(opsdb):
    [one] = keep(opsdb, record(60, moved(importance=0.05)))
    assert one.severity == "medium"
    keep(opsdb, record(61, signal()))
    [worse] = keep(opsdb, record(62, moved(importance=0.3)))
    assert (worse.incident_id, worse.severity) == (one.incident_id, "high")
    keep(opsdb, record(63, signal()))
    assert len(keep(opsdb, record(64, moved()))) == 1
    assert told(opsdb, one.incident_id) == [("opened", day(60)), ("worse", day(62))]


def test_window_that_says_nothing_of_a_kind_ends_no_incident(opsdb):
    keep(opsdb, record(60, moved()))
    few = [signal(limit=None)]  # too few rows to judge the column
    assert len(keep(opsdb, record(61, *few))) == len(keep(opsdb, record(62, *few))) == 1
    keep(opsdb, record(63, signal()))
    assert keep(opsdb, record(64, signal())) == []


def test_history_changes_no_incident(opsdb):
    keep(opsdb, record(60, signal()))
    assert keep(opsdb, record(50, moved())) == []
    [one] = keep(opsdb, record(61, moved()))
    assert keep(opsdb, record(61, moved())) == [one]  # judged again
    assert keep(opsdb, record(59, signal())) == keep(opsdb, record(58, signal())) == [one]
    assert told(opsdb, one.incident_id) == [("opened", day(61))]


def test_kinds_are_incidents_of_their_own_and_what_is_lost_is_one(opsdb):
    lost = signal("quality/read", topic="quality", value=None, limit=1.0, sentence="no labels")
    found = keep(opsdb, record(60, moved(), moved("volume/fresh", importance=0.0), lost))
    assert {one.kind: one.severity for one in found} == {
        "drift": "high", "volume": "medium", "system": "high",
    }  # fmt: skip
    unread = window(61, signals=[], verdict=evaluate(None, POLICY, rows=0, quarantined=0))
    assert len(keep(opsdb, unread)) == 3
    stop = record(62, signal(value=None, limit=1.0))
    assert "stop" in {one.kind for one in keep(opsdb, stop)}


def test_unreadable_window_opens_an_incident_that_ends_when_windows_can_be_read(opsdb):
    unread = window(60, signals=[], verdict=evaluate(None, POLICY, rows=0, quarantined=0))
    [one] = keep(opsdb, unread)
    assert (one.kind, one.severity) == ("system", "high") and "could not be read" in one.headline
    keep(opsdb, record(61, signal()))
    assert keep(opsdb, record(62, signal())) == []


def test_incident_ends_when_a_version_that_learnt_it_answers_and_nothing_is_in_alarm(opsdb):
    [one] = keep(opsdb, record(60, moved()))
    assert keep(opsdb, record(61, moved()), learnt=[one.incident_id])
    assert keep(opsdb, record(62, signal(limit=None)), learnt=[one.incident_id]) == []


def test_stop_pauses_once_and_a_person_alone_lets_it_go_on(opsdb):
    stop = verdict("stop", reasons=["amount is gone."])

    def trip(found):
        with opsdb.write() as session:
            return switch.trip(session, MODEL, day(60), found, NOW)

    assert trip(verdict()) is None
    row = trip(stop)
    assert (row.person, row.reason) == ("millrace", f"window {day(60)}: amount is gone.")
    assert trip(stop) is None and trip(verdict()) is None
    with opsdb.read() as session:
        assert breaker.is_paused(session, MODEL)
    assert switch.resume(opsdb, MODEL, "ben", "mended", NOW).paused is False
    assert trip(stop).paused


def machine(db):
    """A model of its own in the database at hand."""

    class Incidents(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.model, self.at, self.newest = f"m{next(_names)}", 0, 0
            self.told_late = False

        @rule(
            kinds=st.sets(st.sampled_from(["input", "quality", "volume", "system"])),
            importance=st.sampled_from([0.0, 0.05, 0.5]),
            back=st.integers(-3, 2),
            rows=st.sampled_from([0, 5, 900]),
        )
        def judge(self, kinds, importance, back, rows):
            self.at = max(0, self.newest + back)
            signals = [moved(f"{name}/x", importance=importance) for name in sorted(kinds)]
            if "input" not in kinds:
                signals.append(signal("input/x", limit=None if rows == 5 else 0.05))
            one = record(self.at, *signals, model=self.model, rows=rows)
            before = self.state()
            keep(db, one)
            if self.at < self.newest:
                assert self.state() == before
            # A quiet window of the past counts once the newest one is judged again.
            self.told_late = self.at < self.newest
            self.newest = max(self.newest, self.at)

        @rule()
        def again(self):
            with db.read() as session:
                newest = monitoring.windows(session, self.model, limit=1)
            before = self.state()
            if newest:
                keep(db, newest[0])
                assert self.told_late or self.state() == before
                self.told_late = False

        @rule(paused=st.booleans())
        def turn(self, paused):
            with db.write() as session:
                breaker.turn(
                    session, self.model, paused=paused, person="ben", reason="because", now=NOW
                )

        def state(self):
            with db.read() as session:
                return incidents.latest(session, self.model)

        @invariant()
        def one_is_open_at_most_and_the_log_tells_all(self):
            found = self.state()
            still = [one.kind for one in found if one.closed_at is None]
            assert len(still) == len(set(still)) and set(still) <= {*KIND.values(), "stop"}
            with db.read() as session:
                rows = breaker.rows(session, self.model)
                for one in found:
                    log = [each.what for each in incidents.transitions(session, one.incident_id)]
                    assert log[0] == "opened" and log.count("opened") == 1
                    assert (log[-1] == "closed") == (one.closed_at is not None)
                    assert log.count("worse") <= 2 and one.since <= one.last
            assert [row.paused for row in rows] == [n % 2 == 0 for n in range(len(rows))]

        def teardown(self):
            """Whatever was open ends once windows are quiet."""
            for number in range(1, POLICY.of_windows + 1):
                calm = [signal(f"{name}/x") for name in ("input", "quality")]
                keep(db, record(self.newest + number, *calm, model=self.model))
            assert all(one.closed_at is not None for one in self.state())

    return Incidents


def test_incidents_open_once_and_always_end_whatever_happens(opsdb):
    run_state_machine_as_test(
        machine(opsdb), settings=settings(max_examples=6, stateful_step_count=15, deadline=None)
    )
