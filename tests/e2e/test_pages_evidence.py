"""The evidence of a model inside Airflow: one click away, readable anywhere, and harmless.

Comes after the tests that train, judge and decide in the shared home.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from factories.operations import request
from playwright.sync_api import FrameLocator, Page, expect

from pipelines.contracts.decision import Decided
from pipelines.opsdb import decisions
from pipelines.opsdb.database import OpsDb
from pipelines.registry.store import Registry
from pipelines.services import ports, secrets
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

pytestmark = pytest.mark.services

TRAIN, INGEST = "train__receipts", "ingest__receipts"
MODEL = "/millrace/evidence/receipts"
HOSTILE = "<script>document.title = 'hacked'</script><img src=x onerror=alert(1)>"
UNREGISTERED = 999
PHONE = 360

OpenPage = Callable[..., Page]


def run_of(client: AirflowClient, dag: str) -> str:
    done = [run["dag_run_id"] for run in client.runs(dag) if run["state"] == "success"]
    if not done:
        pytest.skip("no finished run in the shared home; run the whole folder")
    return done[0]


@pytest.fixture(scope="module")
def viewer(client: AirflowClient, live_home: Path) -> Iterator[httpx.Client]:
    """Somebody who may only look."""
    run_of(client, TRAIN)
    password = secrets.passwords(Settings(home=live_home))["vi"]
    body = {"username": "vi", "password": password}
    token = httpx.post(f"{client.url}/auth/token", json=body).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=client.url, headers=headers, timeout=30) as found:
        yield found


@pytest.fixture(scope="module")
def rejected_with_markup(viewer: httpx.Client, live_home: Path) -> None:
    """A version whose rejection has hostile words; nothing else of it exists."""
    db, now = OpsDb.open(Settings(home=live_home)), datetime.now(UTC)
    asked = request(UNREGISTERED, requested_at=now, expires_at=now + timedelta(hours=1))
    with db.write() as session:
        stored = decisions.ask(session, asked)
        decisions.record(
            session,
            Decided(
                request_id=stored.request_id, model="receipts", version=UNREGISTERED,
                choice="reject", person="ben", why=HOSTILE, via="cli", at=now,
            ),
        )  # fmt: skip
    db.engine.dispose()


def evidence_of_run(page: Page, client: AirflowClient, dag: str) -> FrameLocator:
    page.goto(f"{client.url}/dags/{dag}/runs/{quote(run_of(client, dag))}")
    page.get_by_role("link", name="Evidence").click()
    return page.frame_locator("iframe")


def test_evidence_is_refused_when_nobody_signed_in(client: AirflowClient) -> None:
    pages = ("/millrace/evidence", MODEL, f"{MODEL}/1/card/card.html")
    runs = (f"/millrace/dags/{TRAIN}/evidence", f"/millrace/runs/{TRAIN}/x/evidence")
    for path in (*pages, *runs):
        assert httpx.get(f"{client.url}{path}").status_code == 401, path


def test_every_link_of_the_evidence_leads_somewhere(viewer: httpx.Client) -> None:
    html = viewer.get(MODEL).text
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="(/[^"#]+)', html)}
    for wanted in ("card/card.html", "evaluation/index.html", "evidence.json", "data_docs/"):
        assert any(wanted in link for link in links), wanted
    assert any(f"/dags/{TRAIN}/runs/" in link for link in links)
    for link in sorted(links):
        assert viewer.get(link, follow_redirects=True).status_code == 200, link


@pytest.mark.parametrize(
    "path",
    [
        "/millrace/evidence/no_such_model",
        f"{MODEL}/1/card/nothing.html",
        f"{MODEL}/1/evaluation/..%2fcard%2fcard.html",
        f"{MODEL}/1/training/split.parquet",
        f"{MODEL}/77/card/card.html",
        "/millrace/dags/no__dag/evidence",
    ],
)
def test_what_is_not_there_is_not_served(viewer: httpx.Client, path: str) -> None:
    answer = viewer.get(path)
    assert answer.status_code in {404, 422}, answer.text
    assert "Traceback" not in answer.text


def test_evidence_is_one_click_from_a_run(
    client: AirflowClient, airflow_page: OpenPage, viewer: httpx.Client
) -> None:
    page = airflow_page("vi")
    shown = evidence_of_run(page, client, TRAIN)
    expect(shown.get_by_role("heading", name="receipts", exact=True)).to_be_visible()
    expect(shown.get_by_text("The ledger is whole")).to_be_visible()
    expect(shown.get_by_role("heading", name="Golden set")).to_be_visible()
    shown = evidence_of_run(page, client, INGEST)
    expect(shown.get_by_role("heading", name="Models fed by receipts")).to_be_visible()
    shown.get_by_role("link", name="receipts", exact=True).click()
    expect(shown.get_by_role("heading", name="Live now")).to_be_visible()


def test_list_is_in_the_navigation_and_fits_a_phone(
    client: AirflowClient, airflow_page: OpenPage, viewer: httpx.Client
) -> None:
    page = airflow_page("vi", PHONE)
    page.get_by_role("link", name="Models").click()
    shown = page.frame_locator("iframe")
    expect(shown.get_by_role("heading", name="Models")).to_be_visible()
    shown.get_by_role("link", name="receipts", exact=True).click()
    expect(shown.get_by_role("heading", name="Live now")).to_be_visible()
    [frame] = [one for one in page.frames if one != page.main_frame]
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for path in ("/millrace/evidence", MODEL, f"/millrace/runs/{TRAIN}/{run_of(client, TRAIN)}"):
        page.goto(client.url + quote(path))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody(
    client: AirflowClient, airflow_page: OpenPage, viewer: httpx.Client, scheme: str
) -> None:
    page = airflow_page("vi", scheme=scheme)
    for path in ("/millrace/evidence", MODEL, f"/millrace/runs/{TRAIN}/{run_of(client, TRAIN)}"):
        page.goto(client.url + quote(path))
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light"), ground
        # The checker is a script itself, which these pages forbid: it looks at a copy.
        page.set_content(page.content())
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_markup_in_a_reason_is_only_text(
    client: AirflowClient, airflow_page: OpenPage, rejected_with_markup: None
) -> None:
    page = airflow_page("vi")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    answer = page.goto(client.url + MODEL)
    assert answer is not None and "script-src" not in answer.headers["content-security-policy"]
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    expect(page.get_by_text("The evidence folder runs/gate/receipts/x is gone.")).to_be_visible()
    assert page.title() == "Evidence of receipts" and asked == []
    assert page.locator("script, img").count() == 0


def test_run_opens_in_mlflow(
    client: AirflowClient, airflow_page: OpenPage, live_home: Path, viewer: httpx.Client
) -> None:
    settings = Settings(home=live_home)
    version = Registry.open(settings).versions("receipts")[-1]
    page = airflow_page("vi")
    page.goto(f"{client.url}{MODEL}?version={version.version}")
    with page.context.expect_page() as opened:
        page.locator(f'a[href$="/#/runs/{version.run_id}"]').click()
    mlflow = f"http://127.0.0.1:{ports.assigned(settings)['mlflow']}/"
    assert opened.value.url.startswith(mlflow)
    expect(opened.value.get_by_text(version.run_id).first).to_be_visible(timeout=20_000)
