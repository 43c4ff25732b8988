"""The reviewers' application alone in a process of its own, and a person's hand at a browser."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from pipelines.opsdb import corrections
from pipelines.opsdb.database import OpsDb
from pipelines.settings import PROJECT_ROOT, Settings

PASSWORDS = {name: f"password-of-{name}" for name in ("rio", "ren", "ana", "sam")}
KEYSTROKE, CLICK = 0.28, 1.5
"""Seconds of a key stroke of an average typist and of pointing at something and clicking it
(Card, Moran and Newell's keystroke-level model: K 0.28; P 1.1, H 0.4)."""


class Site:
    """The running application and its database."""

    def __init__(self, home: Path, *start: str) -> None:
        self.windows: list[BrowserContext] = []
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
            [sys.executable, *(start or ("-m", "pipelines.review")), *options],
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


@contextmanager
def serving(home: Path, *start: str) -> Iterator[Site]:
    """The application in a home, as `python -m pipelines.review` or as `start` starts it."""
    running = Site(home, *start)
    try:
        running.wait()
        yield running
    finally:
        for window in running.windows:
            with suppress(Error):  # its browser was killed
                window.close()
        running.process.terminate()
        running.process.wait(10)
        running.db.engine.dispose()


def sign_in(browser: Browser, site: Site, name: str, **look: object) -> Page:
    """A new window in which somebody signed in, by keyboard alone."""
    context = browser.new_context(
        viewport=look.pop("viewport", {"width": 1280, "height": 800}), **look
    )
    site.windows.append(context)
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
