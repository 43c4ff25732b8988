"""What every answer carries, and which requests are turned away before anybody looks at them."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 8 * 2**20
"""Largest body of a request: a thousand corrections, or a Label Studio export in parts."""

# Nothing of a document may run or call out, whatever its text says: scripts and styles are files
# of ours, inline ones are refused.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TOO_LARGE = f"the body is larger than {MOST_BYTES // 2**20} MB. Send it in parts"
_SAFE = {"GET", "HEAD", "OPTIONS"}


class TooLargeError(HTTPException):
    """The body turns out to be longer than is allowed; FastAPI lets such an error through."""

    def __init__(self) -> None:
        super().__init__(413, _TOO_LARGE)


class Guard:
    """ASGI middleware: security headers, the size of a body, and no writing from other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(scope, message)
            await send(message)

        if scope["method"] not in _SAFE and _is_foreign(headers):
            await _refused(403, "it comes from another site")(scope, receive, answer)
            return
        if int(headers.get("content-length") or 0) > MOST_BYTES:
            await _refused(413, _TOO_LARGE)(scope, receive, answer)
            return
        await self._app(scope, _bounded(receive), answer)


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser sends it from a page of another site; programs send neither header."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise TooLargeError
        return message

    return bounded


def _add_headers(scope: Scope, message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers[name] = value
    # What a reviewer saw must not be read from the browser's store by the next person.
    headers.setdefault("Cache-Control", "no-store")
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"


def _refused(status: int, why: str) -> JSONResponse:
    return JSONResponse({"detail": f"the request is refused: {why}."}, status)
