"""The timeline in a real Chromium, from a filled operations database: readable, and harmless.

The pages run in a process of their own, as Airflow runs them; who may see them is asked in
tests/dags/test_evidence_access.py.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from factories.monitored import COUNT, DRIFT, MODEL, day_of, watched
from playwright.sync_api import Browser, Page, expect

from pipelines.monitoring import evidently
from pipelines.settings import Settings

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=alert(1)>"
PHONE = 360
_SERVE = """
import sys, uvicorn
from millrace_airflow.pages import app as pages
from millrace_airflow.pages.access import readable_dags

of = [f"{family}__card_fraud" for family in ("train", "decide", "monitor")]
pages.app.dependency_overrides[readable_dags] = lambda: set(of)
uvicorn.run(pages.app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, airflow_env: dict[str, str]) -> Iterator[str]:
    home = Settings(home=tmp_path_factory.mktemp("watched"))
    watched(home, HOSTILE).engine.dispose()
    _draw(home.runs / "monitor" / MODEL / day_of(COUNT - 1) / "index.html")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = home.root / "pages.log"
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(port)],
        env=airflow_env | {"MILLRACE_HOME": str(home.root)},
        stdout=subprocess.DEVNULL,
        stderr=log.open("w"),
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                if httpx.get(f"{url}/monitor", trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        else:
            raise AssertionError(log.read_text())
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _draw(path: Path) -> None:
    path.parent.mkdir(parents=True)
    name = f"input/{HOSTILE}"
    rows = pa.table({name: [1.0, 2.0, 3.0, 4.0] * 20, "output/company": ["no. 1", "other"] * 40})
    columns = [
        evidently.Column(name, "number", 2.67, True),
        evidently.Column("output/company", "category", 0.3, False),
    ]
    evidently.write(path, reference=rows, current=rows, columns=columns, title=HOSTILE)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    found.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    yield found
    found.close()
    assert asked == []


def test_on_call_finds_what_is_wrong_since_when_and_what_to_do(site: str, page: Page) -> None:
    page.goto(f"{site}/monitor")
    page.get_by_role("link", name=MODEL).click()
    expect(page.get_by_role("heading", name=MODEL, exact=True)).to_be_visible()
    alert = page.get_by_role("article")
    expect(alert).to_contain_text("moved by 1.9 standard deviations")
    expect(alert).to_contain_text(f"Since {day_of(DRIFT)}")
    alert.get_by_role("link", name="Runbook: drift").click()
    expect(page.locator("h1")).to_be_visible()
    page.go_back()
    alert.get_by_role("link", name="What moved on").click()
    assert page.url.endswith(f"window={day_of(COUNT - 1)}#window")
    expect(page.get_by_role("rowheader", name="input/amount")).to_be_visible()


def test_pictures_are_as_wide_as_the_page_and_stand_over_the_same_days(
    site: str, page: Page
) -> None:
    page.goto(f"{site}/monitor/{MODEL}")
    lanes = page.locator(".picture > svg:visible")
    boxes = [one.bounding_box() for one in lanes.all()]
    assert len(boxes) > 15
    assert len({(round(box["x"]), round(box["width"])) for box in boxes if box}) == 1
    verdicts = page.locator("svg.strip").first.locator("rect")
    assert verdicts.count() == COUNT
    page.get_by_role("link", name="30 windows").click()
    assert page.locator("svg.strip").first.locator("rect").count() == 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody(site: str, browser: Browser, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    for path in ("/monitor", f"/monitor/{MODEL}", "/runbooks/drift"):
        page.goto(site + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        # The checker is a script itself, which these pages forbid: it looks at a copy.
        page.set_content(page.content())
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.close()


def test_pages_fit_a_phone(site: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 740})
    for path in ("/monitor", f"/monitor/{MODEL}", "/runbooks/drift"):
        page.goto(site + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path
    page.close()


def test_texts_of_the_data_stay_texts(site: str, page: Page) -> None:
    answer = page.goto(f"{site}/monitor/{MODEL}")
    assert answer is not None and "script-src" not in answer.headers["content-security-policy"]
    expect(page.get_by_role("article")).to_contain_text(HOSTILE)
    assert page.locator("script, img").count() == 0 and "hacked" not in page.title()


def test_report_draws_itself_and_has_no_part_in_the_reader_s_session(site: str, page: Page) -> None:
    page.goto(f"{site}/monitor/{MODEL}")
    page.get_by_role("link", name="Evidently's report").click()
    expect(page.get_by_text("times its limit, over all rows").first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Dataset Drift is detected")).to_be_visible()
    assert page.evaluate("origin") == "null" and "hacked" not in page.title()
    assert page.locator("img[onerror]").count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/monitor/receipts",
        "/monitor/none",
        "/runbooks/none",
        "/files/runs/monitor/receipts/x/index.html",
    ],
)
def test_what_is_not_there_or_not_to_be_seen_is_not_served(site: str, path: str) -> None:
    answer = httpx.get(site + path, trust_env=False)
    assert answer.status_code == 404 and "Traceback" not in answer.text
