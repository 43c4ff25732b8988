"""Documents that are in somebody's hands: lost leases, and leases that run out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from factories import reviews
from factories.review_site import Site, serving, shows, sign_in
from playwright.sync_api import Browser, expect

from pipelines.opsdb import reviewing
from pipelines.settings import PROJECT_ROOT

pytestmark = [pytest.mark.services, pytest.mark.slow]


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
    with serving(tmp_path, "-c", HASTY, str(models.parent)) as running:
        yield running


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
