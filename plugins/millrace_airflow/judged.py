"""Which version a decision is about."""

from typing import Any


def judged_version(model: str, context: Any) -> int:
    """The version that a decision is about: the form's, else that of the gate's last event."""
    from millrace_airflow import assets

    named = context["params"].get("version")
    if named is not None:
        return int(named)
    events = context["triggering_asset_events"][assets.judged(model)]
    return int(sorted(events, key=lambda event: event.timestamp)[-1].extra["version"])
