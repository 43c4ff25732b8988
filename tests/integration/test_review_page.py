"""A reviewer's morning in a real Chromium, with the application alone in a process of its own."""

import os
import signal
import time

import pytest
from factories import reviews
from factories.browsers import launch
from factories.review_site import Hand, Site, shows, sign_in, value
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = [pytest.mark.services, pytest.mark.slow]


def hint_of(page: Page, text: str) -> str:
    """The letters that stand beside a line."""
    number = next(n for n, (line, _) in enumerate(reviews.LINES) if line == text)
    return page.locator(".hints g").nth(number).text_content() or ""


def test_morning_by_keyboard_alone(site: Site, browser: Browser) -> None:
    total = {"total": reviews.predicted("11.30", 0.97, (370, 320, 430, 340))}
    right = reviews.review_task().predictions | total
    reviews.put(
        site.db,
        reviews.review_task(1, predictions=right),
        *(reviews.review_task(number) for number in range(2, 6)),
        *(reviews.long_task(number) for number in range(6, 9)),
        *(reviews.review_task(number) for number in range(9, 1001)),
    )
    first = launch(browser.browser_type)
    page = sign_in(first, site, "rio")
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
    kill(first)
    page = sign_in(second := launch(browser.browser_type), site, "rio")
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


"""The application with models of another folder."""


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
