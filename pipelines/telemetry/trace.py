"""Traces over the runs of DAGs, their tasks, Spark jobs and model versions.

The ids follow from the names: every process that knows which run it works for writes into the
same trace, without asking anybody, and whoever has a version's tag finds its run.
"""

import hashlib
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import where
from pipelines.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

log = logging.getLogger(__name__)

TRACEPARENT = "TRACEPARENT"
"""Environment variable by which a task hands its trace to the job that it starts."""
FILE, LINEAGE_FILE = "spans.jsonl", "lineage.jsonl"
MOST_BYTES = 16 * 2**20
"""A larger file is put aside, over the one that was put aside before: two of them at most."""
EXPORT_SECONDS = 1.0
"""Longest that a receiver may hold up a task …"""
SILENT_SECONDS = 60.0
"""… and how long a process then does without it."""
_W3C = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

_silent_until = 0.0

Value = str | int | float | bool


@dataclass(frozen=True)
class Span:
    """A piece of work that has ended. Ids are hexadecimal, of 32 and 16 digits."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    start: datetime
    end: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)
    error: str | None = None
    """Kind of error that ended it. Never its message, which may hold what was in the data."""


def trace_id(dag_id: str, run_id: str) -> str:
    """The trace of a run, the same in every process."""
    return _digest(32, "run", dag_id, run_id)


def run_span_id(dag_id: str, run_id: str) -> str:
    """The root span of a run."""
    return _digest(16, "root", dag_id, run_id)


def task_span_id(dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int) -> str:
    """The span of one attempt of a task."""
    return _digest(16, "task", dag_id, run_id, task_id, str(map_index), str(try_number))


def traceparent(trace: str, span: str) -> str:
    """Trace and span as W3C Trace Context writes them."""
    return f"00-{trace}-{span}-01"


def parent(text: str | None) -> tuple[str, str] | None:
    """Trace and span of a W3C traceparent; None where it is none."""
    found = _W3C.fullmatch(text or "")
    return None if found is None else (found[1], found[2])


@contextmanager
def job(name: str, settings: Settings) -> Iterator[dict[str, Value]]:
    """The span of a job, below the task that started it; attributes may be added to what it gives.

    A job that nobody started has a trace of its own.
    """
    known = parent(os.environ.get(TRACEPARENT))
    attributes: dict[str, Value] = {}
    start, error = datetime.now(UTC), None
    try:
        yield attributes
    except BaseException as failure:
        error = type(failure).__name__
        raise
    finally:
        trace, above = known or (secrets.token_hex(16), None)
        emit(
            Span(
                name=name,
                trace_id=trace,
                span_id=secrets.token_hex(8),
                parent_id=above,
                start=start,
                end=datetime.now(UTC),
                attributes=attributes,
                error=error,
            ),
            settings,
        )


def emit(span: Span, settings: Settings) -> None:
    """Writes a span where the settings say. Its own troubles are logged, and never the caller's."""
    global _silent_until
    if settings.traces == "off" or time.monotonic() < _silent_until:
        return
    try:
        from opentelemetry.sdk.trace.export import SpanExportResult

        with _exporter(settings) as exporter:
            if exporter.export([_readable(span)]) is not SpanExportResult.SUCCESS:
                raise ConnectionError(f"{settings.traces} did not take it")
    except Exception as error:
        _silent_until = time.monotonic() + SILENT_SECONDS
        log.warning("span %s is lost: %s", span.name, where(error))


@contextmanager
def _exporter(settings: Settings) -> "Iterator[SpanExporter]":
    if settings.traces != "file":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        sender = OTLPSpanExporter(endpoint=settings.traces, timeout=EXPORT_SECONDS)
        try:
            yield sender
        finally:
            sender.shutdown()
        return
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    path = bounded(settings.telemetry / FILE)
    with path.open("a", encoding="utf-8") as out:
        yield ConsoleSpanExporter(out=out, formatter=lambda one: one.to_json(indent=None) + "\n")


def bounded(path: Path) -> Path:
    """The file, for appending; put aside where it has grown too large."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > MOST_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return path


def _readable(span: Span) -> "ReadableSpan":
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

    def context(span_id: str) -> SpanContext:
        return SpanContext(
            int(span.trace_id, 16), int(span_id, 16), False, TraceFlags(TraceFlags.SAMPLED)
        )

    return ReadableSpan(
        name=span.name,
        context=context(span.span_id),
        parent=None if span.parent_id is None else context(span.parent_id),
        resource=Resource({"service.name": "millrace"}),
        attributes=dict(span.attributes),
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.OK),
        start_time=_nanoseconds(span.start),
        end_time=_nanoseconds(max(span.end, span.start)),
    )


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1e6) * 1000


def _digest(digits: int, *names: str) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:digits]
