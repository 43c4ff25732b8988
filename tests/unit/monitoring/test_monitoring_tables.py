"""What monitoring keeps: calibrations, windows, incidents, deliveries, the breaker's log."""

from datetime import timedelta

import pytest
from factories.monitoring import MODEL, NOW, calibration, day, verdict, window
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from pipelines.errors import NotFoundError
from pipelines.opsdb import breaker, deliveries, incidents, monitoring

HOUR = timedelta(hours=1)


def begin(db, kind="drift", number=60, **different):
    given = {
        "severity": "low", "since": day(number), "window": day(number), "headline": "amount moved",
        "causes": ["category travel"], "moved": ["input/amount"], "now": NOW,
    }  # fmt: skip
    with db.write() as session:
        return incidents.begin(session, MODEL, kind, **given | different)


def see(db, incident_id, number, severity="low"):
    with db.write() as session:
        return incidents.see(
            session, incident_id, severity=severity, window=day(number), headline="moved more",
            causes=[], moved=["input/amount", "input/age"], now=NOW + HOUR,
        )  # fmt: skip


def close(db, incident_id, number=64):
    with db.write() as session:
        return incidents.close(session, incident_id, day(number), NOW + HOUR)


def told(db, incident_id):
    with db.read() as session:
        return [(one.what, one.window) for one in incidents.transitions(session, incident_id)]


def test_newest_calibration_holds_and_older_ones_are_found_by_name(opsdb):
    first, second = calibration(), calibration(reference="ref-2", level=0.01)
    with opsdb.write() as session:
        assert monitoring.calibration(session, MODEL) is None
        assert monitoring.keep_calibration(session, first)
        assert not monitoring.keep_calibration(session, first)
        assert monitoring.keep_calibration(session, second)
    with opsdb.read() as session:
        assert monitoring.calibration(session, MODEL) == second
        assert monitoring.calibration(session, MODEL, "ref-1") == first
        assert monitoring.calibration(session, "other") is None
    with opsdb.write() as session:  # back to the first: it holds again
        assert monitoring.keep_calibration(session, first)
        assert monitoring.calibration(session, MODEL) == first
        assert monitoring.calibrations(session, MODEL) == [first, second, first]


def test_window_is_replaced_when_it_is_judged_otherwise_and_kept_when_the_same(opsdb):
    with opsdb.write() as session:
        assert monitoring.keep_window(session, window(60))
        assert not monitoring.keep_window(session, window(60, judged_at=NOW + HOUR))
        assert monitoring.keep_window(session, window(61, version=None))
    other = window(60, verdict=verdict("alert"), reference="ref-2", report="runs/x.html")
    with opsdb.write() as session:
        assert monitoring.keep_window(session, other)
    with opsdb.read() as session:
        assert monitoring.window(session, MODEL, day(60)) == other
        assert monitoring.window(session, MODEL, day(59)) is None
        assert [one.window for one in monitoring.windows(session, MODEL)] == [day(61), day(60)]
        assert monitoring.windows(session, MODEL, until=day(60)) == [other]
        assert monitoring.judged(session, MODEL)[day(60)] == (
            other.version, other.reference, other.rows,
        )  # fmt: skip
        assert monitoring.windows(session, MODEL, after=day(60), limit=1)[0].window == day(61)


def test_incident_is_seen_gets_worse_and_closes_and_tells_each_once(opsdb):
    number = begin(opsdb).incident_id
    assert see(opsdb, number, 61).last == day(61)
    assert see(opsdb, number, 62, "high").severity == "high"
    assert see(opsdb, number, 63, "medium").severity == "high"  # it never gets better
    assert see(opsdb, number, 62, "high").last == day(63)  # an older window again
    ended = close(opsdb, number)
    assert ended.closed_at == NOW + HOUR and ended.moved == ["input/amount", "input/age"]
    assert close(opsdb, number, 70) == ended == see(opsdb, number, 71)
    assert told(opsdb, number) == [("opened", day(60)), ("worse", day(62)), ("closed", day(64))]
    with pytest.raises(NotFoundError), opsdb.read() as session:
        incidents.get(session, 99)


def test_database_refuses_a_second_open_incident_of_a_kind_and_a_changed_log(opsdb):
    first = begin(opsdb)
    begin(opsdb, "quality")
    with pytest.raises(IntegrityError):
        begin(opsdb)
    close(opsdb, first.incident_id)
    again = begin(opsdb, number=70)
    with opsdb.read() as session:
        assert [one.kind for one in incidents.still_open(session, MODEL)] == ["quality", "drift"]
        assert incidents.still_open(session, "other") == []
        assert incidents.latest(session, limit=1) == [again]
    with opsdb.write() as session:
        breaker.turn(session, MODEL, paused=True, person="ben", reason="broken", now=NOW)
        monitoring.keep_calibration(session, calibration())
    for statement in (
        "delete from incident_transition",
        "update breaker set paused = paused",
        "update calibration set reference = 'x'",
    ):
        with pytest.raises(DBAPIError, match="append-only"), opsdb.engine.begin() as connection:
            connection.execute(text(statement))


def test_incident_waits_for_labels_until_it_is_followed_or_closed(opsdb):
    number = begin(opsdb).incident_id
    with opsdb.write() as session:
        incidents.follow(session, number, "200 labelled rows are missing", labels_missing=200)
    with opsdb.read() as session:
        assert incidents.wanting_labels(session, MODEL).incident_id == number
    close(opsdb, number)
    with opsdb.read() as session:
        assert incidents.wanting_labels(session, MODEL) is None


def test_delivery_is_claimed_by_one_and_comes_back_when_its_sender_died(opsdb):
    number = begin(opsdb).incident_id
    see(opsdb, number, 61, "high")

    def due(now, channel="mail"):
        with opsdb.read() as session:
            found = deliveries.due(session, MODEL, channel, now, again=HOUR)
            return [one.what for one in found], found

    def claim(transition, now):
        with opsdb.write() as session:
            return deliveries.claim(session, transition.transition_id, "mail", now, again=HOUR)

    names, [first, second] = due(NOW)
    assert names == ["opened", "worse"] and first.kind == "drift" and second.severity == "high"
    assert claim(first, NOW) and not claim(first, NOW)
    assert due(NOW)[0] == ["worse"] and due(NOW, "slack")[0] == names
    assert due(NOW + HOUR)[0] == names
    assert claim(first, NOW + HOUR)  # its sender died
    with opsdb.write() as session:
        deliveries.done(session, first.transition_id, "mail", NOW + HOUR)
        assert claim_in(session, second, NOW)
        deliveries.failed(session, second.transition_id, "mail", NOW, "refused")
    assert due(NOW)[0] == ["worse"]  # at once, for the sender's next try
    assert claim(second, NOW) and not claim(second, NOW)
    with opsdb.write() as session:
        deliveries.failed(session, second.transition_id, "mail", NOW, "refused")
    assert due(NOW + 9 * HOUR)[0] == ["worse"]
    assert not claim(first, NOW + 9 * HOUR)
    with opsdb.read() as session:
        assert [
            (one["what"], one["note"], one["delivered_at"])
            for one in deliveries.of_incident(session, number)
        ] == [("opened", None, NOW + HOUR), ("worse", "refused", None)]


def claim_in(session, transition, now):
    return deliveries.claim(session, transition.transition_id, "mail", now, again=HOUR)


def test_breaker_stands_as_its_newest_row_says_and_logs_turns_alone(opsdb):
    def turn(paused, person="ben"):
        with opsdb.write() as session:
            return breaker.turn(
                session, MODEL, paused=paused, person=person, reason="because", now=NOW
            )

    assert turn(False) is None  # it was never paused
    paused = turn(True, "millrace")
    assert turn(True) is None
    with opsdb.read() as session:
        assert breaker.is_paused(session, MODEL) == paused
        assert breaker.is_paused(session, "other") is None
    assert turn(False).person == "ben"
    with opsdb.read() as session:
        assert breaker.is_paused(session, MODEL) is None
        assert [row.paused for row in breaker.rows(session, MODEL)] == [True, False]
