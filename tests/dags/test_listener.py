"""What Airflow tells our listener, in real runs of a small DAG."""

import json
from pathlib import Path

import pytest
from factories.airflow import result_of, result_of_dags

from pipelines.opsdb import steps
from pipelines.opsdb.database import OpsDb
from pipelines.services import home
from pipelines.services.environment import full_environment
from pipelines.settings import Settings
from pipelines.telemetry import trace

pytestmark = pytest.mark.airflow

# Card number, account and merchant stand in the message of an error, as careless code writes them.
_DAG = """
import os
from datetime import timedelta
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

def count():
    print("PARENT", os.environ["TRACEPARENT"])
    return {"rows_in": 10, "rows_published": 8, "rows_quarantined": 2, "cost": 0.25}

def skip():
    raise AirflowSkipException("nothing is new")

def fail():
    raise ValueError("4111 1111 1111 1111 of DE89370400440532013000 at SECRET MERCHANT")

for dag_id in ("ingest__probe", "foreign"):
    with DAG(dag_id, schedule=None, catchup=False):
        first = task(task_id="count")(count)()
        later = task(task_id="skip")(skip)()
        if dag_id != "foreign":
            bad = task(task_id="fail", retries=0)(fail)()
            first >> later
            first >> bad
"""

_RUN = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1], bundle_name="dags-folder")
assert bag.import_errors == {}, bag.import_errors
runs = {name: bag.dags[name].test().run_id for name in ("ingest__probe", "foreign")}
print("RESULT" + json.dumps(runs))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    found = Settings(
        home=tmp_path_factory.mktemp("listened"), compute_cost_per_hour=3600, airflow_port=0
    )
    home.prepare(found)
    return found


@pytest.fixture(scope="module")
def runs(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("dags")
    found: dict[str, str] = result_of_dags(_RUN, _DAG, folder, settings)
    return found


def test_attempts_are_on_record_with_rows_and_cost(settings: Settings, runs: dict) -> None:
    with OpsDb.open(settings).read() as session:
        found = {one.task_id: one for _, one in steps.after(session, 0)}
    assert {(one.dag_id, one.run_id) for one in found.values()} == {
        ("ingest__probe", runs["ingest__probe"])
    }
    assert {name: one.state for name, one in found.items()} == {
        "count": "success", "skip": "skipped", "fail": "failed"
    }  # fmt: skip
    count = found["count"]
    assert (count.rows_in, count.rows_out, count.rows_quarantined) == (10, 8, 2)
    assert count.cost == 0.25, "the step's own word on its cost goes before the rate"
    assert found["skip"].rows_in is None
    # At 3,600 an hour a second costs 1, and a task is charged what it worked.
    assert 0 < found["fail"].cost <= found["fail"].seconds


def test_run_is_on_record_with_its_end(settings: Settings, runs: dict) -> None:
    with OpsDb.open(settings).read() as session:
        ((family, name, state, count, seconds),) = steps.runs_by_state(session)
    assert (family, name, state, count) == ("ingest", "probe", "failed", 1)
    assert seconds > 0


def test_spans_of_a_run_are_one_trace_without_personal_data(settings: Settings, runs: dict) -> None:
    text = (settings.telemetry / trace.FILE).read_text()
    spans = {one["name"]: one for one in map(json.loads, text.splitlines())}
    run_id = runs["ingest__probe"]
    assert set(spans) == {
        "ingest__probe",
        *(f"ingest__probe.{t}" for t in ("count", "skip", "fail")),
    }
    wanted = "0x" + trace.trace_id("ingest__probe", run_id)
    assert {one["context"]["trace_id"] for one in spans.values()} == {wanted}
    root = spans["ingest__probe"]["context"]["span_id"]
    assert spans["ingest__probe"]["parent_id"] is None
    assert {one["parent_id"] for name, one in spans.items() if "." in name} == {root}
    assert spans["ingest__probe.fail"]["status"] == {
        "status_code": "ERROR", "description": "ValueError"
    }  # fmt: skip
    assert spans["ingest__probe.count"]["attributes"]["rows_in"] == 10
    for personal in ("4111", "DE89", "SECRET"):
        assert personal not in text


_TELL = """
import json, logging, sqlite3, sys, time
from datetime import UTC, datetime
from types import SimpleNamespace
from millrace_airflow.listener import TelemetryListener
from pipelines.settings import load
logging.basicConfig(stream=sys.stderr)
path = load().operations_uri.removeprefix("sqlite:///")
held = sqlite3.connect(path, isolation_level=None)
if sys.argv[1] == "locked":
    held.execute("begin immediate")
listener, took = TelemetryListener(), []
for number in range(2):
    ti = SimpleNamespace(
        dag_id="score__probe", run_id=sys.argv[1], task_id="score", map_index=-1,
        try_number=number, start_date=datetime.now(UTC), end_date=None, state="up_for_retry",
    )
    begin = time.monotonic()
    listener.on_task_instance_running(task_instance=ti)
    listener.on_task_instance_failed(task_instance=ti, error=KeyError("SECRET"))
    listener.on_dag_run_failed(dag_run=SimpleNamespace(dag_id="score__probe"))
    took.append(time.monotonic() - begin)
print("RESULT" + json.dumps(took))
"""


@pytest.mark.parametrize("state", ["locked", "broken", "free"])
def test_task_goes_on_when_the_database_is_away(state: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", airflow_port=0)
    home.prepare(settings)
    if state == "broken":
        path = Path(settings.operations_uri.removeprefix("sqlite:///"))
        path.write_bytes(b"nothing of a database" * 100)
    took = result_of(_TELL, full_environment(settings), state)
    # A write waits a second at most; the rest is for a busy machine.
    assert took[-1] < 4.0
    span = (settings.telemetry / trace.FILE).read_text()
    assert "score__probe.score" in span and "SECRET" not in span
    if state == "free":
        with OpsDb.open(settings).read() as session:
            found = [one for _, one in steps.after(session, 0)]
        assert [one.state for one in found] == ["retry", "retry"]
