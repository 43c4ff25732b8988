"""Which versions a run answers with: told once, by the ledger, before anything is read."""

from collections.abc import Sequence

from pipelines.contracts.decision import LedgerRow
from pipelines.contracts.scoring import CHAMPION, SHADOW, Pinned, Role
from pipelines.governance import standing
from pipelines.registry import Registry
from pipelines.registry.store import ARTEFACT_HASH


def choose(
    model: str, version: int | None, rows: Sequence[LedgerRow], registry: Registry
) -> list[Pinned]:
    """The champion and the shadow, or the one version that is asked for; `rows` are the model's.

    Empty before there is either. A version that is asked for and is neither is scored as a
    shadow is: nobody is shown it. Raises NotFoundError for one that is not registered.
    """
    champion, shadow = standing.champion(rows), standing.shadow(rows)
    given: dict[int, tuple[Role, int]] = {}
    if shadow is not None:
        given[shadow] = (SHADOW, _since(rows, shadow))
    if champion is not None:
        given[champion] = (CHAMPION, _since(rows, champion))
    asked = [version] if version is not None else sorted(given)
    return [_pin(registry, model, one, *given.get(one, (SHADOW, 0))) for one in asked]


def _since(rows: Sequence[LedgerRow], version: int) -> int:
    """The row that gave a version its role: the last one that names it."""
    return max(row.sequence for row in rows if row.to_version == version)


def _pin(registry: Registry, model: str, number: int, role: Role, since: int) -> Pinned:
    version = registry.resolve(model, number)
    return Pinned(
        version=number,
        role=role,
        since=since,
        location=registry.location(version),
        artefact_hash=version.tags.get(ARTEFACT_HASH, ""),
    )
