"""What Prometheus reads from a home in which everything has happened."""

import threading
import time
from datetime import timedelta

import pytest
from factories.operations import NOW
from factories.telemetry import fill, step
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.opsdb import steps
from pipelines.opsdb.database import OpsDb
from pipelines.opsdb.migrate import upgrade
from pipelines.settings import Settings
from pipelines.telemetry.metrics.attempts import Attempts
from pipelines.telemetry.metrics.exporter import Exporter, registry
from pipelines.telemetry.metrics.operations import Operations

pytestmark = pytest.mark.slow

LATER = NOW + timedelta(hours=1)


def scraped(found: CollectorRegistry) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Value by labels by name of sample, as Prometheus parses what it is sent."""
    values: dict = {}
    for family in text_string_to_metric_families(generate_latest(found).decode()):
        for one in family.samples:
            values.setdefault(one.name, {})[tuple(sorted(one.labels.items()))] = one.value
    return values


def of(sources, patience=5.0) -> CollectorRegistry:
    found = CollectorRegistry()
    found.register(Exporter(sources, lambda: LATER, patience))
    return found


def test_figures_of_a_full_database_are_exported(opsdb):
    fill(opsdb)
    found = scraped(of({"attempts": Attempts(opsdb), "operations": Operations(opsdb)}))

    def value(metric: str, **labels: str) -> float:
        return found[f"millrace_{metric}"][tuple(sorted(labels.items()))]

    score = {"family": "score", "name": "receipts"}
    assert value("runs_total", **score, state="failed") == 1
    assert value("runs_running", **score) == 1
    assert value("run_seconds_count", **score) == 2 and value("run_seconds_sum", **score) == 180
    assert value("seconds_since_good_run", **score) == 3600
    task = {**score, "task": "score"}
    assert value("step_attempts_total", **task, state="retry") == 1
    assert value("step_seconds_bucket", **task, le="30.0") == 0
    assert value("step_seconds_bucket", **task, le="60.0") == 4
    assert value("step_seconds_count", **task) == 4 and value("step_seconds_sum", **task) == 240
    assert value("step_rows_total", **task, direction="quarantined") == 8
    assert value("step_cost_total", **task) == 4
    model = {"model": "receipts"}
    assert value("gate_verdicts_total", **model, decision="reject") == 1
    assert value("monitor_windows", **model, decision="quiet") == 1
    assert value("monitor_verdict", **model, decision="alert") == 1
    assert value("monitor_verdict_age_seconds", **model) == 3600
    assert value("review_tasks", **model, reason="audit") == 1
    assert value("review_tasks_age_seconds", **model, reason="audit") == 3600
    assert value("decisions_waiting", **model) == 2
    assert value("retrain_requests", **model, state="open") == 1
    assert value("corrections_waiting", **model) == 1, "what was right or undone is none"
    assert value("reviewers_held", **model) == 1
    assert value("reviewers_held_age_seconds", **model) == 3600
    assert value("champion_version", **model) == 1, "a shadow is no champion"
    assert value("champion_age_seconds", **model) == 2 * 86_400 + 3600
    assert value("incidents_open", **model, kind="drift", severity="high") == 1
    assert value("scoring_paused", **model) == 1
    assert value("collector_up", collector="attempts") == 1


def test_counters_grow_by_what_is_new_alone(opsdb):
    source = of({"attempts": Attempts(opsdb)})
    name, labels = "millrace_step_cost_total", (
        ("family", "score"), ("name", "receipts"), ("task", "score"),
    )  # fmt: skip
    for number in range(3):
        with opsdb.write() as session:
            steps.record_step(session, step(number))
        assert scraped(source)[name][labels] == number + 1
        assert scraped(source)[name][labels] == number + 1


class Broken:
    def read(self, now):
        raise ConnectionError("the store is away")


class Hanging:
    def __init__(self):
        self.asked, self.go = 0, threading.Event()

    def read(self, now):
        self.asked += 1
        self.go.wait(20)
        return []


def test_scrape_goes_on_when_one_store_is_away_and_another_hangs(opsdb):
    hanging = Hanging()
    source = of({"ops": Operations(opsdb), "broken": Broken(), "hanging": hanging}, patience=0.5)
    begin = time.monotonic()
    found = [scraped(source) for _ in range(3)][-1]
    assert time.monotonic() - begin < 4
    up = {
        dict(labels)["collector"]: value for labels, value in found["millrace_collector_up"].items()
    }
    assert up == {"ops": 1, "broken": 0, "hanging": 0}
    assert hanging.asked == 1, "who owes an answer is not asked again"
    hanging.go.set()
    deadline = time.monotonic() + 5
    while scraped(source)["millrace_collector_up"][(("collector", "hanging"),)] == 0:
        assert time.monotonic() < deadline


def test_exporter_starts_before_the_database_and_finds_it_later(tmp_path):
    settings = Settings(home=tmp_path, opsdb_uri="postgresql://nobody@127.0.0.1:1/none")
    found = scraped(registry(settings, lambda: LATER))
    assert found["millrace_collector_up"][(("collector", "operations"),)] == 0
    settings = Settings(home=tmp_path)
    source = registry(settings, lambda: LATER)
    scraped(source)
    upgrade(settings.operations_uri)
    fill(OpsDb.open(settings))
    assert scraped(source)["millrace_collector_up"][(("collector", "operations"),)] == 1
    assert "millrace_champion_version" in scraped(source)


def test_named_services_are_asked_at_their_addresses(tmp_path, held_server):
    probes = {
        "good": f"{held_server}/health",
        "bad": f"{held_server}/none",
        "gone": "http://127.0.0.1:1/",
    }
    found = scraped(registry(Settings(home=tmp_path, probes=probes), lambda: LATER))
    up = {dict(labels)["service"]: value for labels, value in found["millrace_service_up"].items()}
    assert up == {"good": 1, "bad": 0, "gone": 0}
    assert set(found["millrace_service_latency_seconds"]) == set(found["millrace_service_up"])


@pytest.fixture
def held_server():
    """A service that is well at /health alone."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_labels_are_bounded_by_models_and_tasks_and_not_by_runs(opsdb):
    fill(opsdb)
    source = of({"attempts": Attempts(opsdb), "operations": Operations(opsdb)})
    before = len(generate_latest(source).splitlines())
    with opsdb.write() as session:
        for number in range(100, 160):
            steps.record_step(session, step(number))
    assert len(generate_latest(source).splitlines()) == before
