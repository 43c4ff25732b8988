"""Task bodies: each calls one step of pipelines/ and hands back its result.

Steps are imported inside the functions: parsing a DAG must not pay for them.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from millrace_airflow.author import who_started

log = logging.getLogger(__name__)


def land(dataset: str, *, params: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Takes in what lies in the inbox and says which days are to be published.

    Days that the form names are published; else every day with new files up to the date of the
    run; a run that was started by hand without naming days publishes all that is new.
    """
    from pipelines import settings
    from pipelines.ingestion.land import LandSpec, run
    from pipelines.lake.pending import pending_days

    current = settings.load()
    now = datetime.now(UTC)
    landed = run(
        LandSpec(dataset=dataset, today=now.date(), now=now),
        settings=current,
        progress=lambda done, total, name: log.info("read %d of %d: %s", done, total, name),
    )
    days = list(params.get("days") or [])
    if not days:
        pending = pending_days(dataset, settings=current)
        until = _date_of_run(context)
        days = [day for day in pending if until is None or day <= until]
    log.info("landed %d files with %d rows; days to publish: %s", landed.files, landed.rows, days)
    if not days:
        raise AirflowSkipException(f"no day of {dataset} has new or changed files")
    return {"landed": landed.to_xcom(), "days": days}


def _date_of_run(context: dict[str, Any]) -> str | None:
    """The date of a scheduled or back-filled run; None for a run started by hand."""
    run = context["dag_run"]
    if run.run_type == "manual" or run.logical_date is None:
        return None
    day: str = run.logical_date.date().isoformat()
    return day


def train(
    model: str,
    *,
    taken: dict[str, Any],
    features: dict[str, Any],
    params: dict[str, Any],
    **context: Any,
) -> dict[str, Any]:
    """Trains on computed features; the form may name another seed, or spoil it on purpose."""
    from pipelines import settings
    from pipelines.contracts.result import FeaturesResult, TakenRequest
    from pipelines.lake.lake import Lake
    from pipelines.training.step import TrainSpec, run

    current = settings.load()
    request = TakenRequest.model_validate(taken)
    spec = TrainSpec(
        model=_spec(model, params),
        features=FeaturesResult.model_validate(features),
        plant=params.get("plant"),
        labels=request.labels,
        regime=request.regime,
    )
    result = run(spec, lake=Lake.open(current), settings=current, progress=log.info)
    return result.to_xcom()


def evaluate(
    model: str, *, trained: dict[str, Any], params: dict[str, Any], **context: Any
) -> dict[str, Any]:
    """Scores the trained model on the rows it has never seen and writes the report."""
    from pipelines import settings
    from pipelines.contracts.result import TrainResult
    from pipelines.evaluation.step import EvaluationSpec, run
    from pipelines.lake.lake import Lake

    current = settings.load()
    spec = EvaluationSpec(model=_spec(model, params), training=TrainResult.model_validate(trained))
    return run(spec, lake=Lake.open(current), settings=current).to_xcom()


def register(
    model: str,
    *,
    trained: dict[str, Any],
    evaluated: dict[str, Any],
    params: dict[str, Any],
    **context: Any,
) -> dict[str, Any]:
    """Registers the version with its card; the asset's event carries it with its scores."""
    from millrace_airflow import assets, retraining
    from pipelines import settings
    from pipelines.contracts.result import EvaluationResult, TrainResult
    from pipelines.governance import card
    from pipelines.lake.lake import Lake
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry
    from pipelines.registry.register import RegistrationSpec, run
    from pipelines.telemetry import trace

    current = settings.load()
    evaluation = EvaluationResult.model_validate(evaluated)
    spec = RegistrationSpec(
        model=_spec(model, params),
        training=TrainResult.model_validate(trained),
        evaluation=evaluation,
        author=who_started(context),
        trace_id=trace.trace_id(context["ti"].dag_id, context["ti"].run_id),
    )
    made = run(spec, lake=Lake.open(current), settings=current)
    registry = Registry.open(current)
    version = registry.resolve(model, made.version)
    card.write(version, spec=spec.model, db=OpsDb.open(current), registry=registry)
    retraining.finish(model, made.version, context=context)
    result = made.to_xcom()
    context["outlet_events"][assets.registered(model)].extra.update({
        **result,
        "headline": evaluation.headline,
    })
    return result


def gate(
    model: str, *, registered: dict[str, Any], params: dict[str, Any], **context: Any
) -> dict[str, Any]:
    """Judges the version against the champion and puts it to a decision.

    A rejected version ends the run with the gate's sentences; the asset's event wakes the
    decision of the others.
    """
    from millrace_airflow import assets, retraining
    from pipelines import errors, settings, specs
    from pipelines.corrections.cases import cases
    from pipelines.gate.step import GateSpec, run
    from pipelines.governance.decide import ask
    from pipelines.governance.reconcile import reconcile
    from pipelines.lake.golden import golden_keys
    from pipelines.lake.lake import Lake
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current, version = settings.load(), int(registered["version"])
    db, registry = OpsDb.open(current), Registry.open(current)
    reconcile(db, registry, model)
    if "champion" in registry.resolve(model, version).aliases:
        raise AirflowSkipException(f"version {version} of {model} is the champion already")
    spec = GateSpec(model=_spec(model, params), version=version)
    lake = Lake.open(current)
    golden = golden_keys(lake, model, specs.key(spec.model))
    with db.read() as session:
        settled = cases(session, spec.model, golden=golden)
    result = run(spec, registry=registry, lake=lake, settings=current, cases=settled)
    ask(
        result,
        author=who_started(context),
        db=db,
        registry=registry,
        now=datetime.now(UTC),
        hours=current.approval_hours,
    )
    outcome = result.to_xcom()
    verdict = result.verdict
    if verdict.decision == "reject":
        context["ti"].xcom_push(key="return_value", value=outcome)
        said = [f"the gate rejected {model} version {version}:", *verdict.reasons]
        if not retraining.is_trial(params):
            held = retraining.hold_back_harmful(model)
            said += [f"It is better without what {one} said, who is held back." for one in held]
        raise errors.RefusedError("\n  ".join(said))
    context["outlet_events"][assets.judged(model)].extra.update({
        "version": version,
        "verdict": verdict.decision,
        "reasons": verdict.reasons,
    })
    return outcome


def _spec(model: str, params: dict[str, Any]) -> Any:
    from pipelines import specs

    spec = specs.model(model)
    seed = params.get("seed")
    return spec if seed is None else spec.model_copy(update={"seed": int(seed)})
