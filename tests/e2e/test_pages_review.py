"""The reviewers' pages with what a real scoring run put to review.

Comes after the tests that make a champion and publish documents which nobody has labelled.
"""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipelines.contracts.correction import StoredCorrection
from pipelines.contracts.review import StoredTask
from pipelines.opsdb import corrections, ledger, queue, reviewing
from pipelines.opsdb.database import OpsDb
from pipelines.services import ports, secrets
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

pytestmark = pytest.mark.services

SCORE = "score__receipts"
MODEL, REVIEWER = "receipts", "rio"
TOTAL, CORRECTED = "4", "1,234.56"
"""The key of the field, and what is typed there."""


@pytest.fixture(scope="module")
def db(live_home: Path) -> OpsDb:
    return OpsDb.open(Settings(home=live_home))


@pytest.fixture(scope="module")
def version(client: AirflowClient, db: OpsDb) -> int:
    """The version with which a run of the shared home answered what it then put to review."""
    with db.read() as session:
        if not ledger.rows(session, MODEL):
            pytest.skip("no champion in the shared home; run the whole folder")
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        for run in client.runs(SCORE):
            asked = client.result(SCORE, run["dag_run_id"], "review")
            if asked and sum(asked["asked"].values()) > 2:
                return int(asked["version"])
        time.sleep(1)
    raise AssertionError("no scoring run put anything to review within 180 s")


@pytest.fixture
def page(browser: Browser, version: int, live_home: Path) -> Page:
    """A window in which a reviewer signed in."""
    settings = Settings(home=live_home)
    found = browser.new_page(viewport={"width": 1280, "height": 900})
    found.on("pageerror", lambda error: pytest.fail(f"the page broke: {error}"))
    found.goto(f"http://127.0.0.1:{ports.assigned(settings)['review']}")
    expect(found.locator("#name")).to_be_focused()
    found.keyboard.type(REVIEWER)
    found.keyboard.press("Tab")
    found.keyboard.type(secrets.passwords(settings, "reviewers")[REVIEWER])
    found.keyboard.press("Enter")
    found.wait_for_url(f"**/review/{MODEL}")
    return found


def shown(page: Page, db: OpsDb, *, after: str = "") -> StoredTask:
    """The task of the document that the page shows, once it is another one than `after`."""
    heading = page.locator("#document")
    expect(heading).not_to_have_text(after)
    with db.read() as session:
        lines = queue.lines(session, MODEL, state="open", limit=1000)
        [one] = [line for line in lines if line.document_id == heading.text_content()]
        return reviewing.task(session, one.task_id)


def said(db: OpsDb, task: StoredTask) -> dict[str, StoredCorrection]:
    """What was said of a task by field, once it has arrived."""
    for _ in range(100):
        with db.read() as session:
            if rows := corrections.of_task(session, task.task_id):
                return {row.field: row for row in rows}
        time.sleep(0.1)
    raise AssertionError(f"nothing was said of {task.document.document_id}")


def test_reviewer_accepts_and_corrects_what_a_scoring_run_asked(
    page: Page, db: OpsDb, version: int, tmp_path: Path
) -> None:
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    first = shown(page, db)
    lines = [line for one in first.document.pages for line in one.lines]
    expect(page.locator("#version")).to_have_text(f"{MODEL} {version}")
    expect(page.locator(".line")).to_have_count(len(lines))
    expect(page.locator(".line text").first).to_have_text(lines[0].text)
    boxes = [box for one in first.predictions.values() for box in one.boxes]
    assert boxes, "the model says where it read"
    expect(page.locator(".boxes .box")).to_have_count(len(boxes))
    for name, predicted in first.predictions.items():
        expect(page.locator(f"#field-{name}")).to_have_value(predicted.value or "")
    page.screenshot(path=tmp_path / "asked.png")

    page.keyboard.press("Enter")
    second = shown(page, db, after=first.document.document_id)
    accepted = said(db, first)
    assert set(accepted) == set(first.fields)
    for name, row in accepted.items():
        assert (row.verdict, row.after) == ("right", first.predictions[name].value)

    for key in (TOTAL, "e", *CORRECTED, "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#field-total-verdict")).to_have_text("corrected")
    page.screenshot(path=tmp_path / "corrected.png")
    page.keyboard.press("Enter")
    shown(page, db, after=second.document.document_id)
    row = said(db, second)["total"]
    assert (row.verdict, row.after) == ("wrong", CORRECTED)
    assert row.before == second.predictions["total"].value
    assert (row.document_id, row.reviewer) == (second.document.document_id, REVIEWER)

    spoken = [*accepted.values(), *said(db, second).values()]
    assert {one.model_version for one in spoken} == {version}
    assert loads == [], "no page is loaded between documents"
