"""Task bodies of the family `score`: which versions a run answers with, and what is reviewed."""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException


def choose(model: str, *, params: dict[str, Any], **context: Any) -> list[dict[str, Any]]:
    """The champion and the shadow, or the version that the form names, for the whole run.

    Before there is a champion, and while the breaker is open, a run that an event started is
    skipped; one that a person started says what is missing.
    """
    from pipelines import errors, settings
    from pipelines.contracts.scoring import PINNED
    from pipelines.governance.reconcile import reconcile
    from pipelines.monitoring.response.breaker import held_since
    from pipelines.opsdb import breaker, ledger
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry
    from pipelines.scoring.choose import choose as chosen

    current, version = settings.load(), params.get("version")
    db, registry = OpsDb.open(current), Registry.open(current)
    reconcile(db, registry, model)
    with db.read() as session:
        rows, paused = ledger.rows(session, model), breaker.is_paused(session, model)
    if paused is not None:
        said = f"{held_since(paused)} Look at `millrace monitor status {model}` first."
        if context["dag_run"].run_type != "manual":
            raise AirflowSkipException(said)
        raise errors.RefusedError(said)
    found = chosen(model, None if version is None else int(version), rows, registry)
    if not found:
        nothing = f"{model} has no champion yet, so that there is nobody to score with"
        if context["dag_run"].run_type != "manual":
            raise AirflowSkipException(nothing)
        raise errors.NotFoundError(
            f"{nothing}. Approve a version: `millrace approve {model} VERSION --as NAME --why …`, "
            f"or name one: `--param version=1` scores it as a shadow."
        )
    pinned: list[dict[str, Any]] = PINNED.dump_python(found, mode="json")
    return pinned


def review(model: str, **context: Any) -> dict[str, Any]:
    """Puts documents of the newest predictions to review, within the day's budget."""
    from pipelines import settings, specs
    from pipelines.lake.lake import Lake
    from pipelines.opsdb.database import OpsDb
    from pipelines.reviewing.step import ReviewSpec, run

    current = settings.load()
    result = run(
        ReviewSpec(model=specs.model(model)),
        lake=Lake.open(current),
        db=OpsDb.open(current),
        settings=current,
        now=datetime.now(UTC),
    )
    return result.to_xcom()
