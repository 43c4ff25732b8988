"""Task bodies of the family `monitor`: which windows, what follows of them, and who is told."""

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

log = logging.getLogger(__name__)


def window(model: str, *, params: dict[str, Any], **context: Any) -> dict[str, Any]:
    """The windows to judge, the days to sketch, and the past they are held against.

    A window that the form names; of a scheduled or back-filled run the day of its date; else every
    day that is not judged. Where there is nothing to do, an event's run is skipped and a person's
    says what is missing.
    """
    from pipelines import errors, settings, specs
    from pipelines.lake.lake import Lake
    from pipelines.monitoring import known
    from pipelines.monitoring.plan import plan
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current, spec = settings.load(), specs.model(model)
    found = known.read(
        spec,
        lake=Lake.open(current),
        db=OpsDb.open(current),
        registry=Registry.open(current),
        settings=current,
        now=datetime.now(UTC),
    )
    by_hand = context["dag_run"].run_type == "manual"
    named, calibrate = params.get("window"), bool(params.get("calibrate"))
    day = named or _date_of_run(context)
    if not by_hand:
        _skip_where_idle(spec, found, day)
    try:
        made = plan(spec, found, window=day, calibrate=calibrate)
    except (errors.NotFoundError, errors.BadDataError) as error:
        if by_hand:
            raise
        raise AirflowSkipException(str(error)) from error
    if not made.windows and made.reference is not None:
        raise AirflowSkipException(
            f"no complete day of {spec.dataset} after {made.reference_days[-1]}, the last of the "
            "reference, is left to judge. Name an earlier one with the parameter `window`."
        )
    log.info("windows: %s; reference: %s", made.windows, made.reference or made.reference_days)
    return made.to_xcom()


def judge(model: str, *, planned: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Signals, verdict, incidents, breaker and retrain request of every window.

    It runs also where the rows could not be sketched: nobody must take that for quiet.
    """
    from pipelines import settings, specs
    from pipelines.contracts.monitor_result import MonitorPlan, SketchResult
    from pipelines.lake.lake import Lake
    from pipelines.monitoring.look import Deps
    from pipelines.monitoring.step import JudgeSpec, run
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current, plan = settings.load(), MonitorPlan.model_validate(planned)
    told = context["ti"].xcom_pull(task_ids="sketch")
    binning = None if told is None else SketchResult.model_validate(told).binning
    deps = Deps(
        lake=Lake.open(current),
        db=OpsDb.open(current),
        registry=Registry.open(current),
        settings=current,
        now=datetime.now(UTC),
    )
    result = run(JudgeSpec(model=specs.model(model), plan=plan, binning=binning), deps)
    for one in result.windows:
        log.info("%s: %s: %s", one.window, one.decision, one.reason)
    if binning is None:
        raise AirflowFailException(
            "what came in could not be sketched: see `sketch`. The window is an alert until it is."
        )
    return result.to_xcom()


def retrain(model: str, *, judged: dict[str, Any], **context: Any) -> None:
    """Wakes the training that an incident asked for, or asks for the labels that it waits for."""
    from millrace_airflow import assets, scoring
    from pipelines import specs
    from pipelines.contracts.monitor_result import MonitorResult

    result = MonitorResult.model_validate(judged)
    if result.labels_wanted and specs.model(model).is_reviewed:
        scoring.review(model)
    if result.request_id is None:
        raise AirflowSkipException("no incident asks for a training")
    context["outlet_events"][assets.retrain(model)].extra.update({
        "request_id": result.request_id,
        "incidents": result.incidents,
    })


def _skip_where_idle(spec: Any, found: Any, day: str | None) -> None:
    from pipelines.monitoring.plan import is_judged, silent

    if day is None:
        return
    if silent(spec, found, day):
        raise AirflowSkipException(
            f"no rows of {spec.dataset} were published in the {spec.monitoring.reference_days} "
            f"days up to {day}: there is no stream to watch"
        )
    if day in found.published and is_judged(spec, found, day):
        raise AirflowSkipException(f"{day} is judged already, as it is now")


def _date_of_run(context: Any) -> str | None:
    """The day before a scheduled or back-filled run, which its interval begins with."""
    run = context["dag_run"]
    if run.run_type not in {"scheduled", "backfill"} or run.logical_date is None:
        return None
    day: str = run.logical_date.date().isoformat()
    return day
