"""The model that is watched: who answers, on what its decisions rest, what it has learnt from.

None of it changes as long as a version lives. It is therefore read from the registry once for each
version, which takes seconds, and kept in the home for all windows after.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.learning import REGIME, Regime
from pipelines.contracts.monitoring import Binning
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.governance import standing
from pipelines.lake.delivery import source
from pipelines.lake.lake import Lake
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.publication import digest, publish_once
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Settings

OUTPUTS = 0.2
"""Importance of each output: an answer that moved is what the shift does, whatever moved it."""
UNKNOWN = 0.05
"""Importance of a property of the input that the model says nothing about, e.g. of a document's
layout: of middle severity."""
_FILE = "subject.json"


class Subject(BaseModel):
    """The champion, as far as there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int | None = None
    importance: dict[str, float] = {}
    """By feature: share of the model's gain; empty where the model does not say."""
    trained_days: frozenset[str] = frozenset()
    """Days with rows that it has learnt from: its answers there are better than it is."""
    regime: Regime | None = None
    """What it was trained for, where an incident asked for the training."""

    def weights(self, binning: Binning) -> dict[str, float]:
        """Importance of each signal, by name."""
        return {
            bins.name: OUTPUTS
            if bins.side == "output"
            else self.importance.get(bins.column, 0.0)
            if self.importance
            else UNKNOWN
            for bins in binning.columns
        }


def read(
    spec: ModelSpec, *, lake: Lake, db: OpsDb, registry: Registry, settings: Settings
) -> Subject:
    """The champion of the ledger; raises what the stores raise."""
    with db.read() as session:
        reigns = standing.reigns(ledger.rows(session, spec.name))
    if not reigns:
        return Subject()
    number, files = reigns[-1].version, reigns[-1].row.artefact_hash
    name = digest(spec.name, str(number), files, source(__name__))
    folder = settings.runs / "subjects" / name[:16]
    return _kept(folder) or _asked(spec, number, lake, registry, folder)


def _kept(folder: Path) -> Subject | None:
    try:
        return Subject.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(found: Subject, aside: Path) -> None:
    (aside / _FILE).write_text(found.model_dump_json(), encoding="utf-8")


def _asked(spec: ModelSpec, number: int, lake: Lake, registry: Registry, folder: Path) -> Subject:
    """As the registry has it; kept in `folder` where all of it could be read."""
    version = registry.resolve(spec.name, number)
    told = registry.load(version).fitted.describe().get("importance") or {}
    text = version.tags.get(REGIME)
    learnt = _trained(spec, version, lake, registry)
    found = Subject(
        version=number,
        importance={str(name): float(share) for name, share in told.items()},
        # Of a split that is gone nothing can be told: all days there are now.
        trained_days=frozenset(lake.counts(names.published_table(spec.dataset), names.DAY))
        if learnt is None
        else learnt,
        regime=Regime.model_validate_json(text) if text else None,
    )
    if learnt is not None:
        publish_once(folder, lambda aside: _keep(found, aside))
    return found


def _trained(
    spec: ModelSpec, version: ModelVersion, lake: Lake, registry: Registry
) -> frozenset[str] | None:
    """By the parts of its split; None where they are gone."""
    key = specs.key(spec)
    try:
        parts = pq.read_table(registry.split_file(version), columns=[key, names.PART])
        rows = lake.read(
            names.published_table(spec.dataset),
            columns=[key, names.DAY],
            snapshot_id=int(version.tags["input_snapshot_id"]),
        )
    except NotFoundError:
        return None
    learnt = parts.filter(pc.equal(parts[names.PART], names.TRAIN))[key]
    known = pc.is_in(rows[key], pa.array(learnt.to_pylist(), rows[key].type))
    return frozenset(pc.unique(rows.filter(known)[names.DAY]).to_pylist())
