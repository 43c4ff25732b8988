"""All figures together, for Prometheus."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings
from pipelines.telemetry.metrics.attempts import Attempts
from pipelines.telemetry.metrics.operations import Operations
from pipelines.telemetry.metrics.patience import Patient
from pipelines.telemetry.metrics.services import SECONDS, Services

PATIENCE_SECONDS = SECONDS + 1
"""Longest that a scrape takes, whatever is away; Prometheus itself waits ten seconds by default."""


class Source(Protocol):
    """Something that figures are read from."""

    def read(self, now: datetime) -> list[Metric]:
        """The figures as of now; raises where it is away."""
        ...


class Exporter(Collector):
    """Reads all sources at once. One that is away or slow leaves its own figures out, and says so
    by `millrace_collector_up`: old figures would look like new ones."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: Callable[[], datetime],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._patient: Patient[list[Metric]] = Patient(patience)

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        now = self._clock()
        answers = self._patient.ask({
            name: lambda source=source: source.read(now)  # type: ignore[misc]
            for name, source in self._sources.items()
        })
        up = GaugeMetricFamily(
            "millrace_collector_up", "1 where these figures could be read.", labels=["collector"]
        )
        seconds = GaugeMetricFamily(
            "millrace_collector_seconds", "How long reading them took.", labels=["collector"]
        )
        for name, answer in answers.items():
            up.add_metric([name], int(answer.value is not None))
            seconds.add_metric([name], answer.seconds)
            yield from answer.value or ()
        yield from (up, seconds)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not read the stores."""
        return []


class _Opened:
    """A source of the operations database, which may come later or be migrated meanwhile."""

    def __init__(self, settings: Settings, kind: Callable[[OpsDb], Source]) -> None:
        self._settings = settings
        self._kind = kind
        self._source: Source | None = None

    def read(self, now: datetime) -> list[Metric]:
        if self._source is None:
            self._source = self._kind(OpsDb.open(self._settings))
        return self._source.read(now)


def registry(
    settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> CollectorRegistry:
    """What a home says of itself."""
    sources: dict[str, Source] = {
        "services": Services(settings),
        "attempts": _Opened(settings, Attempts),
        "operations": _Opened(settings, Operations),
    }
    found = CollectorRegistry()
    found.register(Exporter(sources, clock))
    return found
