"""Task bodies around a person's word: what is looked at before, and what follows from it.

Steps are imported inside the functions: parsing a DAG must not pay for them.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk.exceptions import AirflowSkipException

if TYPE_CHECKING:
    from pipelines.contracts.decision import Preflight


def decide(model: str, *, response: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Carries out the word of the person who answered, or records that nobody did."""
    from millrace_airflow.approval import CHOICES, OVERRIDE
    from millrace_airflow.judged import judged_version
    from pipelines import settings, specs
    from pipelines.contracts.decision import Answer
    from pipelines.governance import decide as governance
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current, version = settings.load(), judged_version(model, context)
    spec, now = specs.model(model), datetime.now(UTC)
    db, registry = OpsDb.open(current), Registry.open(current)
    desk: dict[str, Any] = {"spec": spec, "db": db, "registry": registry, "now": now}
    person, option = response["responded_by_user"], response["chosen_options"][0]
    if person is None:
        result = governance.time_out(model, version, **desk)
    else:
        answer = Answer.model_validate({
            "model": model,
            "version": version,
            "choice": CHOICES[option],
            "person": person["id"],
            "why": response["params_input"]["why"],
            "via": "ui",
            "override": option == OVERRIDE,
        })
        result = governance.decide(answer, settings=current, **desk)
    if result.choice != "promote":
        text = f"version {version} of {model} does not become champion: {result.person} chose"
        _skip(context, result.to_xcom(), f"{text} {result.choice} ({result.why})")
    _announce(context, model, result.to_xcom())
    return result.to_xcom()


def preflight(model: str, version: int | None) -> "Preflight":
    """Looks whether the earlier champion that the form names could answer again."""
    from pipelines import settings, specs
    from pipelines.gate.preflight import answer_golden
    from pipelines.governance.reconcile import reconcile
    from pipelines.governance.rollback import preflight as look
    from pipelines.lake.lake import Lake
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current = settings.load()
    db, registry, lake = OpsDb.open(current), Registry.open(current), Lake.open(current)
    reconcile(db, registry, model)
    return look(
        model,
        version,
        spec=specs.model(model),
        db=db,
        registry=registry,
        score=lambda artefact: answer_golden(artefact, lake),
    )


def roll_back(
    model: str, *, prepared: dict[str, Any], response: dict[str, Any], **context: Any
) -> dict[str, Any]:
    """Makes the earlier version the champion, where a person said so."""
    from millrace_airflow.approval import ROLL_BACK
    from pipelines import settings, specs
    from pipelines.contracts.decision import Preflight
    from pipelines.governance.rollback import Rollback, rollback
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current, person = settings.load(), response["responded_by_user"]
    seen = Preflight.model_validate(prepared)
    if person is None or response["chosen_options"] != [ROLL_BACK]:
        who = person["id"] if person else "nobody answered in time:"
        _skip(context, prepared, f"{who} leaves version {seen.champion} of {model} the champion")
    word = Rollback(person=person["id"], why=response["params_input"]["why"], via="ui")
    result = rollback(
        word,
        seen,
        spec=specs.model(model),
        db=OpsDb.open(current),
        registry=Registry.open(current),
        settings=current,
        now=datetime.now(UTC),
    ).to_xcom()
    _announce(context, model, result)
    return result


def audit(**_: Any) -> dict[str, Any]:
    """Ends what is over, finishes what broke off, and fails where registry and ledger differ."""
    from pipelines import errors, settings
    from pipelines.governance.audit import audit as look
    from pipelines.governance.decide import expire
    from pipelines.governance.reconcile import reconcile
    from pipelines.governance.verify import verify
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current = settings.load()
    db, registry = OpsDb.open(current), Registry.open(current)
    expired = expire(db, datetime.now(UTC))
    finished = reconcile(db, registry)
    count, faults = verify(db, registry)
    if faults:
        raise errors.BadDataError(f"the ledger is not sound: {'; '.join(faults)}.")
    if findings := look(db, registry):
        raise errors.BadDataError("; ".join(one.text for one in findings) + ".")
    return {"ledger_rows": count, "expired": len(expired), "finished": finished}


def _announce(context: Any, model: str, result: dict[str, Any]) -> None:
    """The champion's asset event says who decided what."""
    from millrace_airflow import assets

    context["outlet_events"][assets.champion(model)].extra.update(result)


def _skip(context: Any, result: dict[str, Any], why: str) -> NoReturn:
    """Ends the task without an asset event; its result is kept."""
    context["ti"].xcom_push(key="return_value", value=result)
    raise AirflowSkipException(why)
