"""Going back to an earlier champion: pre-flight, a named person's word, promotion."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipelines import specs
from pipelines.contracts.decision import (
    Change,
    DecisionResult,
    LedgerRow,
    Person,
    Preflight,
    Why,
)
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MillraceError, RefusedError
from pipelines.estimators.artefact import Artefact
from pipelines.governance import card, promotion, rules, standing
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.store import ARTEFACT_HASH, AUTHOR
from pipelines.settings import Settings

Score = Callable[[Artefact], str]
"""Lets a model answer the golden set; says in a sentence how it did. Raises where it cannot."""


class Rollback(BaseModel):
    """A named person's word that an earlier champion shall come back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Person
    why: Why
    via: Literal["ui", "cli"]
    os_user: str | None = None
    """Account of the operating system, where the person is not signed in anywhere."""


def preflight(
    model: str,
    version: int | None,
    *,
    spec: ModelSpec,
    db: OpsDb,
    registry: Registry,
    score: Score,
) -> Preflight:
    """Looks whether an earlier champion (None: the one before) could answer again.

    Raises RefusedError where there is none, its files were changed, today's features are not
    those it was trained on, or it cannot answer the golden set.
    """
    current, wanted = target(model, version, db)
    found = registry.resolve(model, wanted)
    return Preflight(
        model=model,
        champion=current,
        version=wanted,
        author=found.tags.get(AUTHOR, ""),
        artefact_hash=found.tags.get(ARTEFACT_HASH, ""),
        seen=_look(found, spec, registry=registry, score=score),
    )


def rollback(
    word: Rollback,
    prepared: Preflight,
    *,
    spec: ModelSpec,
    db: OpsDb,
    registry: Registry,
    settings: Settings,
    now: datetime,
) -> DecisionResult:
    """Makes the version that the pre-flight looked at the champion again.

    The same word again gives the same result and finishes what a crash left. Raises RefusedError
    where the rules forbid it, the files are others now, or the champion is another than the
    pre-flight saw.
    """
    model, wanted = prepared.model, prepared.version
    version = registry.resolve(model, wanted)
    allowed = rules.approvers(spec, settings.admins)
    for author in {version.tags.get(AUTHOR, ""), prepared.author}:
        if refused := rules.refuse_person(word.person, model, wanted, author, allowed):
            raise RefusedError(refused)
    promotion.require_files(prepared.artefact_hash, version, registry)
    change = Change(
        kind="rollback",
        model=model,
        from_version=prepared.champion,
        to_version=wanted,
        at=now,
        request_id=None,
        evidence_hash=None,
        **word.model_dump(),
        **promotion.lineage(version),
    )
    with db.write() as session:
        ledger.lock(session)
        row = _done_before(ledger.rows(session, model), change)
        if row is None:
            row = promotion.append(session, change, expected=prepared.champion)
    promotion.follow(db, registry, model)
    card.write(version, spec=spec, db=db, registry=registry)
    return DecisionResult(
        model=model,
        version=wanted,
        choice="promote",
        sequence=row.sequence,
        champion=wanted,
        **word.model_dump(exclude={"os_user"}),
    )


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
    if wanted is None:
        raise RefusedError(f"{model} has no champion before version {current} to go back to.")
    if wanted == current:
        raise RefusedError(f"version {current} is the champion of {model} already.")
    if wanted not in earlier:
        known = ", ".join(map(str, earlier)) or "none"
        raise RefusedError(
            f"{model} cannot go back to version {wanted}: it was never champion before version "
            f"{current}. Earlier champions: {known}."
        )
    return current, wanted


def _look(version: ModelVersion, spec: ModelSpec, *, registry: Registry, score: Score) -> list[str]:
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


def _done_before(rows: Sequence[LedgerRow], change: Change) -> LedgerRow | None:
    """The newest change of champion, where it is this very one, from a try before."""
    newest = standing.reigns(rows)[-1].row
    same = {"kind", "from_version", "to_version", "person", "why", "via"}
    return newest if newest.model_dump(include=same) == change.model_dump(include=same) else None


def _features(spec: ModelSpec) -> tuple[str, list[str]]:
    """The function that makes a spec's features, and its columns with their types."""
    try:
        schema = specs.resolve(spec.features_schema)(spec)
    except MillraceError as error:
        raise RefusedError(f"the features cannot be made: {error}") from error
    except Exception as error:
        raise BadDataError(f"{spec.features_schema} failed: {error}") from error
    return spec.features, [f"{field.name} {field.type}" for field in schema]
