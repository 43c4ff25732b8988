"""What a request works with: the home, the operations database, the clock and who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse

from pipelines import specs
from pipelines.contracts.account import Role, User
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.opsdb import accounts
from pipelines.opsdb.database import OpsDb
from pipelines.review import credentials
from pipelines.settings import Settings

COOKIE = "millrace_review"
SESSION_HOURS = 12
"""A working day: after it a person signs in anew."""

_templates = Environment(loader=PackageLoader("pipelines.review"), autoescape=True)


class SignedOutError(Exception):
    """Nobody is signed in: a page leads to the sign-in, a call is refused."""


@dataclass(frozen=True)
class Office:
    """The parts that all requests share."""

    settings: Settings
    db: OpsDb
    clock: Callable[[], datetime]

    def models(self) -> list[str]:
        """Models whose fields people review, by name."""
        return [name for name in specs.model_names() if specs.model(name).task == "extraction"]

    def model(self, name: str) -> ModelSpec:
        """One of them; raises NotFoundError."""
        if name not in self.models():
            raise NotFoundError(f"there is no model {name!r} whose fields are reviewed.")
        return specs.model(name)


@dataclass(frozen=True)
class Visitor:
    """A signed-in person, in one browser."""

    user: User
    csrf: str
    token_hash: str


def office(request: Request) -> Office:
    """The office of this application."""
    found: Office = request.app.state.office
    return found


OfficeDep = Annotated[Office, Depends(office)]


def visitor(request: Request, office: OfficeDep) -> Visitor:
    """Who is signed in; raises SignedOutError."""
    token = request.cookies.get(COOKIE)
    if not token:
        raise SignedOutError
    hashed = credentials.digest(token)
    with office.db.read() as session:
        user = accounts.signed_in(session, hashed, office.clock())
    if user is None:
        raise SignedOutError
    return Visitor(user, credentials.csrf_token(token), hashed)


VisitorDep = Annotated[Visitor, Depends(visitor)]


def acting(request: Request, visitor: VisitorDep) -> Visitor:
    """Who is signed in and sent this from a page of ours, by its token in the header."""
    require_csrf(visitor, request.headers.get("X-CSRF-Token", ""))
    return visitor


ActingDep = Annotated[Visitor, Depends(acting)]


def require_csrf(visitor: Visitor, given: str) -> None:
    """Refuses what does not carry the token of this session's pages."""
    if not credentials.is_same(given, visitor.csrf):
        raise HTTPException(403, "the page is out of date: load it again and repeat.")


def require_role(visitor: Visitor, role: Role) -> None:
    """Refuses whose role does not include `role`."""
    if not visitor.user.may(role):
        raise HTTPException(403, f"this is for the role {role}, and you are {visitor.user.role}.")


def screen(
    template: str, visitor: Visitor | None = None, status: int = 200, **content: object
) -> HTMLResponse:
    """A page from its template; all text is escaped."""
    known = {} if visitor is None else {"user": visitor.user, "csrf": visitor.csrf}
    return HTMLResponse(_templates.get_template(template).render(**known, **content), status)


def session_end(now: datetime) -> datetime:
    """When a session that begins now is over."""
    return now + timedelta(hours=SESSION_HOURS)
