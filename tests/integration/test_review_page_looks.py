"""What reviewers are shown: scans, hostile text as text, on phones and in the dark."""

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from factories import reviews
from factories.operations import NOW
from factories.review_site import Site, shows, sign_in, value
from fpdf import FPDF
from playwright.sync_api import Browser, Page, expect

from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.document import Document
from pipelines.opsdb import standings
from pipelines.settings import PROJECT_ROOT

pytestmark = [pytest.mark.services, pytest.mark.slow]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_pdf_is_shown_as_it_looks_and_by_its_lines_when_it_cannot_be_drawn(
    site: Site, browser: Browser
) -> None:
    document = FPDF(unit="pt", format=(169, 169))
    document.add_page()
    document.set_font("helvetica", size=9)
    document.text(22, 18, "BAKER & SONS SDN BHD")
    tasks = []
    for number, content in enumerate((bytes(document.output()), b"%PDF-1.7 torn"), start=1):
        kept = site.settings.originals / "receipts" / f"{number}.pdf"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
        task = reviews.review_task(number)
        image = str(kept.relative_to(site.settings.root))
        shown = task.document.model_copy(update={"image": image})
        tasks.append(task.model_copy(update={"document": shown}))
    reviews.put(site.db, *tasks)
    page = sign_in(browser, site, "rio")
    shows(page, "receipt-0001")
    picture = page.locator("#sheet image")
    expect(picture).to_have_attribute("href", "/work/1/scan?page=0")
    wide = "document.querySelector('#sheet image').getBBox().width"
    assert page.evaluate(wide) == 470
    natural = page.evaluate(
        "href => { const one = new Image(); one.src = href;"
        " return one.decode().then(() => [one.naturalWidth, one.naturalHeight]); }",
        "/work/1/scan?page=0",
    )
    assert natural == [470, 470]
    expect(page.locator(".line text")).to_have_count(0)
    page.keyboard.press("Enter")
    shows(page, "receipt-0002")
    expect(picture).to_have_count(0)
    expect(page.locator(".line text").first).to_have_text("BAKER & SONS SDN BHD")
    expect(page.locator(".box").first).to_be_visible()


def test_hostile_text_stays_text(site: Site, browser: Browser) -> None:
    lines = ((HOSTILE, (60, 30, 400, 56)), *reviews.LINES[1:])
    answers = reviews.review_task().predictions | {"company": reviews.predicted(HOSTILE, 0.2)}
    page_of = reviews.review_task(1, lines=lines).document.pages[0]
    document = Document(document_id=HOSTILE, pages=[page_of])
    reviews.put(site.db, reviews.review_task(1, document=document, predictions=answers))
    page = sign_in(browser, site, "rio")
    shows(page, HOSTILE)
    expect(value(page, "company")).to_have_value(HOSTILE)
    expect(page.locator(".line text").first).to_have_text(HOSTILE)
    page.keyboard.press("e")
    page.keyboard.type(f"{HOSTILE} Ltd")
    page.keyboard.press("Control+Enter")
    assert site.wait_said(HOSTILE)["company"][1] == f"{HOSTILE} Ltd"
    for path in ("/history", "/history?name=rio"):
        page.goto(site.url + path)
        expect(page.locator("td").filter(has_text="Ltd")).to_be_visible()
    boss = sign_in(browser, site, "sam")
    boss.goto(f"{site.url}/queue")
    assert boss.locator("main img, main script").count() == 0
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_are_accessible_and_fit(
    site: Site, browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    reviews.put(site.db, *(reviews.review_task(number) for number in (1, 2, 3)))
    why = "overruled in 9 of 30 fields that others judged too; 10% are tolerated"
    with site.db.write() as session:
        standings.write(session, "receipts", "rio", True, why, PLATFORM, NOW)
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 780}}
    if width < 500:
        look |= {"has_touch": True, "is_mobile": True}
    page = sign_in(browser, site, "sam", **look)
    shows(page, "receipt-0001")
    page.screenshot(path=tmp_path / f"review-{scheme}-{width}.png")
    check(page, "review")
    page.keyboard.press("?")
    check(page, "help")
    page.keyboard.press("Escape")
    page.locator(".line[data-line='11']").click()
    page.locator("[data-do=accept]").click()
    site.wait_said("receipt-0001")
    for path in ("/history", "/queue"):
        page.goto(site.url + path)
        for closed in page.locator("summary").all():
            closed.click()
        page.screenshot(path=tmp_path / f"{path[1:]}-{scheme}-{width}.png", full_page=True)
        check(page, path)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to review")).to_be_visible()
    check(page, "sign-in")


def check(page: Page, name: str) -> None:
    """No fault that axe-core knows, and nothing to scroll sideways."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    told = [(one["id"], [node["html"][:150] for node in one["nodes"]]) for one in found]
    assert told == [], name
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"


def test_screenshot_for_the_readme(site: Site, browser: Browser, tmp_path: Path) -> None:
    reviews.put(site.db, *(reviews.review_task(number) for number in range(1, 40)))
    page = sign_in(browser, site, "rio", viewport={"width": 1120, "height": 620})
    for number in range(1, 8):
        shows(page, f"receipt-{number:04d}")
        page.keyboard.press("Enter")
    shows(page, "receipt-0008")
    page.locator(".line[data-line='11']").click()
    expect(page.locator("#today")).to_have_text("7")
    page.wait_for_timeout(300)
    shot = page.screenshot(path=tmp_path / "review.png")
    assert len(shot) < 200_000
    if os.environ.get("MILLRACE_SCREENSHOTS"):
        shutil.copy(tmp_path / "review.png", PROJECT_ROOT / "docs" / "review.png")
