"""Who may see the evidence, asked of Airflow's own API server with its own sign-in."""

import pytest
from factories.airflow import result_of

from pipelines.services import secrets

pytestmark = pytest.mark.airflow

# In a process of its own: Airflow reads its configuration at import. `readable` stands for what
# an auth manager with finer roles answers; the simple one lets everybody read every DAG.
_ASK = """
import json, sys
from airflow.api_fastapi.app import create_app
from fastapi.testclient import TestClient
from millrace_airflow.pages import app as pages
from millrace_airflow.pages.access import readable_dags

password, client = sys.argv[1], TestClient(create_app())
asked = [
    "/millrace/evidence", "/millrace/evidence/receipts", "/millrace/evidence/card_fraud",
    "/millrace/evidence/receipts/1/card/card.html", "/millrace/dags/ingest__receipts/evidence",
    "/millrace/dags/train__receipts/evidence", "/millrace/runs/train__receipts/x/evidence",
    "/millrace/monitor", "/millrace/monitor/receipts", "/millrace/monitor/card_fraud",
    "/millrace/dags/train__receipts/monitor", "/millrace/runbooks/drift",
    "/millrace/files/runs/gate/receipts/x/evidence.json",
    "/millrace/files/runs/gate/card_fraud/x/evidence.json",
]
report = {}

def ask(name, headers):
    found = [client.get(path, headers=headers, follow_redirects=False) for path in asked]
    report[name] = {
        path: [one.status_code, one.headers.get("location", ""), one.text]
        for path, one in zip(asked, found)
    }

ask("nobody", {})
token = client.post("/auth/token", json={"username": "vi", "password": password}).json()
signed = {"Authorization": "Bearer " + token["access_token"]}
ask("without_dags", signed)
readable = {"train__card_fraud", "decide__card_fraud", "train__receipts", "ingest__receipts"}
pages.app.dependency_overrides[readable_dags] = lambda: readable
ask("some", signed)
report["security"] = client.get(asked[0], headers=signed).headers["Content-Security-Policy"]
print("RESULT" + json.dumps(report))
"""


@pytest.fixture(scope="module")
def report(airflow_env, airflow_settings):
    for model in ("receipts", "card_fraud"):
        folder = airflow_settings.runs / "gate" / model / "x"
        folder.mkdir(parents=True)
        (folder / "evidence.json").write_text("{}")
    return result_of(_ASK, airflow_env, secrets.passwords(airflow_settings)["vi"])


def codes(found):
    return [code for code, _, _ in found.values()]


def test_nobody_sees_anything_without_signing_in(report):
    assert codes(report["nobody"]) == [401] * len(report["nobody"])


def test_user_sees_no_model_when_none_of_its_dags_may_be_read(report):
    found = report["without_dags"]
    assert "There is no model here that you may see." in found["/millrace/evidence"][2]
    refused = [path for path, (code, _, _) in found.items() if code == 404]
    assert refused == [
        path
        for path in found
        if path
        not in {
            "/millrace/evidence",
            "/millrace/dags/ingest__receipts/evidence",
            "/millrace/monitor",
            "/millrace/runbooks/drift",
        }
    ]


def test_user_sees_the_models_whose_dags_all_may_be_read(report):
    found = report["some"]
    shown = found["/millrace/evidence"][2]
    # Of receipts one of the two is missing: it is as if there were no such model.
    assert ">card_fraud</a>" in shown and ">receipts</a>" not in shown
    assert found["/millrace/evidence/card_fraud"][0] == 200
    assert found["/millrace/evidence/receipts"][0] == 404
    assert found["/millrace/evidence/receipts/1/card/card.html"][0] == 404
    assert ">card_fraud</a>" in found["/millrace/monitor"][2]
    assert ">receipts</a>" not in found["/millrace/monitor"][2]
    assert found["/millrace/monitor/card_fraud"][0] == 200
    assert found["/millrace/monitor/receipts"][0] == 404
    fed = found["/millrace/dags/ingest__receipts/evidence"][2]
    assert "No model that you may see is trained on receipts." in fed


def test_reports_are_served_to_whoever_may_read_the_dag_that_wrote_them(report):
    found = report["some"]
    assert found["/millrace/files/runs/gate/card_fraud/x/evidence.json"][0] == 200
    assert found["/millrace/files/runs/gate/receipts/x/evidence.json"][0] == 200
    assert codes(report["without_dags"])[-2:] == [404, 404]


def test_pages_forbid_scripts(report):
    assert "default-src 'none'" in report["security"] and "script" not in report["security"]
