"""How many requests came, by route and answer, and how long they took; for Prometheus."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.contracts.account import ApiKey
from pipelines.review.api import allowed

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE"}

router = APIRouter(include_in_schema=False)


class Requests:
    """The figures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "millrace_review_request_seconds",
            "Time until a request was answered.",
            ["route", "method", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )


class Timed:
    """ASGI middleware: measures each request under its route's template, so that neither numbers
    of documents nor what strangers ask for make series."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._seconds = requests.seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._seconds.labels(
                _route(scope),
                scope["method"] if scope["method"] in _METHODS else "other",
                f"{status // 100}xx",
            ).observe(time.perf_counter() - begin)


@router.get("/metrics")
def metrics(request: Request, key: Annotated[ApiKey, Depends(allowed("metrics:read"))]) -> Response:
    """All figures, for a program whose key has the scope."""
    requests: Requests = request.app.state.requests
    return Response(generate_latest(requests.registry), media_type=CONTENT_TYPE_LATEST)


def _route(scope: Scope) -> str:
    template = getattr(scope.get("route"), "path", None)
    return "other" if template is None else f"{scope.get('root_path', '')}{template}"
