"""What is known of the models' versions, read for the pages of evidence. Only reads.

People look at evidence when something is wrong: what is missing, away or broken is said in
sentences, and the rest is shown all the same.
"""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines import specs
from pipelines.contracts.decision import LedgerRow
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.governance import promotion, standing
from pipelines.governance.records import Chain, Judged, Records, check, read_records, sentence
from pipelines.governance.standing import Reign
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Settings

MADE_OF = ("rows_train", "input_snapshot_id", "seed", "code_revision", "lock_hash", "plant")
"""Tags that say what a version was made of."""
_ANSWER_SECONDS = 2.0
"""How long a registry on a server may take to accept a connection."""


@dataclass(frozen=True)
class Overview:
    """One model: what is live, what was, and what waits. Everything newest first."""

    spec: ModelSpec
    approvers: tuple[str, ...]
    reigns: tuple[Reign, ...]
    shadow: int | None
    judged: tuple[Judged, ...]

    @property
    def live(self) -> Reign | None:
        """The champion, with the ledger row that made it one."""
        return self.reigns[0] if self.reigns else None

    @property
    def waiting(self) -> list[Judged]:
        """Requests that nobody has answered."""
        return [one for one in self.judged if one.request.state == "waiting"]


@dataclass(frozen=True)
class Version:
    """One version, as far as registry, decisions and ledger know it."""

    number: int
    registered: ModelVersion | None
    judged: tuple[Judged, ...]
    changes: tuple[LedgerRow, ...]

    @property
    def overall(self) -> tuple[float, float, float] | None:
        """Score on its own test rows with the ends of its interval; None where none is noted."""
        try:
            noted = json.loads(self.registered.tags["headline"]) if self.registered else {}
            value, low, high = noted["overall"]
            return float(value), float(low), float(high)
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Dossier:
    """All that is known of one model."""

    overview: Overview
    versions: tuple[Version, ...]
    rows: tuple[LedgerRow, ...]
    """Ledger rows of this model, newest first."""
    chain: Chain
    notes: tuple[str, ...]
    """What could not be read, or does not agree, in sentences."""


def overviews(models: Sequence[str], settings: Settings) -> tuple[list[Overview], Records]:
    """The named models, by what the operations database says; the registry is not asked."""
    records = read_records(settings)
    return [_overview(specs.model(name), records, settings) for name in models], records


def dossier(model: str, settings: Settings, registry: Registry | None = None) -> Dossier:
    """Everything about one model; raises NotFoundError where there is no such model."""
    records = read_records(settings)
    overview = _overview(specs.model(model), records, settings)
    registered, anchors, note = _registered(model, registry or Registry.open(settings))
    rows = records.of(model)
    notes = [*records.notes, *([note] if note else _disagreements(model, rows, registered))]
    return Dossier(
        overview=overview,
        versions=_versions(registered, overview.judged, rows),
        rows=tuple(reversed(rows)),
        chain=check(records, anchors),
        notes=tuple(notes),
    )


def changes(candidate: Version, champion: Version | None) -> list[tuple[str, str, str]]:
    """What the two were made of and differs: name, the champion's value, the candidate's."""
    new = candidate.registered.tags if candidate.registered else {}
    old = champion.registered.tags if champion and champion.registered else {}
    return [
        (name, old.get(name, ""), new.get(name, ""))
        for name in MADE_OF
        if new.get(name) != old.get(name)
    ]


def _overview(spec: ModelSpec, records: Records, settings: Settings) -> Overview:
    rows = records.of(spec.name)
    judged = [one for one in records.judged if one.request.model == spec.name]
    return Overview(
        spec=spec,
        approvers=tuple(spec.approvers) or settings.admins,
        reigns=tuple(reversed(standing.reigns(rows))),
        shadow=standing.shadow(rows),
        judged=tuple(reversed(judged)),
    )


def _versions(
    registered: Mapping[int, ModelVersion], judged: Sequence[Judged], rows: Sequence[LedgerRow]
) -> tuple[Version, ...]:
    numbers = {*registered, *(one.request.version for one in judged)}
    numbers |= {row.to_version for row in rows}
    return tuple(
        Version(
            number=number,
            registered=registered.get(number),
            judged=tuple(one for one in judged if one.request.version == number),
            changes=tuple(row for row in reversed(rows) if row.to_version == number),
        )
        for number in sorted(numbers, reverse=True)
    )


def _registered(
    model: str, registry: Registry
) -> tuple[dict[int, ModelVersion], dict[int, str] | None, str | None]:
    """Versions by number, the registry's copies of ledger hashes, and why neither could be read."""
    try:
        _require_answer(registry.settings.tracking_uri)
        return promotion.known(registry, model), promotion.anchors(registry), None
    except Exception as error:  # whatever the store raises, the page says it and goes on
        return {}, None, f"The registry cannot be read: {sentence(error)}"


def _require_answer(uri: str) -> None:
    """MLflow's client tries a server that is away for minutes; nobody waits so long for a page."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"}:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_ANSWER_SECONDS).close()
    except OSError as error:
        raise NotFoundError(
            f"MLflow at {parts.hostname}:{port} does not answer ({error})"
        ) from error


def _disagreements(
    model: str, rows: Sequence[LedgerRow], registered: Mapping[int, ModelVersion]
) -> list[str]:
    found = []
    for alias, wanted in standing.aliases(rows).items():
        named = promotion.aliased(registered, alias)
        if named != wanted:
            found.append(
                f"By the ledger the {alias} of {model} is {_name(wanted)}, the registry's alias "
                f"names {_name(named)}. Run: millrace audit"
            )
    return found


def _name(version: int | None) -> str:
    return "nobody" if version is None else f"version {version}"
