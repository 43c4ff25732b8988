"""Signing in and out."""

import math
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from pipelines.opsdb import accounts
from pipelines.review import credentials
from pipelines.review.office import (
    COOKIE,
    SESSION_HOURS,
    OfficeDep,
    VisitorDep,
    require_csrf,
    screen,
    session_end,
)

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=300)]


@router.get("/sign-in")
def sign_in_page(next: str = "/") -> Response:
    """The form."""
    return screen("sign_in.html", next=_inside(next), name="")


@router.post("/sign-in")
def sign_in(
    request: Request, office: OfficeDep, name: Text, password: Text, next: Text = "/"
) -> Response:
    """Opens a session, or says no in the same words whatever was wrong."""
    name, target, now = name.strip().lower()[:63], _inside(next), office.clock()
    address = request.client.host if request.client else "unknown"
    with office.db.write() as session:
        wait = accounts.attempt(session, name, address, now)
        hashed = accounts.password_hash(session, name)
    if wait is not None:
        minutes = math.ceil(wait.total_seconds() / 60)
        trouble = f"Too many attempts. Try again in {minutes} minute{'s' * (minutes > 1)}."
        return screen("sign_in.html", status=429, trouble=trouble, next=target, name=name)
    # Outside of the transaction: it takes a tenth of a second on purpose.
    if not credentials.is_password(password, hashed):
        trouble = "This name and password do not belong together."
        return screen("sign_in.html", status=401, trouble=trouble, next=target, name=name)
    token = credentials.new_token()
    with office.db.write() as session:
        accounts.open_session(session, credentials.digest(token), name, now, session_end(now))
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/sign-out")
def sign_out(office: OfficeDep, visitor: VisitorDep, csrf: Text) -> Response:
    """Ends this browser's session."""
    require_csrf(visitor, csrf)
    with office.db.write() as session:
        accounts.close_session(session, visitor.token_hash)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def to_sign_in(request: Request) -> Response:
    """Leads to the form and back to the page that was asked for."""
    return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)


def _inside(target: str) -> str:
    """A path of this site; anything else leads to the front page."""
    parts = urlsplit(target)
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if plain and not parts.scheme and not parts.netloc else "/"
