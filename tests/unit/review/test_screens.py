"""The pages for people: own work, the supervisor's queue and what can be done there."""

import re
from datetime import timedelta

import pytest
from factories import reviews
from factories.operations import NOW
from factories.review_pages import Pages
from starlette.testclient import TestClient

from pipelines.contracts.account import FIRST_USERS
from pipelines.contracts.decision import PLATFORM
from pipelines.opsdb import accounts, standings
from pipelines.opsdb.figures import reviewers_held
from pipelines.review import figures
from pipelines.review.__main__ import seed
from pipelines.review.help import KEYS
from pipelines.settings import PROJECT_ROOT

RIGHT = [{"field": name, "verdict": "right"} for name in ("company", "date", "address")]
TOTAL = {"field": "total", "verdict": "wrong", "value": "11.30"}


def review(client: TestClient, *judgements: dict) -> int:
    task: int = client.post("/work/next", json={"model": "receipts"}).json()["task"]
    body = {"judgements": [*RIGHT, *judgements], "nonce": "a" * 24}
    assert client.post(f"/work/{task}/answer", json=body).status_code == 204
    return task


def form(client: TestClient, **content: object) -> dict:
    return {"csrf": client.headers["X-CSRF-Token"], **content}


def test_own_work_shows_what_was_said_and_takes_it_back(pages: Pages) -> None:
    reviews.put(pages.db, *(reviews.review_task(number) for number in range(30)))
    rio = pages.sign_in("rio")
    task = 0
    for _ in range(27):
        pages.wait(seconds=4)
        task = review(rio, TOTAL)
    page = rio.get("/history").text
    assert re.search(r"<b>27</b>today", page)
    assert re.search(r"<b>4 s</b>median", page)
    assert page.count("<b>total</b> wrong: 11.30") == 25
    older = rio.get(
        "/history" + re.search(r'href="(\?[^"]+)">Older', page)[1].replace("&amp;", "&")
    )
    assert older.text.count("<b>total</b> wrong: 11.30") == 2
    done = rio.post("/history/take-back", data=form(rio, task_id=task))
    assert done.headers["location"] == "/review/receipts"
    again = rio.post("/work/next", json={"model": "receipts"}).json()
    assert (again["task"], again["draft"]["fields"]["total"]["value"]) == (task, "11.30")
    ren = pages.sign_in("ren")
    assert ren.post("/history/take-back", data=form(ren, task_id=1)).status_code == 409


def test_supervisor_releases_a_document_and_holds_a_reviewer_back(pages: Pages) -> None:
    reviews.put(
        pages.db, reviews.review_task(1), reviews.review_task(2, reason="audit", chance=0.1)
    )
    rio, sam = pages.sign_in("rio"), pages.sign_in("sam")
    task = rio.post("/work/next", json={"model": "receipts"}).json()["task"]
    page = sam.get("/queue").text
    assert "<b>1</b>uncertain, 1 in hands" in page
    assert "<b>1</b>audit sample, 0 in hands" in page
    assert "Release receipt-0001" in page
    done = sam.post("/queue/release", data=form(sam, task_id=task, held_by="rio"))
    assert done.headers["location"] == "/queue?model=receipts"
    assert "Nobody holds a document" in sam.get("/queue").text
    for held in ("true", "false"):
        content = form(sam, model="receipts", name="rio", held=held, why="too quick <b>by far</b>")
        assert sam.post("/queue/standing", data=content).status_code == 303
        with pages.db.read() as session:
            assert (standings.held(session, "receipts") == {"rio"}) is (held == "true")
        text = sam.get("/queue").text
        assert ("too quick &lt;b&gt;by far&lt;/b&gt;" in text) is (held == "true")


def test_supervisor_is_asked_about_a_reviewer_who_was_held_back_until_somebody_decides(
    pages: Pages,
) -> None:
    sam = pages.sign_in("sam")
    assert "Keep held back" not in sam.get("/queue").text
    with pages.db.write() as session:
        standings.write(session, "receipts", "rio", True, "overruled", PLATFORM, NOW)
    with pages.db.read() as session:
        assert [(one.model, one.number) for one in reviewers_held(session)] == [("receipts", 1)]
    text = sam.get("/queue").text
    assert f"<b>held back</b> by millrace, {NOW:%d %b %H:%M} UTC: overruled" in text
    assert "Let count" in text and "Keep held back" in text
    content = form(sam, model="receipts", name="rio", held="true", why="read ten of them")
    assert sam.post("/queue/standing", data=content).status_code == 303
    text = sam.get("/queue").text
    assert "<b>held back</b> by sam, " in text
    assert "UTC: read ten of them (millrace: overruled)" in text, "the figure stays"
    assert "Let count" in text and "Keep held back" not in text
    with pages.db.read() as session:
        assert standings.held(session, "receipts") == {"rio"} and reviewers_held(session) == []


def test_agreement_is_shown_to_both_who_judged_one_document(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1))
    rio, ren = pages.sign_in("rio"), pages.sign_in("ren")
    review(rio, TOTAL)
    reviews.put(pages.db, reviews.review_task(1, reason="second"))
    review(ren, TOTAL)
    assert "4 of 4 fields stood" in rio.get("/history").text
    assert "4 of 4 fields stood" in pages.sign_in("sam").get("/queue").text


def test_front_page_leads_to_the_model_that_waits(lite: Pages) -> None:
    assert lite.sign_in("rio").get("/").headers["location"] == "/review/receipts"
    missing = lite.sign_in("rio").get("/review/<script>")
    assert missing.status_code == 404
    assert "<script>" not in missing.text


def test_first_users_are_made_once_and_keep_what_they_changed(lite: Pages) -> None:
    passwords = {name: f"a-password-of-{name}" for name in (*FIRST_USERS, "stranger")}
    assert seed(lite.db, passwords) == [], "they were there"
    with lite.db.write() as session:
        before = accounts.password_hash(session, "rio")
    assert seed(lite.db, passwords) == []
    with lite.db.read() as session:
        assert accounts.password_hash(session, "rio") == before
        assert accounts.user(session, "stranger") is None


def test_help_names_the_keys_that_the_page_obeys() -> None:
    script = (PROJECT_ROOT / "pipelines/review/static/review.js").read_text()
    table = script.split("const KEYS = {")[1].split("\n};")[0]
    obeyed = {key.strip('"') for key in re.findall(r'^  ("[^"]+"|\w+):', table, re.MULTILINE)} - {
        "="
    }
    spelled = {"Space": " ", "↓": "ArrowDown", "↑": "ArrowUp"}
    told = {spelled.get(key, key) for _, rows in KEYS for keys, _ in rows for key in keys}
    told = {key.lower() if len(key) == 1 else key for key in told} - {"1 … 9", "Shift", "↑↓←→"}
    assert told == obeyed


@pytest.mark.parametrize(
    ("gaps", "expected"), [([], None), ([4, 6, 100], 6), ([4, 4, 3600], 4), ([3600], None)]
)
def test_pace_leaves_pauses_out(gaps: list[int], expected: float | None) -> None:
    times = [NOW]
    for gap in gaps:
        times.append(times[-1] + timedelta(seconds=gap))
    assert figures.pace(times) == expected
