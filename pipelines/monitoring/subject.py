"""The model that is watched: who answers, on what its decisions rest, what it has learnt from."""

import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.learning import REGIME, Regime
from pipelines.contracts.monitoring import Binning
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.governance import standing
from pipelines.lake.lake import Lake
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.registry.store import ModelVersion

OUTPUTS = 0.2
"""Importance of each output: an answer that moved is what the shift does, whatever moved it."""
UNKNOWN = 0.05
"""Importance of a property of the input that the model says nothing about, e.g. of a document's
layout: of middle severity."""


@dataclass(frozen=True)
class Subject:
    """The champion, as far as there is one."""

    version: int | None
    importance: dict[str, float]
    """By feature: share of the model's gain; empty where the model does not say."""
    trained_days: frozenset[str]
    """Days with rows that it has learnt from: its answers there are better than it is."""
    regime: Regime | None
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


def read(spec: ModelSpec, *, lake: Lake, db: OpsDb, registry: Registry) -> Subject:
    """The champion of the ledger; raises what the stores raise."""
    with db.read() as session:
        number = standing.champion(ledger.rows(session, spec.name))
    if number is None:
        return Subject(None, {}, frozenset(), None)
    version = registry.resolve(spec.name, number)
    told = registry.load(version).fitted.describe().get("importance") or {}
    text = version.tags.get(REGIME)
    return Subject(
        version=number,
        importance={str(name): float(share) for name, share in told.items()},
        trained_days=_trained(spec, version, lake, registry),
        regime=Regime.model_validate(json.loads(text)) if text else None,
    )


def _trained(
    spec: ModelSpec, version: ModelVersion, lake: Lake, registry: Registry
) -> frozenset[str]:
    """By the parts of its split; all days of its input where that cannot be told any more."""
    table, key = names.published_table(spec.dataset), specs.key(spec)
    try:
        parts = pq.read_table(registry.split_file(version), columns=[key, names.PART])
        rows = lake.read(
            table,
            columns=[key, names.DAY],
            snapshot_id=int(version.tags["input_snapshot_id"]),
        )
    except NotFoundError:
        return frozenset(lake.counts(table, names.DAY))
    learnt = parts.filter(pc.equal(parts[names.PART], names.TRAIN))[key]
    known = pc.is_in(rows[key], pa.array(learnt.to_pylist(), rows[key].type))
    return frozenset(pc.unique(rows.filter(known)[names.DAY]).to_pylist())
