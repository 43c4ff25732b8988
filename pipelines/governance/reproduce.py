"""Trains a version again from what was recorded, and compares the files byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.result import FeaturesResult, TrainResult
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError, RefusedError
from pipelines.lake.golden import golden_table
from pipelines.lake.lake import Lake
from pipelines.lake.overlay import Overlay
from pipelines.publication import lock_hash
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.provenance import code_revision
from pipelines.registry.store import ARTEFACT_HASH

Train = Callable[[ModelSpec, FeaturesResult, Lake, Path], TrainResult]
"""Trains in a scratch home (the path)."""


class Reproduction(BaseModel):
    """What came of training again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    version: int
    same: bool
    """The files are equal byte for byte."""
    registered_hash: str
    trained_hash: str
    features: str
    """Where the features came from."""
    differences: list[str]
    """What else is not as it was: code, lock, rows. May be there although the files are equal."""


def reproduce(
    version: ModelVersion, *, registry: Registry, lake: Lake, scratch: Path, train: Train
) -> Reproduction:
    """Trains the version's own spec and seed on its recorded snapshots, below `scratch`.

    Nothing in the home changes. Raises NotFoundError where the snapshot of the data is gone,
    RefusedError where the version's files were changed.
    """
    spec = registry.load(version).spec
    recorded = _recorded(version, spec)
    rows, source = _features(spec, recorded, lake)
    then = {recorded.table: rows, golden_table(spec.name): _kept_from(version, registry)}
    trained = train(spec, recorded, Overlay(lake, then), scratch)
    registered = version.tags[ARTEFACT_HASH]
    return Reproduction(
        model=version.model,
        version=version.version,
        same=trained.artefact_hash == registered,
        registered_hash=registered,
        trained_hash=trained.artefact_hash,
        features=source,
        differences=_differences(version, trained),
    )


def _recorded(version: ModelVersion, spec: ModelSpec) -> FeaturesResult:
    needed = ("feature_key", "input_snapshot_id", "features_snapshot_id", ARTEFACT_HASH)
    if missing := [name for name in needed if name not in version.tags]:
        raise RefusedError(
            f"version {version.version} of {version.model} does not say what it was made of: it "
            f"lacks {', '.join(missing)}. It cannot be made again."
        )
    return FeaturesResult(
        model=spec.name,
        table=names.features_table(spec.name),
        snapshot_id=int(version.tags["features_snapshot_id"]),
        input_snapshot_id=int(version.tags["input_snapshot_id"]),
        feature_key=version.tags["feature_key"],
        rows=0,
        reused=True,
    )


def _features(spec: ModelSpec, recorded: FeaturesResult, lake: Lake) -> tuple[pa.Table, str]:
    """The features as they were kept; computed anew where the lake keeps them no longer."""
    try:
        kept = lake.read(
            recorded.table,
            snapshot_id=recorded.snapshot_id,
            where={names.FEATURE_KEY: recorded.feature_key},
        )
    except NotFoundError:
        kept = None
    if kept is not None and kept.num_rows:
        return kept, f"as kept at snapshot {recorded.snapshot_id}"
    # All columns: the labels pass through the features into the training.
    published = names.published_table(spec.dataset)
    rows = lake.read(published, snapshot_id=recorded.input_snapshot_id)
    schema = specs.resolve(spec.features_schema)(spec)
    # In one order: groups and sums must not depend on how the lake's files lie.
    made = features.compute(rows.sort_by(specs.key(spec)), spec)
    return made.select(schema.names).cast(schema), "computed anew: the lake keeps them no longer"


def _kept_from(version: ModelVersion, registry: Registry) -> pa.Table:
    """Keys of the rows that the training was kept from, as its split says.

    The golden set may have grown since: rows of it that were trained on then are so again.
    """
    split = pq.read_table(registry.split_file(version))
    return split.filter(pc.equal(split[names.PART], names.SET_ASIDE)).drop_columns([names.PART])


def _differences(version: ModelVersion, trained: TrainResult) -> list[str]:
    now = {
        **code_revision(),
        "lock_hash": lock_hash(),
        "seed": str(trained.seed),
        "rows_train": str(trained.rows_train),
        "rows_test": str(trained.rows_test),
        "train_key": trained.train_key,
    }
    words = {
        "code_revision": "the revision of the code",
        "code_dirty": "uncommitted changes of the code",
        "lock_hash": "the locked packages",
        "seed": "the seed",
        "rows_train": "the rows of the training",
        "rows_test": "the rows of the test",
        "train_key": "the key of data, settings, training code and lock",
    }
    return [
        f"{words[name]}: registered {version.tags.get(name, 'unknown')}, now {value}"
        for name, value in now.items()
        if version.tags.get(name, "unknown") != value
    ]
