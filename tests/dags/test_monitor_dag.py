"""monitor__<model>: what starts it, which windows it takes, and that nothing unread is quiet."""

import pytest
from factories.airflow import result_of

from pipelines.settings import PROJECT_ROOT

pytestmark = pytest.mark.airflow

# Run in a process of its own: Airflow reads its configuration at import.
_LOOK = """
import json, runpy, sys
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.serialization.serialized_objects import DagSerialization
from factories.watched import publish
from millrace_airflow import monitoring, scoring
from pipelines import settings
from pipelines.errors import MillraceError
from pipelines.opsdb import breaker
from pipelines.opsdb.database import OpsDb

dag = runpy.run_path(sys.argv[1])["told"].operator.dag
stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
operator = dag.get_task("sketch")

def rendered(plan):
    ti = SimpleNamespace(xcom_pull=lambda task_ids: plan)
    return operator.render_template(operator.arguments, {"ti": ti})[2:]

def outcome(task, run_type="manual", day=None, **params):
    at = None if day is None else datetime.fromisoformat(day).replace(tzinfo=UTC, hour=6)
    run = SimpleNamespace(run_type=run_type, logical_date=at, run_id="r")
    try:
        return task("card_fraud", params=params, dag_run=run)
    except (AirflowSkipException, AirflowFailException, MillraceError) as error:
        return [type(error).__name__, str(error)]

first = stored.next_dagrun_info(last_automated_run_info=None)
empty = {"hand": outcome(monitoring.window), "event": outcome(monitoring.window, "asset_triggered")}
publish(settings.load(), "card_transactions", {
    (date(2026, 3, 2) + timedelta(days=one)).isoformat(): 3 for one in range(40)
})
found = {
    "tasks": {one.task_id: [one.trigger_rule.value, sorted(one.upstream_task_ids)]
              for one in dag.tasks},
    "starts": repr(dag.timetable.asset_condition),
    "late": (first.run_after - first.logical_date).total_seconds() / 3600,
    "kept": rendered({"days": ["2026-01-05", "2026-01-06"], "binning": "b1",
                      "reference_days": ["2026-01-01"]}),
    "new": rendered({"days": ["2026-01-01", "2026-01-05"], "binning": None,
                     "reference_days": ["2026-01-01"]}),
    "empty": empty,
    "all": outcome(monitoring.window, "asset_triggered"),
    "named": outcome(monitoring.window, window="2026-04-05"),
    "early": outcome(monitoring.window, window="2026-03-05"),
    "scheduled": outcome(monitoring.window, "scheduled", "2026-04-06"),
    "silent": outcome(monitoring.window, "scheduled", "2026-11-20"),
    "calibrate": outcome(monitoring.window, calibrate=True),
}
with OpsDb.open(settings.load()).write() as session:
    breaker.turn(session, "card_fraud", paused=True, person="millrace", reason="amount is gone.",
                 now=datetime(2026, 4, 11, tzinfo=UTC))
found["paused"] = {
    "event": outcome(scoring.choose, "asset_triggered"), "hand": outcome(scoring.choose),
}
ti = SimpleNamespace(xcom_pull=lambda task_ids: None)
try:
    monitoring.judge("card_fraud", planned=found["named"], ti=ti)
except AirflowFailException as error:
    found["unread"] = str(error)
print("RESULT" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def seen(airflow_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict:
    home = tmp_path_factory.mktemp("monitored")
    environ = airflow_env | {"MILLRACE_HOME": str(home), "PYTHONPATH": str(PROJECT_ROOT / "tests")}
    return result_of(_LOOK, environ, str(PROJECT_ROOT / "dags" / "monitor.py"))


def test_scoring_or_its_time_starts_it_and_its_date_is_the_day_before(seen: dict) -> None:
    assert "scored/receipts" in seen["starts"]  # the last model of the loop
    assert seen["late"] == 24


def test_what_cannot_be_sketched_is_judged_and_the_run_fails(seen: dict) -> None:
    assert seen["tasks"] == {
        "window": ["all_success", []],
        "sketch": ["all_success", ["window"]],
        "judge": ["all_done_min_one_success", ["sketch", "window"]],
        "retrain": ["all_success", ["judge"]],
        "tell": ["all_done_min_one_success", ["judge", "window"]],
    }
    assert "could not be sketched" in seen["unread"]


def test_job_gets_the_days_and_its_bins_or_the_days_to_choose_them_from(seen: dict) -> None:
    assert seen["kept"] == ["--days", "2026-01-05,2026-01-06", "--binning", "b1"]
    assert seen["new"] == ["--days", "2026-01-01,2026-01-05", "--choose", "2026-01-01"]


def test_windows_are_the_named_one_or_the_day_of_the_run(seen: dict) -> None:
    named, scheduled = seen["named"], seen["scheduled"]
    assert (named["windows"], named["reference"]) == (["2026-04-05"], None)
    assert (named["reference_days"][0], named["reference_days"][-1]) == ("2026-03-02", "2026-04-04")
    assert scheduled["windows"] == ["2026-04-06"]


def test_first_run_and_a_wish_to_calibrate_make_a_reference_of_the_newest_days(seen: dict) -> None:
    for run in ("all", "calibrate"):
        assert seen[run]["windows"] == [] and seen[run]["reference"] is None
        assert seen[run]["reference_days"][-1] == "2026-04-10"


def test_run_of_an_event_is_skipped_and_a_persons_is_told_when_nothing_can_be_judged(
    seen: dict,
) -> None:
    kind, text = seen["empty"]["event"]
    assert kind == "AirflowSkipException" and "millrace ingest card_transactions" in text
    assert seen["empty"]["hand"][0] == "NotFoundError"
    kind, text = seen["early"]
    assert kind == "BadDataError" and "3 published days before 2026-03-05" in text
    kind, text = seen["silent"]
    assert kind == "AirflowSkipException" and "there is no stream to watch" in text


def test_scoring_is_skipped_with_the_reason_while_it_is_paused(seen: dict) -> None:
    kind, text = seen["paused"]["event"]
    assert kind == "AirflowSkipException" and "paused since 2026-04-11 00:00Z by millrace" in text
    kind, text = seen["paused"]["hand"]
    assert kind == "RefusedError" and "millrace monitor resume card_fraud" in text
