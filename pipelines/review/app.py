"""The application: its parts put together, and our errors as answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from pipelines.errors import (
    BadDataError,
    MillraceError,
    NotFoundError,
    RefusedError,
    TransientError,
)
from pipelines.opsdb.database import OpsDb
from pipelines.review import api, requests, screens, signing, work
from pipelines.review.office import Office, SignedOutError, screen
from pipelines.review.requests import Requests, Timed
from pipelines.review.security import Guard
from pipelines.settings import Settings

_STATUS: dict[type[MillraceError], int] = {
    BadDataError: 422,
    NotFoundError: 404,
    RefusedError: 409,
    TransientError: 503,
}
_CALLS = ("/work/", "/api/")
"""Paths that programs call: they get JSON, people get pages."""


def utc_now() -> datetime:
    """The clock of a running service."""
    return datetime.now(UTC)


def create_app(settings: Settings, db: OpsDb, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The reviewers' pages and their API over one operations database."""
    app = FastAPI(title="Millrace review", docs_url=None, redoc_url=None, openapi_url=None)
    for router in (signing.router, screens.router, work.router, requests.router):
        app.include_router(router)
    static = Path(__file__).with_name("static")
    app.mount("/static", StaticFiles(directory=static), name="static")
    programs = FastAPI(
        title=api.TITLE, version="1", description=api.__doc__, docs_url=None, redoc_url=None
    )
    programs.include_router(api.router)
    app.mount("/api/v1", programs)
    for part in (app, programs):
        part.state.office = Office(settings, db, clock)
        part.add_exception_handler(SignedOutError, _signed_out)
        part.add_exception_handler(MillraceError, _refused)
        part.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.review_hosts))
    app.add_middleware(Guard)
    app.state.requests = Requests()
    app.add_middleware(Timed, requests=app.state.requests)

    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, str]:
        """Whether the operations database answers."""
        return {"status": "healthy", "database": db.revision() or "missing"}

    return app


def _is_call(request: Request) -> bool:
    return request.url.path.startswith(_CALLS)


def _signed_out(request: Request, _: Exception) -> Response:
    if _is_call(request) or request.method != "GET":
        return JSONResponse({"detail": "nobody is signed in."}, 401)
    return signing.to_sign_in(request)


def _refused(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    return _answer(request, status, str(error))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for it alone
    return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


def _answer(
    request: Request, status: int, text: str, headers: dict[str, str] | None = None
) -> Response:
    if _is_call(request):
        return JSONResponse({"detail": text}, status, headers)
    page = screen("trouble.html", status=status, text=text)
    page.headers.update(headers or {})
    return page
