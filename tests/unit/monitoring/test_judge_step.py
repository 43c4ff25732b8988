"""From sketches to what follows: quiet, an alarm that asks for a training, a stop."""

import subprocess
import sys
from datetime import timedelta

import pytest
from factories.monitoring import NOW, day, signal
from factories.watched import DATASET, MODEL, publish_tables, purchases, sketches
from fakes.registry import FakeRegistry

from pipelines import specs
from pipelines.contracts.monitor_result import MonitorPlan
from pipelines.lake import windows
from pipelines.lake.lake import Lake
from pipelines.monitoring import look, report, subject, system
from pipelines.monitoring.drift import rule
from pipelines.monitoring.look import Deps
from pipelines.monitoring.response import labels
from pipelines.monitoring.step import JudgeSpec, run
from pipelines.opsdb import breaker, corrections, incidents, monitoring, requests
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

SPEC = specs.model(MODEL)
# Evidently's page of each window has tests of its own, and takes seconds.
SPEC = SPEC.model_copy(update={"monitoring": SPEC.monitoring.model_copy(update={"report_rows": 0})})
REFERENCE = [day(number) for number in range(35)]


@pytest.fixture
def home(tmp_path, opsdb, monkeypatch):
    """Forty days of which the last ones are as the test says; nobody has scored them."""
    # The amount decides all: no model has to be trained to say so.
    champion = subject.Subject(importance={"amount": 1.0})
    monkeypatch.setattr(subject, "read", lambda *_, **__: champion)
    settings = Settings(home=tmp_path)
    return Home(Lake.open(settings), opsdb, settings)


class Home:
    def __init__(self, lake, db, settings):
        self.lake, self.db, self.settings = lake, db, settings
        self.reference = None

    def publish(self, quarantined=0, count=600, until=40, **changes):
        """Days 35 to 39, those before `until` with the changes."""
        rows = {one: purchases(one, 600) for one in REFERENCE}
        publish_tables(self.lake, DATASET, rows)
        new = {
            day(n): purchases(day(n), count, **(changes if n < until else {}))
            for n in range(35, 40)
        }
        publish_tables(self.lake, DATASET, new, quarantined)
        self.binning = sketches(self.lake, rows | new, REFERENCE)

    def judge(self, *windows, binning="", now=NOW, settles=None):
        plan = MonitorPlan(
            model=MODEL, windows=[day(one) for one in windows], days=[],
            reference=self.reference, binning=None, reference_days=REFERENCE, settles=settles,
        )  # fmt: skip
        deps = Deps(self.lake, self.db, FakeRegistry(SPEC), self.settings, now)
        found = run(
            JudgeSpec(model=SPEC, plan=plan, binning=self.binning if binning == "" else binning),
            deps,
        )
        self.reference = found.reference
        return found

    def read(self, what, *arguments, **more):
        with self.db.read() as session:
            return what(session, *arguments, **more)


def test_days_like_the_past_are_quiet_and_the_same_run_again_changes_nothing(home):
    home.publish()
    found = home.judge(35, 36, 37, 38, 39)
    assert found.calibrated and [one.decision for one in found.windows] == ["quiet"] * 5
    assert (found.incidents, found.paused, found.request_id) == ([], False, None)
    before = home.read(monitoring.windows, MODEL)
    again = home.judge(35, 36, 37, 38, 39, now=NOW + timedelta(days=1))
    assert not again.calibrated and [one.changed for one in again.windows] == [False] * 5
    assert home.read(monitoring.windows, MODEL) == before
    record = before[0]
    assert (record.window, record.rows, record.version) == (day(39), 600, None)
    assert {"input/amount", "volume/rows", "volume/freshness"} <= {
        one.name for one in record.signals
    }


def test_judging_imports_no_library_that_costs_more_than_the_windows():
    heavy = {"mlflow", "pandas", "sklearn", "evidently", "scipy.stats", "scipy.optimize"}
    found = f"import sys, pipelines.monitoring.step; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


def test_the_past_is_drawn_and_the_sketches_are_read_once_for_all_windows(home, monkeypatch):
    home.publish()
    home.judge(35)
    counted = []
    for module, name in ((rule, "watched"), (windows, "read"), (look, "published_days")):
        whole = getattr(module, name)
        monkeypatch.setattr(
            module,
            name,
            lambda *a, _what=whole, _name=name, **k: counted.append(_name) or _what(*a, **k),
        )
    home.judge(36, 37, 38, 39)
    assert sorted(counted) == ["published_days", "read", "watched"]


def test_how_long_the_steps_took_is_no_news_unless_it_is_an_alarm(home, monkeypatch):
    def takes(seconds, **different):
        one = signal("system/score.seconds", value=seconds, limit=20.0, **different)
        monkeypatch.setattr(system, "signals", lambda *_, **__: [one])

    home.publish()
    takes(10.0)
    assert home.judge(35).windows[0].changed
    takes(11.0)
    assert not home.judge(35).windows[0].changed
    takes(50.0, exceeded=True, alarm=True)
    [slow] = home.judge(35).windows
    assert (slow.changed, slow.decision) == (True, "alert")


def test_page_of_a_window_is_drawn_once(home, monkeypatch):
    drawn = []
    monkeypatch.setattr(report, "write", lambda spec, *, days, **_: drawn.append(days) or "a.html")
    home.publish()
    assert home.judge(35, 36).report == "a.html" and drawn == [[day(36)]]
    before = home.read(monitoring.windows, MODEL)
    assert home.judge(35, 36, now=NOW + timedelta(days=1)).report == "a.html"
    assert len(drawn) == 1 and home.read(monitoring.windows, MODEL) == before


def test_moved_amounts_are_one_incident_with_its_cause_and_one_request(home):
    home.publish(factor=3.0)
    found = home.judge(35, 36, 37)
    assert [one.decision for one in found.windows][1:] == ["retrain", "retrain"]
    [one] = home.read(incidents.still_open, MODEL)
    assert (one.kind, one.since, one.last) == ("drift", day(35), day(37))
    assert one.headline.startswith("card_fraud: input/amount") and day(35) in one.headline
    assert any("input/amount 100%" in cause for cause in one.causes)
    # Too few days of the regime have labels: it waits, and says so.
    assert one.request_id is None
    assert "5 days since" in one.follows and "too few days" in one.follows
    assert not found.labels_wanted and found.request_id is None
    assert [each.what for each in home.read(incidents.transitions, one.incident_id)] == ["opened"]


def test_incident_asks_once_enough_of_its_regime_is_labelled(home):
    home.publish(factor=3.0)
    home.judge(35, 36)
    later = {day(n): purchases(day(n), 600, factor=3.0) for n in range(40, 62)}
    publish_tables(home.lake, DATASET, later)
    found = home.judge(37)
    assert found.request_id == 1
    [one] = home.read(incidents.still_open, MODEL)
    assert one.request_id == 1 and not found.labels_wanted
    request = home.read(requests.get, 1)
    assert [reason.detail for reason in request.reasons] == [one.headline]
    assert home.judge(36, 37).request_id == 1
    assert len(home.read(requests.latest, MODEL)) == 1


def test_incident_that_has_ended_by_the_last_window_asks_for_nothing(home):
    home.publish(factor=3.0, until=37)
    home.judge(35)
    publish_tables(home.lake, DATASET, {day(n): purchases(day(n), 600) for n in range(40, 62)})
    found = home.judge(36, 37, 38, 39)
    assert found.windows[0].decision == "retrain"
    assert (found.incidents, found.request_id) == ([], None)
    assert home.read(requests.latest, MODEL) == []


def test_labels_are_counted_while_others_may_write(home, monkeypatch):
    def counted(*_):
        with home.db.write() as session:  # as reviewers do, who cannot wait for the lake
            corrections.lock(session, MODEL)
        return 5_000, 40

    monkeypatch.setattr(labels, "labelled_since", counted)
    home.publish(factor=3.0)
    assert home.judge(35, 36).request_id == 1


def test_amounts_that_are_gone_pause_scoring_until_a_person_says_so(home):
    home.publish(missing=0.9)
    found = home.judge(35)
    assert [one.decision for one in found.windows] == ["stop"] and found.paused
    row = home.read(breaker.is_paused, MODEL)
    assert row.person == "millrace" and "input/amount is missing in" in row.reason
    assert "stop" in {one.kind for one in home.read(incidents.still_open, MODEL)}


def test_rows_in_quarantine_stop_it_too_and_their_rules_are_the_cause(home):
    home.publish(quarantined=3_000)
    found = home.judge(35)
    assert found.windows[0].decision == "stop" and "83.3% of the window" in found.windows[0].reason
    one = next(one for one in home.read(incidents.still_open, MODEL) if one.kind == "stop")
    assert one.causes == ["Rows in quarantine by rule: bad time (3000)."]


def test_window_that_could_not_be_sketched_is_an_alert_and_is_judged_again(home):
    home.publish()
    found = home.judge(35, 36, binning=None)
    assert [(one.window, one.decision) for one in found.windows] == [(day(36), "alert")]
    assert home.read(monitoring.window, MODEL, day(36)).reference == ""
    [one] = home.read(incidents.still_open, MODEL)
    assert one.kind == "system"
    home.reference = None
    assert [one.decision for one in home.judge(36, 37, 38).windows] == ["quiet"] * 3
    assert home.read(incidents.still_open, MODEL) == []
    # What is known of a window stays known.
    assert home.judge(38, binning=None).windows == []
    assert home.read(monitoring.window, MODEL, day(38)).verdict.decision == "quiet"


def test_windows_of_the_past_are_kept_and_open_nothing(home):
    home.publish(factor=3.0)
    home.judge(39)
    before = home.read(incidents.latest, MODEL)
    home.judge(35, 36, 37)
    assert home.read(incidents.latest, MODEL) == before
    assert len(home.read(monitoring.windows, MODEL)) == 4


def test_nothing_came_is_judged_too(home):
    home.publish()
    found = home.judge(42)
    assert found.windows[0].decision == "alert"
    record = home.read(monitoring.window, MODEL, day(42))
    assert record.rows == 0 and "volume/freshness" in record.verdict.moved
    [one] = home.read(incidents.still_open, MODEL)
    assert one.kind == "volume" and f"no new rows since {day(39)}: 72 hours" in one.headline


def test_inputs_are_shown_and_not_judged_while_the_champion_knows_more_than_the_reference(home):
    home.publish(factor=3.0)
    found = home.judge(35, 36, settles=day(35))
    assert [one.decision for one in found.windows] == ["quiet"] * 2
    record = home.read(monitoring.window, MODEL, day(36))
    amount = next(one for one in record.signals if one.name == "input/amount")
    assert amount.limit is None and "older than" in amount.sentence


def test_quality_that_cannot_be_read_is_no_quiet_window(home, monkeypatch):
    from pipelines.errors import TransientError
    from pipelines.monitoring.quality import signals as quality

    def away(*_, **__):
        raise TransientError("the lake is away")

    monkeypatch.setattr(quality, "signals", away)
    home.publish()
    found = home.judge(35)
    assert found.windows[0].decision == "alert" and "quality could not" in found.windows[0].reason
