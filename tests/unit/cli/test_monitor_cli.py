"""`millrace monitor` in a fresh home, as a person calls it."""

import pytest
from factories.monitoring import MODEL, NOW, calibration, day, moved, verdict, window
from typer.testing import CliRunner

from pipelines.cli import monitored
from pipelines.cli.main import app
from pipelines.contracts.monitoring import Limit, MonitorPolicy
from pipelines.errors import MisconfiguredError, RefusedError
from pipelines.monitoring.response import incidents as judge
from pipelines.opsdb import breaker, corrections, incidents, monitoring
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

POLICY = MonitorPolicy()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def db(home):
    return OpsDb.open(Settings(home=home))


def call(*words):
    done = CliRunner().invoke(app, ["monitor", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def drifted(db):
    found = verdict("retrain", severity="high", moved=["input/amount"], reasons=["amount moved"])
    record = window(60, verdict=found, signals=[moved()])
    with db.write() as session:
        corrections.lock(session, MODEL)
        monitoring.keep_window(session, window(59))
        monitoring.keep_window(session, record)
        causes = {"drift": ["Of category: `travel` 2.0% → 31.0%."]}
        [one] = judge.update(session, record, POLICY, NOW, causes=causes)
        return incidents.follow(session, one.incident_id, "A training was asked for: request 4.")


def test_status_of_a_fresh_home_says_what_to_do(home):
    lines = call("status", MODEL).splitlines()
    assert "There is no operations database yet: nothing was judged here." in lines
    assert lines[-2].split("\t") == [MODEL, "not judged yet", "", "", "", "none", "on"]
    assert lines[-1].endswith(f"then millrace monitor calibrate {MODEL}")
    assert not (home / "opsdb").exists(), "looking makes nothing"


def test_alerts_of_a_fresh_home_make_nothing(home):
    assert call("alerts").strip() == "no alert is open"
    assert not (home / "opsdb").exists(), "looking makes nothing"


def test_window_that_is_no_day_is_refused_before_anything_runs(home):
    said = call("calibrate", MODEL, "--window", "tomorrow")
    assert "'tomorrow'" in said and "'%Y-%m-%d'" in said


def test_status_says_verdict_since_when_what_moved_and_what_is_open(db):
    drifted(db)
    lines = call("status", MODEL).splitlines()
    assert lines[0].split("\t")[1:4] == ["verdict", "since", "window"]
    assert lines[1].split("\t") == [
        MODEL, "retrain (high)", day(60), day(60), "input/amount", "drift", "on",
    ]  # fmt: skip
    assert f"{MODEL}: amount moved" in lines
    assert "  A training was asked for: request 4." in lines
    assert "  runbook: docs/runbooks/drift.md" in lines


def test_alerts_are_the_open_ones_and_all_on_request(db):
    assert call("alerts").strip() == "no alert is open"
    one = drifted(db)
    said = call("alerts", MODEL)
    assert said.startswith(f"incident 1 (drift, high, open, last seen on {day(60)}): {MODEL}: ")
    assert "  Of category: `travel` 2.0% → 31.0%." in said.splitlines()
    with db.write() as session:
        incidents.close(session, one.incident_id, day(64), NOW)
    assert call("alerts").strip() == "no alert is open; of 1 alert that ended --all tells"
    assert "over since 2018-06-11 06:00Z" in call("alerts", "--all")


def test_a_named_person_pauses_and_resumes_and_both_are_on_record(db):
    with pytest.raises(RefusedError, match="not paused"):
        call("resume", MODEL, "--as", "ben", "--why", "because")
    assert "is paused by ben" in call("pause", MODEL, "--as", "ben", "--why", "zeros come in")
    said = call("status", MODEL)
    assert "\tpaused" in said
    assert "by ben: zeros come in. To let it go on: millrace monitor resume" in said
    with pytest.raises(RefusedError, match="by ben: zeros come in"):
        call("pause", MODEL, "--as", "ada", "--why", "because")
    assert f"millrace run score {MODEL}" in call("resume", MODEL, "--as", "ada", "--why", "mended")
    with db.read() as session:
        rows = breaker.rows(session, MODEL)
    assert [(row.paused, row.person, row.reason) for row in rows] == [
        (True, "ben", "zeros come in"), (False, "ada", "mended"),
    ]  # fmt: skip
    for wrong in (("--as", "Ben B", "--why", "because"), ("--as", "ben", "--why", "x")):
        with pytest.raises(MisconfiguredError, match="Give a user's name"):
            call("pause", MODEL, *wrong)


def test_calibration_is_told_with_its_false_alarms_and_what_it_finds(capsys):
    limits = (
        Limit(name="input/amount", limit=1, smallest_shift=0.5, past={"smallest_missing": 0.02}),
        Limit(name="input/category", limit=1, smallest_shift=0.1),
        Limit(name="volume/rows", limit=1, smallest_shift=0.3),
    )
    monitored.say_calibration(calibration(limits=limits, false_alarms_per_month=0.9))
    said = capsys.readouterr().out
    assert f"56 days, {day(0)} to {day(55)}" in said
    assert "expected false alarms: 0.90 a month, 0.5 are wanted at most" in said
    assert "56 days are too short a past to promise less" in said
    rows = [line.split("\t") for line in said.splitlines() if line.count("\t") == 2][1:]
    assert rows == [
        ["input/amount", "0.50 of its spread", "2.0% of the rows"],
        ["input/category", "10.0% of the rows change their value", "none that was tried"],
        ["volume/rows", "30.0% of the rows lost", ""],
    ]
