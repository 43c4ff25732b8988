"""Changes of champion and shadow: a row of the ledger first, then the registry's alias.

The ledger is the truth and the alias follows. A crash in between leaves a row whose note on the
version is missing: `reconcile` finds it and finishes.
"""

import logging
from collections.abc import Mapping, Sequence

from pipelines.contracts.decision import Change, LedgerRow
from pipelines.errors import NotFoundError, RefusedError
from pipelines.governance import rules, standing
from pipelines.opsdb import decisions, ledger
from pipelines.opsdb.database import OpsDb, Session
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.store import ARTEFACT_HASH

log = logging.getLogger(__name__)

_NOTE = "ledger_"
"""Prefix of a version's tag that holds the hash of a ledger row; the sequence follows."""
_SNAPSHOT = "snapshot_id"


def lineage(version: ModelVersion) -> dict[str, object]:
    """What the ledger keeps of how a version was made."""
    return {
        "artefact_hash": version.tags.get(ARTEFACT_HASH, ""),
        "code_revision": version.tags.get("code_revision", "unknown"),
        "lock_hash": version.tags.get("lock_hash", "unknown"),
        "snapshots": {
            name: value for name, value in sorted(version.tags.items()) if name.endswith(_SNAPSHOT)
        },
    }


def append(session: Session, change: Change, *, expected: int | None) -> LedgerRow:
    """Writes the change if the champion is still the expected one; call it under `ledger.lock`.

    Requests of the model that were compared with the former champion no longer wait. Raises
    RefusedError, which names who was first, where the champion is another.
    """
    rows = ledger.rows(session, change.model)
    current = standing.champion(rows)
    if current != expected:
        late = rules.outrun if change.kind == "rollback" else rules.overtaken
        raise RefusedError(
            f"version {change.to_version} of {change.model} was to follow version {expected}: "
            f"{late(standing.reigns(rows)[-1].row)}"
            if current is not None
            else f"{change.model} has no champion, expected was version {expected}"
        )
    row = ledger.append(session, change)
    if change.kind != standing.SHADOW_KIND:
        for request in decisions.requests(session, change.model, "waiting"):
            if request.champion != row.to_version:
                decisions.close(session, request.request_id, "expired", rules.overtaken(row))
    return row


def require_files(seen_hash: str, version: ModelVersion, registry: Registry) -> None:
    """Raises RefusedError where the model's files are not those that were looked at."""
    registry.load(version)
    if version.tags.get(ARTEFACT_HASH) != seen_hash:
        raise RefusedError(
            f"version {version.version} of {version.model} is registered with other files than "
            "were judged. Find out who changed it, and train again."
        )


def follow(db: OpsDb, registry: Registry, model: str) -> list[str]:
    """Lets the aliases follow the ledger and notes its rows on the versions; says what it did.

    Under the ledger's lock, so that of two at once the later one sets what the later row says.
    Raises NotFoundError where the registry lacks the champion's version.
    """
    with db.write() as session:
        ledger.lock(session)
        rows = ledger.rows(session, model)
        versions = known(registry, model)
        done = _point(registry, rows, versions)
        for row in unnoted(rows, versions):
            registry.tag(versions[row.to_version], note(row.sequence), row.hash)
            done.append(f"{model}: ledger row {row.sequence} noted on version {row.to_version}")
    return done


def _point(
    registry: Registry, rows: Sequence[LedgerRow], versions: Mapping[int, ModelVersion]
) -> list[str]:
    done: list[str] = []
    for alias, wanted in standing.aliases(rows).items():
        model = rows[0].model if rows else ""
        found = aliased(versions, alias)
        if wanted == found:
            continue
        if wanted is not None and wanted not in versions:
            raise NotFoundError(
                f"the ledger says that version {wanted} is the {alias} of {model}, and the "
                "registry has no such version. Restore the registry from a backup."
            )
        if not model:
            continue
        registry.point(model, alias, wanted)
        done.append(f"{model}: {alias} is {wanted or 'nobody'}, was {found or 'nobody'}")
    return done


def known(registry: Registry, model: str) -> dict[int, ModelVersion]:
    """The registry's versions of a model by number; none where it has none."""
    try:
        return {one.version: one for one in registry.versions(model)}
    except NotFoundError:
        return {}


def aliased(versions: Mapping[int, ModelVersion], alias: str) -> int | None:
    """The version that an alias names; None for nobody."""
    return next((one.version for one in versions.values() if alias in one.aliases), None)


def unnoted(rows: Sequence[LedgerRow], versions: Mapping[int, ModelVersion]) -> list[LedgerRow]:
    """Rows whose version does not bear their note yet: the change was not carried out."""
    return [
        row
        for row in rows
        if row.to_version in versions and note(row.sequence) not in versions[row.to_version].tags
    ]


def note(sequence: int) -> str:
    """Name of the tag of a ledger row."""
    return f"{_NOTE}{sequence:06d}"


def anchors(registry: Registry) -> dict[int, str]:
    """The hash of every ledger row by its sequence, as noted on the versions."""
    return {
        int(name.removeprefix(_NOTE)): value
        for model in registry.models()
        for version in known(registry, model).values()
        for name, value in version.tags.items()
        if name.startswith(_NOTE)
    }
