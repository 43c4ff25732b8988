"""Going back to an earlier champion: pre-flight, a named person's word, promotion."""

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from pipelines import specs
from pipelines.contracts.decision import Change, DecisionResult, Person, Why
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MillraceError, RefusedError
from pipelines.estimators.artefact import Artefact
from pipelines.governance import card, promotion, rules, standing
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.store import AUTHOR
from pipelines.settings import Settings

Score = Callable[[Artefact], str]
"""Lets a model answer the golden set; says in a sentence how it did. Raises where it cannot."""


class Rollback(BaseModel):
    """Who wants which earlier champion back, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    version: int | None = None
    """None: the champion before this one."""
    person: Person
    why: Why
    via: str
    os_user: str | None = None


def target(model: str, version: int | None, db: OpsDb) -> tuple[int, int]:
    """The champion and the version to go back to.

    Raises RefusedError where there is none: only what was champion before comes back without the
    gate.
    """
    with db.read() as session:
        rows = ledger.rows(session, model)
    current = standing.champion(rows)
    if current is None:
        raise RefusedError(
            f"{model} has no champion by the ledger, so there is nothing to go back from. "
            "Promote one with: millrace approve"
        )
    earlier = sorted({one.version for one in standing.reigns(rows)} - {current})
    wanted = standing.previous(rows) if version is None else version
    if wanted is None or wanted not in earlier:
        known = ", ".join(map(str, earlier)) or "none"
        raise RefusedError(
            f"{model} cannot go back to version {wanted or 'before the first'}: it was never "
            f"champion before version {current}. Earlier champions: {known}."
            if wanted != current
            else f"version {current} is the champion of {model} already."
        )
    return current, wanted


def preflight(
    version: ModelVersion, spec: ModelSpec, *, registry: Registry, score: Score
) -> list[str]:
    """What was looked at before an earlier version goes live again, in sentences.

    Raises RefusedError where its files were changed, today's features are not those it was
    trained on, or it cannot answer the golden set.
    """
    name = f"{version.model} version {version.version}"
    artefact = registry.load(version)
    seen = [f"{name} loads, and its files have the registered hash."]
    ours, today = _features(artefact.spec), _features(spec)
    if ours != today:
        raise RefusedError(
            f"{name} was trained on features of {ours[0]} ({', '.join(ours[1])}), today's are "
            f"those of {today[0]} ({', '.join(today[1])}). Go back to the code of that time "
            "too, or train anew."
        )
    seen.append(f"Today's features fit: {len(ours[1])} columns of {ours[0]}.")
    try:
        seen.append(score(artefact))
    except MillraceError as error:
        raise RefusedError(f"{name} cannot answer the golden set: {error}") from error
    return seen


def rollback(
    wish: Rollback,
    *,
    spec: ModelSpec,
    db: OpsDb,
    registry: Registry,
    settings: Settings,
    score: Score,
    now: datetime,
    say: Callable[[str], None] = lambda _: None,
) -> DecisionResult:
    """Makes an earlier champion the champion again.

    Raises RefusedError where the rules or the pre-flight forbid it, or another was faster.
    """
    current, wanted = target(wish.model, wish.version, db)
    version = registry.resolve(wish.model, wanted)
    refused = rules.refuse_person(
        wish.person,
        wish.model,
        wanted,
        version.tags.get(AUTHOR, ""),
        rules.approvers(spec, settings.admins),
    )
    if refused:
        raise RefusedError(refused)
    for line in preflight(version, spec, registry=registry, score=score):
        say(line)
    change = Change(
        kind="rollback",
        from_version=current,
        to_version=wanted,
        at=now,
        request_id=None,
        evidence_hash=None,
        **wish.model_dump(exclude={"version"}),
        **promotion.lineage(version),
    )
    with db.write() as session:
        ledger.lock(session)
        row = promotion.append(session, change, expected=current)
    promotion.follow(db, registry, wish.model)
    card.write(version, spec=spec, db=db, registry=registry)
    return DecisionResult(
        model=wish.model,
        version=wanted,
        choice="promote",
        person=wish.person,
        why=wish.why,
        via="ui" if wish.via == "ui" else "cli",
        sequence=row.sequence,
        champion=wanted,
    )


def _features(spec: ModelSpec) -> tuple[str, list[str]]:
    """The function that makes a spec's features, and its columns with their types."""
    try:
        schema = specs.resolve(spec.features_schema)(spec)
    except MillraceError as error:
        raise RefusedError(f"the features cannot be made: {error}") from error
    except Exception as error:
        raise BadDataError(f"{spec.features_schema} failed: {error}") from error
    return spec.features, [f"{field.name} {field.type}" for field in schema]
