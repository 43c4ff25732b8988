"""The API for programs: keys, pages, imports that add once, and its own description of itself."""

import json

import pytest
import schemathesis
from factories import reviews
from factories.operations import NOW
from factories.review_pages import Pages
from hypothesis import HealthCheck, given, settings
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from pipelines.contracts.account import SCOPES, Scope
from pipelines.opsdb import accounts
from pipelines.review import credentials
from pipelines.review.app import create_app

JSON = {"Content-Type": "application/json"}
ROWS = [
    {"key": f"archive-{number}", "document_id": "d1", "field": "total", "value": f"{number}.00"}
    for number in range(5)
]


def key_of(pages: Pages, *scopes: Scope) -> tuple[str, str]:
    key_id, secret = credentials.new_key()
    with pages.db.write() as session:
        accounts.add_key(session, key_id, "archive", scopes, credentials.digest(secret), NOW)
    return key_id, credentials.written_key(key_id, secret)


def program(pages: Pages, *scopes: Scope) -> TestClient:
    client = pages.stranger()
    client.headers["Authorization"] = f"Bearer {key_of(pages, *scopes)[1]}"
    return client


def test_rows_are_added_once_and_come_out_in_pages(pages: Pages) -> None:
    client = program(pages, "corrections:write", "corrections:read")
    body = {"model": "receipts", "rows": [*ROWS, {"document_id": "d1"}]}
    first = client.post("/api/v1/corrections", json=body).json()
    assert (first["added"], first["known"], first["refused"]) == (5, 0, 1)
    assert first["reasons"][0].startswith("row 6:")
    again = client.post("/api/v1/corrections", json=body).json()
    assert (again["added"], again["known"], again["refused"]) == (0, 5, 1)
    seen, after = [], 0
    while after is not None:
        query = {"model": "receipts", "after": after, "limit": 2}
        page = client.get("/api/v1/corrections", params=query).json()
        assert len(page["corrections"]) <= 2
        seen += [one["after"] for one in page["corrections"]]
        after = page["next"]
    assert seen == ["0.00", "1.00", "2.00", "3.00", "4.00"]


def test_requests_are_counted_by_route_for_a_key_that_may_see_them(pages: Pages) -> None:
    client = program(pages, "metrics:read", "tasks:read")
    for number in (1, 2, 999):
        client.get(f"/api/v1/tasks/{number}")
        client.get(f"/nothing/{number}")
    text = client.get("/metrics").raise_for_status().text
    counted = {
        tuple(one.labels[name] for name in ("route", "method", "status")): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == "millrace_review_request_seconds_count"
    }
    assert counted == {
        ("/api/v1/tasks/{task_id}", "GET", "4xx"): 3,
        ("other", "GET", "4xx"): 3,
    }
    assert program(pages, "tasks:read").get("/metrics").status_code == 403
    assert pages.stranger().get("/metrics").status_code == 401
    assert pages.sign_in("sam").get("/metrics").status_code == 401


@pytest.mark.parametrize(
    "strange",
    [
        {"content_hash": "x" * 300},
        {"content_hash": "a\0b"},
        {"document_id": "a\0b"},
        {"document_id": "\ud800"},
        {"value": "\0"},
        {"boxes": [{"page": 0, "box": [0, 0, 1, None]}]},
        {"key": "k" * 300},
        {"reviewer": "<b>"},
        {"at": "yesterday"},
    ],
    ids=lambda strange: ascii(strange)[:30],
)
def test_strange_row_is_refused_and_the_others_are_taken(
    pages: Pages, strange: dict[str, object]
) -> None:
    client = program(pages, "corrections:write")
    body = json.dumps({
        "model": "receipts",
        "rows": [ROWS[0] | {"key": "other"} | strange, ROWS[1]],
    })
    done = client.post("/api/v1/corrections", content=body, headers=JSON)
    assert done.status_code == 200, done.text
    assert (done.json()["added"], done.json()["refused"]) == (1, 1), done.text


def test_label_studio_export_is_taken_once(pages: Pages) -> None:
    text = {"from_name": "total", "type": "textarea", "value": {"text": ["11.30"]}}
    export = [
        {"id": 7, "data": {"document_id": "d1"}, "annotations": [{"id": 9, "result": [text]}]}
    ]
    client = program(pages, "corrections:write")
    for added in (1, 0):
        done = client.post("/api/v1/corrections/labelstudio?model=receipts", json=export).json()
        assert (done["added"], done["refused"]) == (added, 0), done


def test_tasks_are_listed_and_shown(pages: Pages) -> None:
    reviews.put(pages.db, reviews.review_task(1), reviews.review_task(2))
    client = program(pages, "tasks:read")
    page = client.get("/api/v1/tasks?state=open&limit=1").json()
    assert [one["document_id"] for one in page["tasks"]] == ["receipt-0001"]
    rest = client.get("/api/v1/tasks", params={"after": page["next"]}).json()
    assert ([one["document_id"] for one in rest["tasks"]], rest["next"]) == (["receipt-0002"], None)
    found = client.get(f"/api/v1/tasks/{page['next']}").json()
    assert len(found["document"]["pages"][0]["lines"]) == len(reviews.LINES)
    assert client.get("/api/v1/tasks/99").status_code == 404


def test_key_does_what_its_scopes_say_until_it_is_revoked(pages: Pages) -> None:
    client = program(pages, "tasks:read")
    assert client.get("/api/v1/tasks").status_code == 200
    assert client.get("/api/v1/corrections").status_code == 403
    body = {"model": "receipts", "rows": ROWS}
    assert client.post("/api/v1/corrections", json=body).status_code == 403
    key_id, written = key_of(pages, *SCOPES)
    client.headers["Authorization"] = f"Bearer {written}"
    assert client.get("/api/v1/corrections").status_code == 200
    for wrong in (f"Bearer {written}x", "Bearer mlr_x_y", "Basic abc", ""):
        client.headers["Authorization"] = wrong
        assert client.get("/api/v1/corrections").status_code == 401
    with pages.db.write() as session:
        accounts.revoke_key(session, key_id, NOW)
    client.headers["Authorization"] = f"Bearer {written}"
    assert client.get("/api/v1/corrections").status_code == 401


def test_session_of_a_person_opens_no_api(lite: Pages) -> None:
    assert lite.sign_in("sam").get("/api/v1/tasks").status_code == 401


@pytest.mark.slow
def test_api_keeps_what_its_openapi_document_promises(lite: Pages) -> None:
    reviews.put(lite.db, reviews.review_task(1), reviews.review_task(2))
    headers = {"Authorization": f"Bearer {key_of(lite, *SCOPES)[1]}"}
    hosts = lite.settings.model_copy(update={"review_hosts": ("testserver", "localhost")})
    app = create_app(hosts, lite.db, lambda: NOW)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) == 5
    for operation in operations:

        @settings(
            max_examples=15,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers)

        check()
