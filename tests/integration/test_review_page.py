"""A reviewer's morning in a real Chromium, with the application alone in a process of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from factories import reviews
from fpdf import FPDF
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

from pipelines.contracts.document import Document
from pipelines.opsdb import corrections, reviewing
from pipelines.opsdb.database import OpsDb
from pipelines.settings import PROJECT_ROOT, Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

PASSWORDS = {name: f"password-of-{name}" for name in ("rio", "ren", "ana", "sam")}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
KEYSTROKE, CLICK = 0.28, 1.5
"""Seconds of a key stroke of an average typist and of pointing at something and clicking it
(Card, Moran and Newell's keystroke-level model: K 0.28; P 1.1, H 0.4)."""


class Site:
    """The running application and its database."""

    def __init__(self, home: Path, start: tuple[str, ...] = ("-m", "pipelines.review")) -> None:
        self.settings = Settings(home=home)
        self.db = OpsDb.open(self.settings)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        accounts = home / "accounts.json"
        accounts.write_text(json.dumps(PASSWORDS))
        options = ("--port", str(self.port), "--accounts", str(accounts))
        self.process = subprocess.Popen(
            [sys.executable, *start, *options],
            env={**os.environ, "MILLRACE_HOME": str(home)},
            cwd=PROJECT_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=(home / "review.log").open("w"),
        )

    def wait(self) -> None:
        for _ in range(150):
            try:
                if httpx.get(f"{self.url}/health", trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
        raise AssertionError((self.settings.root / "review.log").read_text())

    def said(self, document: str) -> dict[str, tuple[str, str | None, str]]:
        """What stands of a document: verdict, value and reviewer by field."""
        with self.db.read() as session:
            rows = corrections.page(session, "receipts", limit=10_000)
        undone = {row.undoes for row in rows}
        return {
            row.field: (row.verdict, row.after, row.reviewer)
            for row in rows
            if row.document_id == document
            and row.undoes is None
            and row.correction_id not in undone
        }

    def wait_said(self, document: str) -> dict[str, tuple[str, str | None, str]]:
        """The same, once it has arrived."""
        for _ in range(100):
            if found := self.said(document):
                return found
            time.sleep(0.1)
        raise AssertionError(f"nothing was said of {document}")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path)
    try:
        running.wait()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(10)
        running.db.engine.dispose()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def launch(playwright: Playwright) -> Browser:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium here")
    return playwright.chromium.launch(executable_path=chromium, args=[*OPTIONS, *QUIET])


@pytest.fixture
def browser(playwright: Playwright) -> Iterator[Browser]:
    made = launch(playwright)
    yield made
    made.close()


def sign_in(browser: Browser, site: Site, name: str, **look: object) -> Page:
    """A new window in which somebody signed in, by keyboard alone."""
    context = browser.new_context(
        viewport=look.pop("viewport", {"width": 1280, "height": 800}), **look
    )
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.on("pageerror", lambda error: pytest.fail(f"the page broke: {error}"))
    page.goto(site.url)
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS[name])
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/receipts")
    return page


def shows(page: Page, document: str) -> None:
    expect(page.locator("#document")).to_have_text(document)


def value(page: Page, field: str):
    return page.locator(f"#field-{field}")


class Hand:
    """Counts what a person's hand does."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.clicks = page, 0, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def click(self, selector: str) -> None:
        self.page.locator(selector).click()
        self.clicks += 1

    @property
    def seconds(self) -> float:
        return self.keys * KEYSTROKE + self.clicks * CLICK


def hint_of(page: Page, text: str) -> str:
    """The letters that stand beside a line."""
    number = next(n for n, (line, _) in enumerate(reviews.LINES) if line == text)
    return page.locator(".hints g").nth(number).text_content() or ""


def test_morning_by_keyboard_alone(site: Site, playwright: Playwright) -> None:
    total = {"total": reviews.predicted("11.30", 0.97, (370, 320, 430, 340))}
    right = reviews.review_task().predictions | total
    reviews.put(
        site.db,
        reviews.review_task(1, predictions=right),
        *(reviews.review_task(number) for number in range(2, 6)),
        *(reviews.long_task(number) for number in range(6, 9)),
        *(reviews.review_task(number) for number in range(9, 1001)),
    )
    browser = launch(playwright)
    page = sign_in(browser, site, "rio")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))

    shows(page, "receipt-0001")
    expect(page.locator("#waiting")).to_have_text("1,000")
    hand = Hand(page)
    hand.press("Enter")
    shows(page, "receipt-0002")
    assert (hand.keys, hand.clicks) == (1, 0), "a right document takes one key"
    assert {one[0] for one in site.wait_said("receipt-0001").values()} == {"right"}

    # The least sure field has the focus: one line is meant by its letter.
    hand = Hand(page)
    hand.press("f")
    hand.press(hint_of(page, "11.30"), "Enter")
    shows(page, "receipt-0003")
    assert hand.seconds < 3, f"{hand.keys} keys"
    assert site.wait_said("receipt-0002")["total"] == ("wrong", "11.30", "rio")

    hand = Hand(page)
    hand.press("e", *"11.30", "Control+Enter")
    shows(page, "receipt-0004")
    assert hand.seconds < 3, f"{hand.keys} keys"
    assert site.wait_said("receipt-0003")["total"] == ("wrong", "11.30", "rio")

    Hand(page).press("1", "x", "u", "Space", "Enter")
    shows(page, "receipt-0005")
    found = site.wait_said("receipt-0004")
    verdicts = {field: one[0] for field, one in found.items()}
    assert verdicts == {
        "company": "absent", "date": "unreadable", "address": "right", "total": "right"
    }  # fmt: skip

    # Undo: the change, then the document before with what was said.
    Hand(page).press("x", "z")
    expect(value(page, "total")).to_have_value("20.00")
    page.keyboard.press("z")
    shows(page, "receipt-0004")
    expect(page.locator("#field-company-verdict")).to_have_text("not on the page")
    assert site.said("receipt-0004") == {}
    Hand(page).press("1", "Space", "Enter")
    shows(page, "receipt-0005")
    assert site.wait_said("receipt-0004")["company"][0] == "right"

    # Zoom, pan, help; then a document of 300 lines.
    before = page.locator("#sheet svg").bounding_box()
    Hand(page).press("+", "+", "Shift+ArrowDown", "?")
    after = page.locator("#sheet svg").bounding_box()
    assert after["width"] > before["width"] * 1.4
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    Hand(page).press("Escape", "0", "Enter")
    shows(page, "receipt-0006")
    expect(page.locator(".line")).to_have_count(300)
    begin = time.monotonic()
    Hand(page).press("Enter")
    shows(page, "receipt-0007")
    assert time.monotonic() - begin < 2
    assert loads == [], "no page is loaded between documents"

    # The browser is killed while a field is being typed.
    Hand(page).press("4", "e", *"9.9")
    expect(value(page, "total")).to_have_value("9.9")
    page.wait_for_timeout(1500)
    kill(browser)
    page = sign_in(second := launch(playwright), site, "rio")
    shows(page, "receipt-0007")
    expect(value(page, "total")).to_have_value("9.9")
    expect(page.locator("#today")).to_have_text("6")
    second.close()


def kill(browser: Browser) -> None:
    """Ends Chromium the hard way."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    os.kill(next(one["id"] for one in processes if one["type"] == "browser"), signal.SIGKILL)


def test_line_is_taken_by_a_click_and_its_next_reading_by_another(
    site: Site, browser: Browser
) -> None:
    reviews.put(site.db, reviews.review_task(1), reviews.review_task(2))
    page = sign_in(browser, site, "rio")
    shows(page, "receipt-0001")
    hand = Hand(page)
    hand.click(".line[data-line='11']")
    hand.press("Enter")
    shows(page, "receipt-0002")
    assert hand.seconds < 3
    assert site.wait_said("receipt-0001")["total"][1] == "11.30"
    page.keyboard.press("2")
    page.locator(".line[data-line='4']").click()
    expect(value(page, "date")).to_have_value("DATE: 21/03/2018 10:42")
    page.locator(".line[data-line='4']").click()
    expect(value(page, "date")).to_have_value("21/03/2018")
    page.keyboard.press("3")
    page.locator(".line[data-line='1']").click()
    page.locator(".line[data-line='2']").click(modifiers=["Shift"])
    whole = "12, JALAN MELATI 3, TAMAN INDAH, 81100 JOHOR BAHRU"
    expect(value(page, "address")).to_have_value(whole)


def test_lost_lease_is_told_and_nothing_is_overwritten(site: Site, browser: Browser) -> None:
    reviews.put(site.db, *(reviews.review_task(number) for number in (1, 2, 3, 4)))
    page = sign_in(browser, site, "rio")
    shows(page, "receipt-0001")
    with site.db.write() as session:  # the lease ran out and ren took the document
        reviewing.leave(session, 1, "rio")
        now = datetime.now(UTC)
        taken = reviewing.claim(session, "receipts", "ren", now, 15, adjudicator=False)
    assert taken is not None
    assert taken[0].task_id == 1
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("receipt-0001 was not saved")
    expect(alert).to_contain_text("ren has it")
    shows(page, "receipt-0002")
    assert site.said("receipt-0001") == {}
    page.keyboard.press("Enter")
    assert site.wait_said("receipt-0002")["total"][2] == "rio", "the work goes on"


HASTY = """
import runpy, sys
from pathlib import Path
from pipelines import specs
specs.MODELS = Path(sys.argv.pop(1))
runpy.run_module("pipelines.review", run_name="__main__", alter_sys=True)
"""
"""The application with models of another folder."""


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Site]:
    """The pages of a model whose leases last three seconds."""
    models = tmp_path / "models" / "receipts"
    models.mkdir(parents=True)
    text = (PROJECT_ROOT / "models" / "receipts" / "model.yaml").read_text()
    found = yaml.safe_load(text)
    found["review"] = found.get("review", {}) | {"lease_minutes": 0.05}
    (models / "model.yaml").write_text(yaml.safe_dump(found))
    running = Site(tmp_path, ("-c", HASTY, str(models.parent)))
    try:
        running.wait()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(10)
        running.db.engine.dispose()


def test_lease_runs_out_by_the_clock_when_nobody_touches_the_page(
    hasty: Site, browser: Browser
) -> None:
    reviews.put(hasty.db, reviews.review_task(1))
    rio = sign_in(browser, hasty, "rio")
    shows(rio, "receipt-0001")
    ren = sign_in(browser, hasty, "ren")
    expect(ren.get_by_role("button", name="Look again")).to_be_focused()
    for _ in range(4):  # while rio works the document stays his, past the length of a lease
        rio.keyboard.press("ArrowDown")
        rio.wait_for_timeout(1_200)
    ren.keyboard.press("Enter")
    ren.wait_for_timeout(500)
    expect(ren.locator("#work")).to_be_hidden()
    # Then he goes: his page renews no more, and the document is the next one's.
    ren.wait_for_timeout(6_500)
    ren.keyboard.press("Enter")
    shows(ren, "receipt-0001")
    rio.keyboard.press("Enter")
    expect(rio.get_by_role("alert")).to_contain_text("ren has it")
    ren.keyboard.press("Enter")
    assert hasty.wait_said("receipt-0001")["total"][2] == "ren"


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


def test_document_does_not_come_back_when_its_answer_is_slow(site: Site, browser: Browser) -> None:
    reviews.put(site.db, *(reviews.review_task(number) for number in (1, 2, 3, 4)))
    page = sign_in(browser, site, "rio")
    slow: list[Route] = []
    page.route("**/answer", lambda route: slow.append(route))
    for number in (1, 2):
        shows(page, f"receipt-{number:04d}")
        page.keyboard.press("Enter")
    shows(page, "receipt-0003")
    slow[0].continue_()
    assert site.wait_said("receipt-0001")


def test_adjudicator_takes_one_of_two_answers(site: Site, browser: Browser) -> None:
    reviews.put(site.db, reviews.review_task(1))
    first = sign_in(browser, site, "rio")
    shows(first, "receipt-0001")
    first.locator(".line[data-line='11']").click()
    first.keyboard.press("Enter")
    site.wait_said("receipt-0001")
    reviews.put(site.db, reviews.review_task(1, reason="second"))
    second = sign_in(browser, site, "ren")
    shows(second, "receipt-0001")
    second.keyboard.press("Enter")
    expect(second.locator("#today")).to_have_text("1")
    third = sign_in(browser, site, "ana")
    expect(third.locator("#kind")).to_have_text("adjudication")
    choices = third.locator(".choice")
    expect(choices).to_have_text(["A: 11.30", "B: 20.00"])
    third.keyboard.press("a")
    third.keyboard.press("Enter")
    expect(third.locator("#today")).to_have_text("1")
    assert site.said("receipt-0001")["total"] == ("wrong", "11.30", "ana")


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
        page.screenshot(path=tmp_path / f"{path[1:]}-{scheme}-{width}.png")
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
