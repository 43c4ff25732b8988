"""Who is asked by an operator that waits for an approver, and until when."""

import json

import pytest
from factories.airflow import result_of

from pipelines.settings import PROJECT_ROOT

pytestmark = pytest.mark.airflow

# In a process of its own: Airflow reads its configuration at import.
_ASK = """
import json, sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from airflow.providers.standard.operators import hitl
from millrace_airflow.approval import FORM, ApproverOperator, Question
from pipelines.errors import RefusedError

approvers, author, hours = json.loads(sys.argv[1])
asked = {}
hitl.upsert_hitl_detail = lambda **given: asked.update(given)

class Asking(ApproverOperator):
    def question(self, context):
        until = datetime.now(UTC) + timedelta(hours=hours)
        return Question("subject", "body", author, until, "worse")

operator = Asking(
    task_id="ask", model="receipts", approvers=approvers, options=["Yes", "No"], safe="No",
    params=FORM, response_timeout=timedelta(hours=1),
)
try:
    operator.execute({"task_instance": SimpleNamespace(id="1")})
except RefusedError as refused:
    asked["refused"] = str(refused)
except hitl.TaskAwaitingInput as waiting:
    asked["seconds"] = waiting.timeout.total_seconds()
print("RESULT" + json.dumps(asked, default=str))
"""


def ask(environ: dict[str, str], *arguments: object) -> dict:
    found: dict = result_of(_ASK, environ, json.dumps(arguments))
    return found


def test_author_is_not_asked_and_the_reason_stands_there_already(
    airflow_env: dict[str, str],
) -> None:
    asked = ask(airflow_env, ["ben", "ada"], "ben", 2)
    assert [user["id"] for user in asked["assigned_users"]] == ["ada"]
    assert asked["params"]["why"]["value"] == "worse"
    assert asked["defaults"] == ["No"]
    assert 7_100 < asked["seconds"] <= 7_200, "until the request expires, not as parsed"


def test_nobody_is_asked_when_the_only_approver_is_the_author(airflow_env: dict[str, str]) -> None:
    asked = ask(airflow_env, ["ben"], "ben", 2)
    assert "ben made the version and is the only approver of receipts" in asked["refused"]
    assert "subject" not in asked, "without respondents Airflow would take anybody's word"


def test_question_that_is_over_already_ends_at_once(airflow_env: dict[str, str]) -> None:
    assert ask(airflow_env, ["ben"], "cy", -1)["seconds"] == 1


# The real DAG; what needs a registry with models in it is told.
_ROLL_BACK = """
import json, sys
from types import SimpleNamespace
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators import hitl
from millrace_airflow import author, decisions
from pipelines.contracts.decision import Preflight
from pipelines.governance import presentation

dag = DagBag(sys.argv[1], bundle_name="dags-folder").dags["rollback__receipts"]
ask, promote = dag.get_task("ask"), dag.get_task("promote")
hitl.upsert_hitl_detail = lambda **given: None
seen = Preflight(model="receipts", champion=3, version=1, author="cy", artefact_hash="h", seen=[])
decisions.preflight = lambda model, version: seen.model_copy(update={"version": version})
author.who_started = lambda context: "ada"
presentation.rollback_words = lambda prepared, *rest: (f"back to {prepared.version}?", "body")
pushed = {}
ti = SimpleNamespace(id="1", xcom_push=lambda key, value: pushed.update({key: value}))
params = {"why": "worse", "version": 2}
try:
    ask.execute({"task_instance": ti, "ti": ti, "params": params})
except hitl.TaskAwaitingInput:
    pulled = {name: (one.operator.task_id, one.key) for name, one in promote.op_kwargs.items()}
    told = {"pushed": pushed, "pulled": pulled, "subject": ask.subject}
    print("RESULT" + json.dumps(told))
"""


def test_what_the_preflight_saw_goes_from_the_question_to_the_promotion(
    airflow_env: dict[str, str],
) -> None:
    told = result_of(_ROLL_BACK, airflow_env, str(PROJECT_ROOT / "dags"))
    assert told["subject"] == "back to 2?"
    assert told["pulled"] == {"prepared": ["ask", "prepared"], "response": ["ask", "return_value"]}
    assert told["pushed"]["prepared"]["version"] == 2
