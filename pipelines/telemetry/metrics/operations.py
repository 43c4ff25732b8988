"""Verdicts, queues, champions and incidents as figures: what the operations database says."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pipelines.opsdb import figures
from pipelines.opsdb.database import OpsDb
from pipelines.opsdb.figures import Count


class Operations:
    """Counts and ages; no name of a person, document or merchant is among them."""

    def __init__(self, db: OpsDb) -> None:
        self._db = db

    def read(self, now: datetime) -> list[Metric]:
        """The figures as of now."""
        with self._db.read() as session:
            return [
                *_verdicts(figures.gate_verdicts(session), figures.monitor_verdicts(session)),
                *_newest(figures.newest_verdicts(session), now),
                *_waiting("review_tasks", "Open review tasks", "reason",
                          figures.review_queue(session), now),
                *_waiting("decisions_waiting", "Versions that wait for a person's word", None,
                          figures.decisions_waiting(session), now),
                *_waiting("retrain_requests", "Retrain requests that are open or run", "state",
                          figures.retrain_requests(session), now),
                *_waiting("reviewers_held", "Reviewers held back whom no supervisor judged", None,
                          figures.reviewers_held(session), now),
                _corrections(figures.corrections_waiting(session)),
                *_champions(figures.champions(session), now),
                *_incidents(figures.open_incidents(session), now),
                _paused(figures.paused(session)),
            ]  # fmt: skip


def _verdicts(gate: Iterable[Count], monitor: Iterable[Count]) -> Iterator[Metric]:
    labels = ["model", "decision"]
    judged = CounterMetricFamily(
        "millrace_gate_verdicts", "Versions that the gate judged.", labels=labels
    )
    for one in gate:
        judged.add_metric([one.model, one.kind], one.number)
    # No counter: a window that is judged again may leave one decision for another.
    windows = GaugeMetricFamily("millrace_monitor_windows", "Judged windows.", labels=labels)
    for one in monitor:
        windows.add_metric([one.model, one.kind], one.number)
    yield from (judged, windows)


def _newest(found: Iterable[Count], now: datetime) -> Iterator[Metric]:
    verdict = GaugeMetricFamily(
        "millrace_monitor_verdict",
        "1 for the verdict on the newest window.",
        labels=["model", "decision"],
    )
    age = GaugeMetricFamily(
        "millrace_monitor_verdict_age_seconds", "Since it was judged.", labels=["model"]
    )
    for one in found:
        verdict.add_metric([one.model, one.kind], 1)
        if one.since is not None:
            age.add_metric([one.model], _age(one.since, now))
    yield from (verdict, age)


def _waiting(
    name: str, what: str, kind: str | None, found: Iterable[Count], now: datetime
) -> Iterator[Metric]:
    """How many wait, and how long the oldest does."""
    labels = ["model"] if kind is None else ["model", kind]
    number = GaugeMetricFamily(f"millrace_{name}", f"{what}.", labels=labels)
    age = GaugeMetricFamily(
        f"millrace_{name}_age_seconds", f"{what}: age of the oldest.", labels=labels
    )
    for one in found:
        values = [one.model] if kind is None else [one.model, one.kind]
        number.add_metric(values, one.number)
        if one.since is not None:
            age.add_metric(values, _age(one.since, now))
    yield from (number, age)


def _corrections(found: Iterable[Count]) -> Metric:
    waiting = GaugeMetricFamily(
        "millrace_corrections_waiting", "Corrected fields in no batch yet.", labels=["model"]
    )
    for one in found:
        waiting.add_metric([one.model], one.number)
    return waiting


def _champions(found: Iterable[figures.Champion], now: datetime) -> Iterator[Metric]:
    version = GaugeMetricFamily(
        "millrace_champion_version", "Version that answers.", labels=["model"]
    )
    age = GaugeMetricFamily(
        "millrace_champion_age_seconds", "Since it became champion.", labels=["model"]
    )
    for one in found:
        version.add_metric([one.model], one.version)
        age.add_metric([one.model], _age(one.since, now))
    yield from (version, age)


def _incidents(found: Iterable[figures.Open], now: datetime) -> Iterator[Metric]:
    labels = ["model", "kind", "severity"]
    number = GaugeMetricFamily("millrace_incidents_open", "Open incidents.", labels=labels)
    age = GaugeMetricFamily(
        "millrace_incident_age_seconds", "Since an incident was opened.", labels=labels
    )
    for one in found:
        number.add_metric([one.model, one.kind, one.severity], 1)
        age.add_metric([one.model, one.kind, one.severity], _age(one.since, now))
    yield from (number, age)


def _paused(found: dict[str, bool]) -> Metric:
    paused = GaugeMetricFamily(
        "millrace_scoring_paused", "1 where the breaker holds scoring.", labels=["model"]
    )
    for model, value in sorted(found.items()):
        paused.add_metric([model], int(value))
    return paused


def _age(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0)
