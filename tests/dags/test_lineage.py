"""OpenLineage events of a real run, as the provider wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest
from factories.airflow import result_of_dags

from pipelines.services import home
from pipelines.services.environment import airflow_environment, full_environment
from pipelines.settings import Settings
from pipelines.telemetry.trace import LINEAGE_FILE

pytestmark = pytest.mark.airflow

_DAG = """
from airflow.sdk import DAG, task
from millrace_airflow import assets
from millrace_airflow.spark import _lineage_parent

def compute(**context):
    table = {"table": "millrace.features_card_fraud", "snapshot_id": 7}
    return {**table, "input_snapshot_id": 5, "parent": _lineage_parent(context)}

with DAG("train__card_fraud", schedule=None, catchup=False):
    made = task(task_id="features")(compute)()
    done = task(
        task_id="register", inlets=[assets.published("card_transactions")],
        outlets=[assets.registered("card_fraud")],
    )(lambda: {"model": "card_fraud", "version": 3, "model_uri": "models:/card_fraud/3"})()
    made >> done
"""

_RUN = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select
bag = DagBag(sys.argv[1], bundle_name="dags-folder")
assert bag.import_errors == {}, bag.import_errors
run = bag.dags["train__card_fraud"].test()
with create_session() as session:
    told = select(XComModel.value).where(XComModel.task_id == "features")
    value = session.scalars(told.where(XComModel.key == "return_value")).one()
value = json.loads(value) if isinstance(value, str) else value
print("RESULT" + json.dumps([run.run_id, str(run.state), value["parent"]]))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    found = Settings(home=tmp_path_factory.mktemp("lineage"), lineage="file", airflow_port=0)
    home.prepare(found)
    return found


@pytest.fixture(scope="module")
def ran(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    """The run, and what a Spark job of its first task would be told."""
    folder = tmp_path_factory.mktemp("dags")
    run_id, state, parent = result_of_dags(_RUN, _DAG, folder, settings)
    assert state == "success"
    return run_id, parent


@pytest.fixture(scope="module")
def events(settings: Settings, ran: tuple[str, dict]) -> list[dict[str, Any]]:
    lines = (settings.telemetry / LINEAGE_FILE).read_text().splitlines()
    return [json.loads(line) for line in lines]


def complete(events: list[dict[str, Any]], task: str) -> dict[str, Any]:
    (found,) = [
        event
        for event in events
        if event["job"]["name"] == f"train__card_fraud.{task}" and event["eventType"] == "COMPLETE"
    ]
    return found


def named(datasets: list[dict[str, Any]]) -> dict[str, str | None]:
    """Snapshot by name of dataset."""
    return {
        one["name"]: one.get("facets", {}).get("version", {}).get("datasetVersion")
        for one in datasets
    }


def test_events_name_run_job_inputs_and_outputs(settings: Settings, events: list) -> None:
    features = complete(events, "features")
    assert features["job"]["namespace"] == "millrace"
    assert named(features["inputs"]) == {"millrace.card_transactions": "5"}
    assert named(features["outputs"]) == {"millrace.features_card_fraud": "7"}
    assert {one["namespace"] for one in features["inputs"]} == {settings.warehouse}
    register = complete(events, "register")
    assert named(register["inputs"]) == {"millrace.card_transactions": None}
    assert named(register["outputs"]) == {"model/card_fraud": None, "models:/card_fraud/3": None}


def test_every_task_belongs_to_its_run_and_a_spark_job_to_its_task(ran, events: list) -> None:
    run_id, parent = ran
    of_run = [event for event in events if event["job"]["name"] == "train__card_fraud"]
    assert {e["run"]["facets"]["airflowDagRun"]["dagRun"]["run_id"] for e in of_run} == {run_id}
    (run,) = {event["run"]["runId"] for event in of_run}
    for task in ("features", "register"):
        facet = complete(events, task)["run"]["facets"]["parent"]
        assert (facet["run"]["runId"], facet["job"]["name"]) == (run, "train__card_fraud")
    assert parent["spark.openlineage.rootParentRunId"] == run
    assert parent["spark.openlineage.parentRunId"] == complete(events, "features")["run"]["runId"]
    assert parent["spark.openlineage.parentJobName"] == "train__card_fraud.features"


def test_lineage_is_off_by_default_whatever_the_caller_has_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", '{"type": "console"}')
    settings = Settings(home=tmp_path)
    home.prepare(settings)
    assert full_environment(settings)["AIRFLOW__OPENLINEAGE__DISABLED"] == "true"


def test_address_is_split_as_the_provider_wants_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, lineage="https://marquez:5000/api/v2/lineage")
    home.prepare(settings)
    found = json.loads(airflow_environment(settings)["AIRFLOW__OPENLINEAGE__TRANSPORT"])
    assert (found["url"], found["endpoint"]) == ("https://marquez:5000", "api/v2/lineage")
