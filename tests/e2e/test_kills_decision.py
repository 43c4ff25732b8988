"""A version waits in Airflow for its approvers, and their word decides."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry.store import Registry
from pipelines.services import secrets
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

pytestmark = pytest.mark.services

TRAIN, DECIDE = "train__receipts", "decide__receipts"


@pytest.fixture(scope="module")
def waiting(client: AirflowClient, live_home: Path) -> tuple[str, int]:
    """The run that waits for a decision, and the version it is about; made by the tests before."""
    client.wait_for_dag(DECIDE, timeout_seconds=90)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for run in client.runs(DECIDE):
            asked = [
                one for one in client.tasks(DECIDE, run["dag_run_id"]) if one["task_id"] == "ask"
            ]
            if asked and asked[0]["state"] == "awaiting_input":
                versions = Registry.open(Settings(home=live_home)).versions("receipts")
                return run["dag_run_id"], versions[-1].version
        time.sleep(1)
    pytest.skip("no version waits in the shared home; run the whole folder")


def answer(
    client: AirflowClient, home: Path, user: str, run_id: str, option: str
) -> httpx.Response:
    password = secrets.passwords(Settings(home=home))[user]
    body = {"username": user, "password": password}
    token = httpx.post(f"{client.url}/auth/token", json=body).json()["access_token"]
    return httpx.patch(
        f"{client.url}/api/v2/dags/{DECIDE}/dagRuns/{run_id}/taskInstances/ask/-1/hitlDetails",
        headers={"Authorization": f"Bearer {token}"},
        json={"chosen_options": [option], "params_input": {"why": "looked at ten of them"}},
    )


def details(client: AirflowClient, run_id: str) -> dict[str, Any]:
    path = f"/api/v2/dags/{DECIDE}/dagRuns/{run_id}/taskInstances/ask/-1/hitlDetails"
    return client._call("GET", path)


def test_request_reads_well(client: AirflowClient, waiting: tuple[str, int]) -> None:
    run_id, version = waiting
    shown = details(client, run_id)
    assert f"receipts version {version}" in shown["subject"]
    for part in ("What the gate saw", "Candidate against champion", "What changed", "| overall |"):
        assert part in shown["body"], shown["body"]


def test_only_approvers_are_heard(
    client: AirflowClient, live_home: Path, waiting: tuple[str, int]
) -> None:
    run_id, _ = waiting
    for user in ("cy", "vi"):
        assert answer(client, live_home, user, run_id, "Promote").status_code == 403


def test_word_of_an_approver_makes_the_champion(
    client: AirflowClient, live_home: Path, waiting: tuple[str, int]
) -> None:
    run_id, version = waiting
    option = "Promote although inconclusive"  # ninety documents decide nothing by themselves
    assert answer(client, live_home, "ben", run_id, option).status_code == 200
    states = list(client.follow(DECIDE, run_id, time.sleep))
    assert states[-1]["state"] == "success"
    settings = Settings(home=live_home)
    with OpsDb.open(settings).read() as session:
        (row,) = ledger.rows(session, "receipts")
    assert (row.to_version, row.person, row.via, row.why) == (
        version,
        "ben",
        "ui",
        "looked at ten of them",
    )
    assert "champion" in Registry.open(settings).resolve("receipts", version).aliases
