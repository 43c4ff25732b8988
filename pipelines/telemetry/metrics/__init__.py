"""The figures that Prometheus reads: `python -m pipelines.telemetry.metrics --port N`."""
