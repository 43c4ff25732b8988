"""Whether each service answers, and how fast."""

from collections.abc import Callable
from datetime import datetime

import httpx
from prometheus_client.core import GaugeMetricFamily, Metric

from pipelines.services import embedded, state
from pipelines.settings import Settings
from pipelines.telemetry.metrics.patience import Patient

OWN = "metrics"
"""This service: who gets an answer from it knows that it is up."""
SECONDS = 2.0
"""A service that needs longer to say that it is well is not."""


class Services:
    """Asks the services that should run: those of the settings, else the embedded ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._patient: Patient[bool] = Patient(SECONDS)

    def read(self, now: datetime) -> list[Metric]:
        """The state of each service."""
        up = GaugeMetricFamily(
            "millrace_service_up", "1 where the service says that it is well.", labels=["service"]
        )
        seconds = GaugeMetricFamily(
            "millrace_service_latency_seconds", "How long it took to say so.", labels=["service"]
        )
        for name, answer in sorted(self._patient.ask(self._questions()).items()):
            up.add_metric([name], int(bool(answer.value)))
            seconds.add_metric([name], answer.seconds)
        return [up, seconds]

    def _questions(self) -> dict[str, Callable[[], bool]]:
        if self._settings.probes:
            return {name: _probe(url) for name, url in self._settings.probes.items()}
        run = state.load(self._settings)
        if run is None:
            return {}
        return {
            each.name: _look(run.is_alive, each, run.records[each.name].created)
            for each in embedded.services(self._settings)
            if each.name in run.records and each.name != OWN
        }


def _look(
    is_alive: Callable[[str], bool], service: embedded.Service, started: float
) -> Callable[[], bool]:
    return lambda: is_alive(service.name) and service.is_ready(started)


def _probe(url: str) -> Callable[[], bool]:
    return lambda: httpx.get(url, timeout=SECONDS).status_code == httpx.codes.OK
