"""Serves the figures: `python -m pipelines.telemetry.metrics [--port N]`."""

import argparse
import signal
import threading

from prometheus_client import start_http_server

from pipelines import settings as settings_of
from pipelines.telemetry import logs
from pipelines.telemetry.metrics.exporter import registry


def main() -> None:
    """Serves until it is told to stop."""
    settings = settings_of.load()
    logs.configure(settings)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=settings.metrics_port)
    given = parser.parse_args()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    server, _ = start_http_server(given.port, settings.bind, registry(settings))
    stopped.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
