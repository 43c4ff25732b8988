"""A real Chromium; tests that need one skip where there is none."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType

_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


def launch(kind: "BrowserType") -> "Browser":
    """Chromium of this machine, which asks nobody for anything."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium here")
    return kind.launch(executable_path=chromium, args=[*_OPTIONS, *_QUIET])


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One for all tests of a file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = launch(playwright.chromium)
        yield found
        found.close()
