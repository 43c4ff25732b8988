"""Millrace's pages inside Airflow: behind its sign-in, safe, and readable in a real browser."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

from pipelines.services import secrets
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

pytestmark = pytest.mark.services

DAG = "ingest__receipts"

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def run_id(client: AirflowClient) -> str:
    """A run with results: the tests before have made some, else one is made now."""
    done = [run["dag_run_id"] for run in client.runs(DAG) if run["state"] == "success"]
    if not done:
        pytest.skip("no finished run in the shared home; run the whole folder")
    return done[-1]


@pytest.fixture(scope="module")
def signed_in(client: AirflowClient, live_home: Path) -> httpx.Client:
    password = secrets.passwords(Settings(home=live_home))["vi"]
    token = httpx.post(
        f"{client.url}/auth/token", json={"username": "vi", "password": password}
    ).json()["access_token"]
    return httpx.Client(base_url=client.url, headers={"Authorization": f"Bearer {token}"})


def test_pages_are_refused_when_nobody_signed_in(client: AirflowClient, run_id: str) -> None:
    for path in (f"/millrace/runs/{DAG}/{quote(run_id)}", "/millrace/files/data_docs/x.html"):
        assert httpx.get(f"{client.url}{path}").status_code == 401
    for path in ("/millrace/docs", "/millrace/openapi.json"):
        assert httpx.get(f"{client.url}{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "secrets/airflow_jwt",
        "data_docs/../secrets/airflow_jwt",
        "data_docs/%2e%2e/secrets/airflow_jwt",
        "%2fetc%2fpasswd",
        "data_docs",
    ],
)
def test_files_outside_the_reports_are_not_served(signed_in: httpx.Client, path: str) -> None:
    assert signed_in.get(f"/millrace/files/{path}").status_code == 404


def test_reports_may_run_no_script(signed_in: httpx.Client, live_home: Path) -> None:
    page = next((live_home / "data_docs").rglob("*.html"))
    answer = signed_in.get(f"/millrace/files/{page.relative_to(live_home)}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_results_of_a_run_open_in_one_click(
    client: AirflowClient, airflow_page: OpenPage, run_id: str
) -> None:
    page = airflow_page("ada")
    page.goto(f"{client.url}/dags/{DAG}/runs/{quote(run_id)}")
    page.get_by_role("link", name="Results").click()
    results = page.frame_locator("iframe")
    expect(results.get_by_role("heading", name="publish")).to_be_visible()
    results.get_by_role("link", name="Data Docs").click()
    expect(results.get_by_role("heading", name="Data Docs of receipts")).to_be_visible()


def test_monitoring_is_in_the_menu_and_a_tab_of_each_dag(
    client: AirflowClient, airflow_page: OpenPage
) -> None:
    page = airflow_page("vi")
    page.get_by_role("link", name="Monitoring").click()
    shown = page.frame_locator("iframe")
    expect(shown.get_by_role("heading", name="Monitoring")).to_be_visible(timeout=20_000)
    shown.get_by_role("link", name="receipts", exact=True).first.click()
    expect(shown.get_by_role("heading", name="receipts", exact=True)).to_be_visible()
    page.goto(f"{client.url}/dags/score__card_fraud")
    page.locator('a[href$="/dags/score__card_fraud/plugin/millrace_timeline"]').click()
    expect(
        page.frame_locator("iframe").get_by_role("heading", name="card_fraud", exact=True)
    ).to_be_visible(timeout=20_000)
