"""Why a training runs: it takes the open request of its model, and says what came of it."""

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

log = logging.getLogger(__name__)

TRIAL = ("plant", "seed", "snapshot_id")
"""Parameters that make a training a trial: it answers no request and claims no corrections."""


def is_trial(params: dict[str, Any]) -> bool:
    """Whether the form makes the training a trial."""
    return any(params.get(name) is not None for name in TRIAL)


def take(model: str, *, params: dict[str, Any], **context: Any) -> dict[str, Any]:
    """The request that this run answers, with the labels it learns from.

    Reasons that came at once made one request, so a run that finds it taken has nothing to do.
    """
    from pipelines import settings
    from pipelines.corrections.desk import Desk

    desk, now = Desk.open(model, settings.load()), datetime.now(UTC)
    if is_trial(params):
        return desk.trial().to_xcom()
    reason, asked_at = _reason(model, context, now)
    run_id = context["dag_run"].run_id
    taken = desk.take(run_id, reason, now, asked_at=asked_at)
    if taken is None:
        raise AirflowSkipException(
            "nothing new to learn from: what was published has no labels, or another training has "
            "taken, or covers, what started this run"
        )
    return taken.to_xcom()


def finish(model: str, version: int, *, context: Any) -> None:
    """The run made this version, or found it there."""
    from pipelines import settings
    from pipelines.corrections.desk import Desk

    run_id = context["dag_run"].run_id
    Desk.open(model, settings.load()).finish(run_id, version, datetime.now(UTC))


def hold_back_harmful(model: str) -> list[str]:
    """After a rejection: reviewers without whose labels the model is surely better.

    Their corrections count no more until a supervisor says otherwise. Costs a training each, so
    only a rejection asks for it.
    """
    from pipelines import errors, settings, specs
    from pipelines.gate import influence
    from pipelines.lake.lake import Lake
    from pipelines.opsdb.database import OpsDb

    current, spec = settings.load(), specs.model(model)
    db = OpsDb.open(current)
    try:
        found = influence.measure(spec, lake=Lake.open(current), db=db)
    except errors.MillraceError as error:
        # A look that cannot be had must not stand in the place of the gate's word.
        log.warning("nobody's labels are looked at: %s", error)
        return []
    held = influence.hold_back(found, spec, db=db, now=datetime.now(UTC))
    for one in held:
        log.warning("corrections of %s do not count: %s", one.reviewer, one.why)
    return [one.reviewer for one in held]


def _reason(model: str, context: Any, now: datetime) -> tuple[Any, datetime | None]:
    """The run's own reason, and since when a training that began would cover it.

    None where requests alone started it: those have their reasons. New rows are one where some of
    them are labelled; else they would teach nothing.
    """
    from millrace_airflow import assets
    from millrace_airflow.author import who_started
    from pipelines import specs
    from pipelines.contracts.correction import RetrainReason

    run = context["dag_run"]
    asked_at = None
    if run.run_type == "asset_triggered":
        data = assets.published(specs.model(model).dataset)
        events = context["triggering_asset_events"].get(data, [])
        if not events or not _labelled(model, events):
            return None, None
        asked_at = max(event.timestamp for event in events)
        kind, detail = "data", f"New rows of {specs.model(model).dataset} were published."
    elif run.run_type == "manual":
        kind, detail = "hand", "Started by hand."
    else:
        kind, detail = "schedule", "The regular training."
    person = who_started(context)
    return (
        RetrainReason(
            key=f"run {run.run_id}", kind=kind, detail=detail, person=person, at=asked_at or now
        ),
        asked_at,
    )


def _labelled(model: str, events: Any) -> bool:
    from pipelines import settings, specs
    from pipelines.lake.lake import Lake
    from pipelines.retraining.labelled import labelled_rows

    days = sorted({day for event in events for day in event.extra["days"]})
    return labelled_rows(Lake.open(settings.load()), specs.model(model), days) > 0
