"""Signing in: sessions, cookies, tokens against foreign pages, locks, headers."""

import pytest
from factories.review_pages import PASSWORD, Pages

from pipelines.review.office import COOKIE, SESSION_HOURS
from pipelines.review.security import MOST_BYTES

pytestmark = pytest.mark.slow

SCREENS = ("/", "/review/receipts", "/history", "/queue")


def test_nothing_is_shown_before_signing_in(lite: Pages) -> None:
    stranger = lite.stranger()
    for path in SCREENS:
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
    assert stranger.post("/work/next", json={"model": "receipts"}).status_code == 401
    assert stranger.get("/work/1/scan").status_code == 401


def test_session_begins_and_ends(pages: Pages) -> None:
    rio = pages.sign_in("rio")
    assert rio.get("/history").status_code == 200
    pages.wait(hours=SESSION_HOURS)
    assert rio.get("/history").status_code == 303
    rio = pages.sign_in("rio")
    kept = rio.cookies[COOKIE]
    done = rio.post("/sign-out", data={"csrf": rio.headers["X-CSRF-Token"]})
    assert done.headers["location"] == "/sign-in"
    stolen = pages.stranger()
    stolen.cookies.set(COOKIE, kept)
    assert stolen.get("/history").status_code == 303, "the server forgot it too"


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_cookie_is_out_of_reach_of_scripts_and_other_sites(
    lite: Pages, scheme: str, secure: bool
) -> None:
    client = lite.stranger(f"{scheme}://localhost")
    answer = client.post("/sign-in", data={"name": "rio", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ("secure" in cookie) is secure
    assert ("strict-transport-security" in answer.headers) is secure


def test_wrong_name_and_wrong_password_look_the_same_and_lock_out(pages: Pages) -> None:
    client = pages.stranger()

    def attempt(name: str, password: str) -> tuple[int, str]:
        answer = client.post("/sign-in", data={"name": name, "password": password})
        return answer.status_code, answer.text.replace(f'value="{name}"', "")

    assert attempt("rio", "wrong") == attempt("nobody", "wrong")
    assert attempt("rio", "wrong")[0] == 401
    for _ in range(3):
        attempt("rio", "wrong")
    status, text = attempt("rio", PASSWORD)
    assert status == 429, "the right password is not even looked at"
    assert "Try again in 15 minutes" in text
    pages.wait(minutes=15)
    assert attempt("rio", PASSWORD)[0] == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_to_another_site(lite: Pages, target: str) -> None:
    form = {"name": "rio", "password": PASSWORD, "next": target}
    assert lite.stranger().post("/sign-in", data=form).headers["location"] == "/"


def test_writing_needs_the_token_of_the_page(lite: Pages) -> None:
    rio = lite.sign_in("rio")
    for token in ("", "wrong", lite.sign_in("ren").headers["X-CSRF-Token"]):
        rio.headers["X-CSRF-Token"] = token
        assert rio.post("/work/next", json={"model": "receipts"}).status_code == 403
        assert rio.post("/sign-out", data={"csrf": token or "x"}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_writing_from_another_site_is_turned_away(lite: Pages, headers: dict[str, str]) -> None:
    form = {"name": "rio", "password": PASSWORD}
    assert lite.stranger().post("/sign-in", data=form, headers=headers).status_code == 403
    rio = lite.sign_in("rio")
    assert rio.post("/work/next", json={"model": "receipts"}, headers=headers).status_code == 403


def test_every_answer_forbids_scripts_that_are_not_ours(lite: Pages) -> None:
    rio = lite.sign_in("rio")
    for path in ("/sign-in", "/history", "/nothing", "/static/review.js", "/work/9/scan"):
        headers = rio.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert "<script>" not in rio.get("/review/receipts").text
    assert "style=" not in rio.get("/review/receipts").text


def test_another_host_name_and_a_huge_body_are_refused(lite: Pages) -> None:
    assert lite.stranger("http://evil.example").get("/sign-in").status_code == 400
    body = b"x" * (MOST_BYTES + 1)
    assert lite.stranger().post("/sign-in", content=body).status_code == 413
    parts = (b"x" * 2**20 for _ in range(9))  # no length is said before
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert lite.stranger().post("/sign-in", content=parts, headers=form).status_code == 413


def test_pages_of_a_higher_role_are_refused(lite: Pages) -> None:
    for name in ("rio", "ana"):
        client = lite.sign_in(name)
        assert client.get("/queue").status_code == 403
        assert client.get("/history?name=sam").status_code == 403
        form = {"csrf": client.headers["X-CSRF-Token"], "model": "receipts", "name": "rio"}
        done = client.post("/queue/standing", data=form | {"held": "true", "why": "no reason"})
        assert done.status_code == 403
    assert lite.sign_in("sam").get("/history?name=rio").status_code == 200


def test_health_answers_without_signing_in(lite: Pages) -> None:
    assert lite.stranger().get("/health").json()["status"] == "healthy"
