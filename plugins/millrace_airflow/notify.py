"""Tells every channel of every incident's beginning, worsening and end, once."""

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millrace_airflow.channels import Channel
    from pipelines.contracts.monitoring import Transition
    from pipelines.opsdb.database import OpsDb

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=10)
"""A delivery that was begun so long ago and not ended is begun again: its sender died."""
OLD = timedelta(days=2)
"""What is over is told no longer than this, so that a channel that is new, or was away for long,
is not flooded with the past. What is still open is always told."""
_NOTE_LETTERS = 300


def tell(model: str, **_: Any) -> dict[str, Any]:
    """Sends what each channel does not have yet; what was sent stays sent.

    A channel that fails keeps its place: the others are told, and the task fails at its end so
    that Airflow tries again, which sends what is missing alone. Without channels the list on the
    page is all.
    """
    from millrace_airflow.channels import channels
    from pipelines import settings
    from pipelines.errors import TransientError
    from pipelines.opsdb.database import OpsDb

    current = settings.load()
    db, told, failed = OpsDb.open(current), {}, {}
    for channel in channels(current):
        told[channel.name], why = _tell(channel, model, db)
        if why is not None:
            failed[channel.name] = why
            log.error("%s could not be told: %s", channel.name, why)
    if failed:
        raise TransientError(
            f"not every channel could be told of {model}'s alarms: "
            + "; ".join(f"{name}: {why}" for name, why in failed.items())
            + ". What is missing is sent by the next try, or by the next run; see the Airflow "
            "connections that MILLRACE_NOTIFIERS names."
        )
    return {"model": model, "told": told}


def _tell(channel: "Channel", model: str, db: "OpsDb") -> tuple[int, str | None]:
    """How much was sent to one channel, in order, and what stopped it."""
    from pipelines.opsdb import deliveries, incidents

    with db.read() as session:
        due = deliveries.due(session, model, channel.name, datetime.now(UTC), again=AGAIN)
        still_open = {one.incident_id for one in incidents.still_open(session, model)}
    sent = 0
    for one in due:
        now = datetime.now(UTC)
        if one.incident_id not in still_open and one.at < now - OLD:
            continue
        with db.write() as session:
            if not deliveries.claim(session, one.transition_id, channel.name, now, again=AGAIN):
                continue
        why = _send(channel, one, db)
        with db.write() as session:
            now = datetime.now(UTC)
            if why is not None:
                deliveries.failed(session, one.transition_id, channel.name, now, why)
                return sent, why
            deliveries.done(session, one.transition_id, channel.name, now)
        sent += 1
    return sent, None


def _send(channel: "Channel", told: "Transition", db: "OpsDb") -> str | None:
    """Sends one message; why it could not be sent, None where it was."""
    from airflow.configuration import conf

    from pipelines.monitoring.response.alert import Links, alert
    from pipelines.opsdb import breaker, incidents

    with db.read() as session:
        incident = incidents.get(session, told.incident_id)
        paused = breaker.is_paused(session, told.model) is not None
    message = alert(told, incident, Links(conf.get("api", "base_url")), paused=paused)
    try:
        # Not called as a callback: that would read values of the data as Jinja templates.
        channel.notifier(message).notify({})
    except Exception as error:
        # Whatever a library raises, the other channels must be told.
        return f"{type(error).__name__}: {error}".replace("\n", " ")[:_NOTE_LETTERS]
    return None
