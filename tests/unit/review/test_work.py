"""The calls of the page: claim, draft, answer, undo, on SQLite and PostgreSQL."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from factories import reviews
from factories.review_pages import Pages
from fpdf import FPDF
from PIL import Image
from starlette.testclient import TestClient

from pipelines.contracts.document import Document
from pipelines.opsdb import corrections
from pipelines.opsdb.database import OpsDb

pytestmark = pytest.mark.slow

RIGHT = [{"field": name, "verdict": "right"} for name in ("company", "date", "address", "total")]
CORRECTED = [
    *RIGHT[:3],
    {
        "field": "total",
        "verdict": "wrong",
        "value": "11.30",
        "boxes": [{"page": 0, "box": [370, 320, 430, 340]}],
    },
]


def take(client: TestClient, *skip: int) -> dict | None:
    answer = client.post("/work/next", json={"model": "receipts", "skip": list(skip)})
    assert answer.status_code in {200, 204}, answer.text
    return answer.json() if answer.status_code == 200 else None


def answer(client: TestClient, task: int, judgements: list = RIGHT, nonce: str = "a" * 24) -> int:
    body = {"judgements": judgements, "nonce": nonce}
    return client.post(f"/work/{task}/answer", json=body).status_code


def said(db: OpsDb) -> list[tuple[str, str, str | None, str]]:
    with db.read() as session:
        rows = corrections.page(session, "receipts")
    return [(row.field, row.verdict, row.after, row.reviewer) for row in rows if not row.undoes]


def test_document_is_claimed_shown_and_answered_once(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1), reviews.review_task(2))
    rio = pages.sign_in("rio")
    item = take(rio)
    assert item["document"] == "receipt-0001", "the higher priority first"
    assert [field["name"] for field in item["fields"]] == ["company", "date", "address", "total"]
    assert item["fields"][3]["confidence"] == 0.54
    assert item["pages"][0]["scan"] is None
    assert item["pages"][0]["lines"][4]["values"] == {"date": ["21/03/2018"]}
    assert "reason" not in item, "a reviewer must not know which ones measure him"
    for _ in range(2):  # the second is the same answer, sent again
        assert answer(rio, item["task"], CORRECTED) == 204
    assert said(pages.db) == [
        ("company", "right", "BAKER & SONS SDN BHD", "rio"),
        ("date", "right", "21/03/2018", "rio"),
        ("address", "right", "12, JALAN MELATI 3, TAMAN INDAH, 81100 JOHOR BAHRU", "rio"),
        ("total", "wrong", "11.30", "rio"),
    ]
    since = pages.now.isoformat().replace("+00:00", "Z")
    pages.wait(seconds=1)
    done = rio.get("/work/progress", params={"model": "receipts", "since": since}).json()
    assert (done["today"], done["waiting"]) == (1, 1)


def test_next_one_is_fetched_ahead_and_nobody_else_gets_it(pages: Pages) -> None:
    reviews.put(pages.db, *(reviews.review_task(number) for number in (1, 2, 3)))
    rio, ren = pages.sign_in("rio"), pages.sign_in("ren")
    first = take(rio)
    ahead = take(rio, first["task"])
    assert [first["document"], ahead["document"]] == ["receipt-0001", "receipt-0002"]
    assert take(ren)["document"] == "receipt-0003"
    assert take(rio)["document"] == "receipt-0001", "a browser that died gets its own back"


def test_lease_runs_out_and_the_late_answer_is_a_conflict(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1))
    rio, ren = pages.sign_in("rio"), pages.sign_in("ren")
    task = take(rio)["task"]
    pages.wait(minutes=14)
    assert rio.post(f"/work/{task}/renew").status_code == 204
    pages.wait(minutes=14)
    assert take(ren) is None
    pages.wait(minutes=2)
    assert take(ren)["task"] == task
    assert rio.put(f"/work/{task}/draft", json={"fields": {}}).status_code == 409
    assert rio.post(f"/work/{task}/renew").status_code == 409
    assert answer(rio, task) == 409
    assert said(pages.db) == []
    assert answer(ren, task) == 204


def test_late_answer_counts_when_nobody_took_the_document(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1))
    rio = pages.sign_in("rio")
    task = take(rio)["task"]
    pages.wait(hours=2)
    assert answer(rio, task) == 204


def test_draft_outlives_the_browser(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1))
    task = take(rio := pages.sign_in("rio"))["task"]
    draft = {"fields": {"total": {"verdict": "wrong", "value": "11.30"}}, "focus": "date"}
    assert rio.put(f"/work/{task}/draft", json=draft).status_code == 204
    again = take(pages.sign_in("rio"))
    assert again["draft"]["fields"]["total"]["value"] == "11.30"
    assert again["draft"]["focus"] == "date"
    assert rio.post(f"/work/{task}/leave").status_code == 204
    assert take(pages.sign_in("ren"))["draft"] is None, "it is rio's own"


def test_undo_opens_the_document_with_what_was_said(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1))
    rio, ren = pages.sign_in("rio"), pages.sign_in("ren")
    task = take(rio)["task"]
    answer(rio, task, CORRECTED)
    assert ren.post(f"/work/{task}/undo").status_code == 409, "only who said it takes it back"
    item = rio.post(f"/work/{task}/undo").json()
    assert item["draft"]["fields"]["total"]["value"] == "11.30"
    assert item["draft"]["fields"]["company"]["value"] == "BAKER & SONS SDN BHD"
    with pages.db.read() as session:
        assert corrections.of_task(session, task) == []
    assert answer(rio, task, RIGHT, "b" * 24) == 204
    with pages.db.read() as session:
        assert [one.verdict for one in corrections.of_task(session, task)] == ["right"] * 4


def test_adjudicator_sees_both_answers_and_a_reviewer_never_gets_the_task(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1))
    rio, ren, ana = (pages.sign_in(name) for name in ("rio", "ren", "ana"))
    answer(rio, take(rio)["task"], CORRECTED)
    reviews.put(pages.db, reviews.review_task(1, reason="second"))
    assert take(rio) is None, "nobody gives the second opinion on his own"
    answer(ren, take(ren)["task"], [*RIGHT[:3], {"field": "total", "verdict": "absent"}])
    assert take(rio) is None
    assert take(ren) is None
    item = take(ana)
    assert [field["name"] for field in item["fields"] if field["asked"]] == ["total"]
    answers = {each["name"]: each["fields"]["total"]["verdict"] for each in item["answers"]}
    assert sorted(answers.values()) == ["absent", "wrong"]
    assert not {"rio", "ren"} & set(str(item).split("'")), "by whom is not shown"
    assert answer(ana, item["task"], [CORRECTED[3]]) == 204


def test_scan_is_the_kept_original_and_no_other_file(pages: Pages) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"pixels"
    name = hashlib.sha256(picture).hexdigest()
    home = pages.settings.root
    kept = home / "originals" / "receipts" / name[:2] / f"{name}.png"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(picture)
    (home / "originals" / "page.html").write_text("<script>")
    (home / "secret.png").write_bytes(picture)
    images = [str(kept.relative_to(home)), "originals/page.html", "secret.png", "/etc/hostname"]
    page = reviews.review_task(1).document.pages[0]
    reviews.put(
        pages.db,
        *(
            reviews.review_task(
                number, document=Document(document_id=f"d{number}", pages=[page], image=image)
            )
            for number, image in enumerate(images)
        ),
    )
    rio, found = pages.sign_in("rio"), {}
    held: list[int] = []
    for _ in images:
        item = take(rio, *held)
        held.append(item["task"])
        found[item["document"]] = item["pages"][0]["scan"]
        answer_ = rio.get(f"/work/{item['task']}/scan")
        assert (answer_.status_code == 200) is (item["document"] == "d0")
    assert [name for name, scan in found.items() if scan] == ["d0"]


def kept_pdf(home: Path, pages: int) -> str:
    """A PDF among the originals, as a path from the home."""
    document = FPDF(unit="pt", format=(169, 169))
    for number in range(pages):
        document.add_page()
        document.set_fill_color(255 if number else 0, 0, 0)
        document.rect(0, 0, 169, 85, style="F")
    content = bytes(document.output())
    name = hashlib.sha256(content).hexdigest()
    kept = home / "originals" / "receipts" / name[:2] / f"{name}.pdf"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    return str(kept.relative_to(home))


def test_pages_of_a_pdf_are_shown_as_pictures_that_fit_their_lines(lite: Pages) -> None:
    image = kept_pdf(lite.settings.root, 2)
    page = reviews.review_task(1).document.pages[0]
    document = Document(document_id="invoice", pages=[page, page], image=image)
    reviews.put(lite.db, reviews.review_task(1, document=document))
    rio = lite.sign_in("rio")
    shown = take(rio)["pages"]
    for one, colour in zip(shown, (0, 255), strict=True):
        answer_ = rio.get(one["scan"])
        assert answer_.headers["content-type"] == "image/jpeg"
        with Image.open(BytesIO(answer_.content)) as picture:
            assert picture.size == (round(page.width), round(page.height))
            top, bottom = (picture.getpixel((200, y)) for y in (100, 400))
            assert abs(top[0] - colour) < 9 and top[2] < 9 and min(bottom) > 246
    assert rio.get("/work/1/scan?page=2").status_code == 404


def test_a_pdf_that_cannot_be_drawn_is_told_and_harms_nobody(lite: Pages) -> None:
    image = kept_pdf(lite.settings.root, 1)
    (lite.settings.root / image).write_bytes(b"%PDF-1.7 and no more")
    page = reviews.review_task(1).document.pages[0]
    document = Document(document_id="torn", pages=[page], image=image)
    reviews.put(lite.db, reviews.review_task(1, document=document))
    rio = lite.sign_in("rio")
    answer_ = rio.get(take(rio)["pages"][0]["scan"])
    assert answer_.status_code == 404
    assert "could not be drawn" in answer_.json()["detail"]


def test_calls_refuse_what_is_not_theirs(lite: Pages) -> None:
    rio = lite.sign_in("rio")
    assert rio.post("/work/next", json={"model": "card_fraud"}).status_code == 404
    assert rio.post("/work/next", json={"model": "receipts", "more": 1}).status_code == 422
    assert rio.post("/work/77/renew").status_code == 404
    reviews.put(lite.db, reviews.review_task(1))
    task = take(rio)["task"]
    strange = [{"field": "iban", "verdict": "right"}]
    assert answer(rio, task, strange) == 422
    assert answer(rio, task, [{"field": "total", "verdict": "wrong"}]) == 422
    assert answer(rio, task, RIGHT, "no nonce") == 422
