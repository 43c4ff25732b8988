"""Spans, as a real receiver of OTLP over HTTP and the file get them."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from pipelines.settings import Settings
from pipelines.telemetry import trace

pytestmark = pytest.mark.slow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Receiver(ThreadingHTTPServer):
    """A collector on loopback: keeps the spans that it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.spans: list = []
        self.delay = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(self.server.delay)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def receiver(monkeypatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(trace, "_silent_until", 0.0)
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def span(**given) -> trace.Span:
    content = {
        "name": "score__cards.score", "trace_id": trace.trace_id("score__cards", "run 1"),
        "span_id": trace.task_span_id("score__cards", "run 1", "score", -1, 1),
        "parent_id": trace.run_span_id("score__cards", "run 1"), "start": NOON, "end": NOON,
    }  # fmt: skip
    return trace.Span(**(content | given))


def test_span_arrives_at_an_otlp_receiver(receiver, tmp_path):
    settings = Settings(home=tmp_path, traces=receiver.url)
    trace.emit(span(attributes={"rows_in": 3}, error="ValueError"), settings)
    (found,) = receiver.spans
    assert found.trace_id.hex() == trace.trace_id("score__cards", "run 1")
    assert found.parent_span_id.hex() == trace.run_span_id("score__cards", "run 1")
    assert found.start_time_unix_nano == int(NOON.timestamp()) * 10**9
    assert found.attributes[0].key == "rows_in"
    assert (found.status.code, found.status.message) == (2, "ValueError")
    assert not settings.telemetry.exists()


def test_job_joins_the_trace_of_the_task_that_started_it(receiver, tmp_path, monkeypatch):
    above = span()
    monkeypatch.setenv(trace.TRACEPARENT, trace.traceparent(above.trace_id, above.span_id))
    with (
        pytest.raises(KeyError),
        trace.job("spark.score", Settings(home=tmp_path, traces=receiver.url)) as told,
    ):
        told["rows_in"] = 3
        raise KeyError("a name that nobody should read in a trace")
    (found,) = receiver.spans
    assert found.trace_id.hex() == above.trace_id
    assert found.parent_span_id.hex() == above.span_id
    assert found.status.message == "KeyError"


@pytest.mark.parametrize("given", ["", "00-zz-1-01", "00-" + "1" * 32 + "-" + "2" * 15 + "-01"])
def test_job_has_a_trace_of_its_own_when_nobody_started_it(given, receiver, tmp_path, monkeypatch):
    monkeypatch.setenv(trace.TRACEPARENT, given)
    with trace.job("spark.score", Settings(home=tmp_path, traces=receiver.url)):
        pass
    assert receiver.spans[0].parent_span_id == b""


def test_receiver_that_hangs_costs_a_second_once(receiver, tmp_path):
    settings = Settings(home=tmp_path, traces=receiver.url)
    receiver.delay = 3.0
    begin = time.monotonic()
    for _ in range(3):
        trace.emit(span(), settings)
    assert time.monotonic() - begin < 2.5


def test_file_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(trace, "MOST_BYTES", 2_000)
    settings = Settings(home=tmp_path)
    for number in range(20):
        trace.emit(span(attributes={"number": number}), settings)
    kept = sorted(settings.telemetry.iterdir())
    assert [one.name for one in kept] == ["spans.jsonl", "spans.jsonl.1"]
    assert all(one.stat().st_size < 4_000 for one in kept)
    newest = json.loads(kept[0].read_text().splitlines()[-1])
    assert newest["attributes"]["number"] == 19


def test_nothing_is_written_when_traces_are_off(tmp_path):
    trace.emit(span(), Settings(home=tmp_path, traces="off"))
    assert not list(tmp_path.iterdir())
