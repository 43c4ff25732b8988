"""score__<model>: what starts it, what it hands to the job, and what it does without a champion."""

import pytest
from factories.airflow import result_of

from pipelines.settings import PROJECT_ROOT

pytestmark = pytest.mark.airflow

# Run in a process of its own: Airflow reads its configuration at import.
_LOOK = """
import json, runpy, sys
from types import SimpleNamespace
from airflow.sdk.exceptions import AirflowSkipException
from millrace_airflow.scoring import choose
from pipelines.contracts.scoring import PINNED
from pipelines.errors import NotFoundError

pinned = {"version": 3, "role": "champion", "since": 7, "artefact_hash": "h"}
pinned["location"] = "file:///a 'b'"
dag = runpy.run_path(sys.argv[1])["chosen"].operator.dag
operator = dag.get_task("score")

def rendered(**params):
    ti = SimpleNamespace(xcom_pull=lambda task_ids: [pinned])
    return operator.render_template(
        operator.arguments, {"ti": ti, "params": {"days": None, "snapshot_id": None} | params}
    )

def outcome(run_type, **params):
    try:
        return choose("receipts", params=params, dag_run=SimpleNamespace(run_type=run_type))
    except (AirflowSkipException, NotFoundError) as error:
        return [type(error).__name__, str(error)]

plain = rendered()
print("RESULT" + json.dumps({
    "starts": repr(dag.timetable.asset_condition),
    "pinned": [json.loads(one.model_dump_json()) for one in PINNED.validate_json(plain[3])],
    "plain": plain[4:],
    "asked": rendered(days=["2026-01-05", "2026-01-06"], snapshot_id="12")[4:],
    "event": outcome("asset_triggered"),
    "hand": outcome("manual"),
    "version": outcome("manual", version=9),
}))
"""


@pytest.fixture(scope="module")
def seen(airflow_env: dict[str, str]) -> dict:
    return result_of(_LOOK, airflow_env, str(PROJECT_ROOT / "dags" / "score.py"))


def test_new_data_or_a_new_champion_starts_it(seen: dict) -> None:
    assert seen["starts"].startswith("AssetAny(")
    # The last model of the loop.
    assert "champion/receipts" in seen["starts"] and "data/receipts" in seen["starts"]


def test_job_gets_the_pinned_versions_days_and_snapshot(seen: dict) -> None:
    assert seen["pinned"] == [
        {
            "version": 3,
            "role": "champion",
            "since": 7,
            "location": "file:///a 'b'",
            "artefact_hash": "h",
        }
    ]
    assert seen["plain"] == ["--snapshot", "newest", "--days", ""]
    assert seen["asked"] == ["--snapshot", "12", "--days", "2026-01-05,2026-01-06"]


def test_run_of_an_event_is_skipped_and_a_persons_is_told_when_nobody_is_champion(
    seen: dict,
) -> None:
    kind, text = seen["event"]
    assert kind == "AirflowSkipException" and "no champion yet" in text
    kind, text = seen["hand"]
    assert kind == "NotFoundError" and "millrace approve receipts" in text
    kind, text = seen["version"]
    assert kind == "NotFoundError" and "receipts" in text
