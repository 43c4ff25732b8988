"""The DAG files as Airflow reads them: without errors, at low cost, and fit for people."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from factories.airflow import result_of

from pipelines import specs
from pipelines.settings import PROJECT_ROOT

pytestmark = pytest.mark.airflow

DAGS = PROJECT_ROOT / "dags"

# Run in a process of its own: Airflow reads its configuration at import.
_LOAD = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag(sys.argv[1], bundle_name="dags-folder")

def dates(dag):
    # Logical dates of the first two runs that the schedule starts.
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    first = stored.next_dagrun_info(last_automated_run_info=None)
    second = first and stored.next_dagrun_info(last_automated_run_info=first)
    return [str(one.logical_date) for one in (first, second) if one]

dags = {
    name: {
        "doc": dag.doc_md, "params": {
            key: {**(param := dag.params.get_param(key)).schema, "description": param.description}
            for key in dag.params
        },
        "max_active_runs": dag.max_active_runs, "timeout": dag.dagrun_timeout is not None,
        "tasks": {
            task.task_id: {
                "timeout": (task.execution_timeout or getattr(task, "response_timeout", None))
                is not None,
                "retries": task.retries,
                "policy": task.retry_policy is not None, "owner": task.owner,
            }
            for task in dag.tasks
        },
        "dates": dates(dag), "serialized": len(json.dumps(DagSerialization.to_dict(dag))),
    }
    for name, dag in bag.dags.items()
}
print("RESULT" + json.dumps({"errors": bag.import_errors, "dags": dags}))
"""


@pytest.fixture(scope="module")
def loaded(airflow_env: dict[str, str]) -> dict:
    return result_of(_LOAD, airflow_env, str(DAGS))


def test_dags_import_without_errors(loaded: dict) -> None:
    assert loaded["errors"] == {}


def test_runs_of_a_schedule_have_dates_of_their_own(loaded: dict) -> None:
    # Airflow makes no second run of one date; it waits for ever instead.
    scheduled = {name: dag["dates"] for name, dag in loaded["dags"].items() if dag["dates"]}
    assert "corrections__receipts" in scheduled
    for name, dates in scheduled.items():
        assert len(set(dates)) == 2, f"{name}: {dates}"


def test_every_dataset_and_model_has_its_dags(loaded: dict) -> None:
    wanted = {f"ingest__{name}" for name in specs.dataset_names()}
    wanted |= {
        f"{family}__{name}"
        for family in ("train", "decide", "rollback", "score")
        for name in specs.model_names()
    }
    assert wanted <= set(loaded["dags"])


def test_every_dag_has_a_runbook_and_limits(loaded: dict) -> None:
    for name, dag in loaded["dags"].items():
        assert dag["doc"] and "When it fails" in dag["doc"], name
        assert dag["timeout"], name
        # Decisions wait for people, each beside the others; all else runs in order.
        waits = name.startswith(("decide__", "rollback__"))
        assert (dag["max_active_runs"] == 1) != waits, name


def test_every_task_has_a_timeout_an_owner_and_a_retry_policy(loaded: dict) -> None:
    for name, dag in loaded["dags"].items():
        for task_id, task in dag["tasks"].items():
            assert task["timeout"], (name, task_id)
            assert task["policy"] and task["retries"] >= 1, (name, task_id)
            assert task["owner"] != "airflow", (name, task_id)


def test_every_param_is_typed_and_explained(loaded: dict) -> None:
    for name, dag in loaded["dags"].items():
        for param, schema in dag["params"].items():
            assert schema.get("type"), (name, param)
            assert schema.get("title") and schema.get("description"), (name, param)


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_dag_files_are_wiring_only(path: Path) -> None:
    """No function, class or heavy import: what a DAG does is in the rooms it wires."""
    tree = ast.parse(path.read_text())
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ], "functions belong to millrace_airflow"
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").split(".")[0])
    assert roots <= {"airflow", "millrace_airflow", "datetime"}


_PARSE_OFFLINE = """
import socket, sqlite3, sys
import airflow.sdk
def refuse(*args, **kwargs): raise AssertionError("network or database at parse")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
import sqlalchemy.engine
sqlalchemy.engine.Engine.connect = refuse
before = set(sys.modules)
import runpy
for path in sys.argv[1:]:
    runpy.run_path(path)
heavy = {"mlflow", "great_expectations", "pandas", "pyspark", "lightgbm", "sklearn", "pyiceberg"}
found = {name.split(".")[0] for name in sys.modules} & heavy
assert not found, f"heavy imports at parse: {found}"
"""


def test_parsing_needs_no_network_no_database_and_no_heavy_import(
    airflow_env: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PARSE_OFFLINE, *map(str, sorted(DAGS.glob("*.py")))],
        env=airflow_env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


_PLAIN = """
from airflow.sdk import CronTriggerTimetable, Param, dag, task

def step() -> None: ...

for name, tasks, params in {shapes}:
    @dag(
        dag_id=name,
        schedule=CronTriggerTimetable("@daily", timezone="UTC"),
        params={{param: Param("", type="string") for param in params}},
    )
    def plain():
        for one in tasks:
            task(task_id=one)(step)()

    plain()
"""

_CALLS = """
import sys
calls = 0
def count(frame, event, argument):
    global calls
    calls += event in ("call", "c_call")
sys.setprofile(count)
import airflow.sdk, runpy
for path in sys.argv[1:]:
    runpy.run_path(path)
sys.setprofile(None)
print(calls)
"""


def test_parsing_costs_little_more_than_airflow_itself(
    airflow_env: dict[str, str], loaded: dict, tmp_path: Path
) -> None:
    """In calls of functions, which no other load of the machine changes.

    Beside a file of as many plain DAGs with tasks and params of the same names: a further model
    costs what its DAGs cost in Airflow. `make bench` has the seconds, beside a bare
    `import airflow.sdk`.
    """

    def calls(*paths: Path) -> int:
        done = subprocess.run(
            [sys.executable, "-c", _CALLS, *map(str, paths)],
            env=airflow_env,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return int(done.stdout.splitlines()[-1])

    shapes = [
        (name, sorted(dag["tasks"]), sorted(dag["params"])) for name, dag in loaded["dags"].items()
    ]
    plain = tmp_path / "plain.py"
    plain.write_text(_PLAIN.format(shapes=shapes))
    calls(plain)  # byte code of what no process has imported yet is made here
    assert calls(*sorted(DAGS.glob("*.py"))) <= 1.1 * calls(plain)
