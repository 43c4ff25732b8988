"""Registered versions that are tampered with: the gate's own step on real files and runs.

For each seed a home of its own: purchases in the lake, a champion that learnt shuffled labels,
and a better version. Each tampering is undone before the next one.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.trained import Said
from benchmarks.trained_cards import POLICY
from pipelines import evaluation, features, registry, specs, training
from pipelines.contracts import names
from pipelines.contracts.result import FeaturesResult
from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation import EvaluationSpec
from pipelines.gate import step
from pipelines.gate.retrain import sample
from pipelines.lake.golden import golden_keys
from pipelines.lake.lake import Lake
from pipelines.registry import ModelVersion, RegistrationSpec, Registry
from pipelines.registry.store import CHAMPION
from pipelines.settings import Settings
from pipelines.training import TrainSpec

PURCHASES = 12_000
"""So few that the slices of the model are left out: hardly a card of each has a fraud."""
FIRST_SAMPLE = 4_000
"""Seed of the first sample."""


@dataclass(frozen=True)
class Home:
    """A lake with published purchases, and a registry."""

    settings: Settings
    lake: Lake
    registry: Registry
    model: ModelSpec
    features: FeaturesResult

    def add(self, plant: str | None = None) -> ModelVersion:
        """Trains, evaluates and registers a version."""
        fitted = training.run(
            TrainSpec(model=self.model, features=self.features, plant=plant),
            lake=self.lake,
            settings=self.settings,
        )
        scored = evaluation.run(
            EvaluationSpec(model=self.model, training=fitted),
            lake=self.lake,
            settings=self.settings,
        )
        made = registry.run(
            RegistrationSpec(model=self.model, training=fitted, evaluation=scored),
            lake=self.lake,
            settings=self.settings,
        )
        return self.registry.resolve(self.model.name, made.version)

    def word(self, version: ModelVersion, **changes: object) -> str:
        """The gate's decision about a version, by today's model with `changes`."""
        found = step.run(
            step.GateSpec(model=self.model.model_copy(update=changes), version=version.version),
            registry=self.registry,
            lake=self.lake,
            settings=self.settings,
        )
        return found.verdict.decision


def of_seed(seed: int) -> list[Said]:
    """Each tampering once, and the version as it was."""
    with tempfile.TemporaryDirectory(prefix="millrace-gate-") as folder:
        home = _home(Settings(home=Path(folder)), seed)
        champion, better = home.add("shuffled_labels"), home.add()
        home.word(champion)  # the first look freezes the golden set
        home.registry.point(home.model.name, CHAMPION, champion.version)
        mine, other = home.registry.folder(better), home.registry.folder(champion)
        said = []
        files = sorted(path.relative_to(mine) for path in mine.rglob("*") if path.is_file())
        name = files[seed % len(files)]
        with _written(mine / name, _other_bytes(mine / name, other / name)):
            said.append(Said("a swapped artefact", False, home.word(better)))
        with _golden_row_in_training(home, better):
            said.append(Said("a golden row on the training's list", False, home.word(better)))
        with _ended(home, better, "FAILED"):
            said.append(Said("a run that failed", False, home.word(better)))
        with _ended(home, better, "RUNNING"):
            said.append(Said("a run that did not end", False, home.word(better)))
        for tag in ("lock_hash", "input_snapshot_id"):
            with _without(home, better, tag):
                said.append(Said(f"no {tag} recorded", False, home.word(better)))
        asks = {"dataset": "receipts"}
        said.append(Said("of another data set", False, home.word(better, **asks)))
        said.append(Said("as it was, against shuffled labels", True, home.word(better)))
        return said


def _home(settings: Settings, seed: int) -> Home:
    found = Registry.open(settings)
    found.prepare()
    model = specs.model("card_fraud").model_copy(update={"slices": {}})
    changes = {"seed": seed, "gate": model.gate.model_copy(update=POLICY)}
    model = model.model_copy(update=changes)
    lake = Lake.open(settings)
    rows = sample(model, PURCHASES, FIRST_SAMPLE + seed)
    published, computed = names.published_table(model.dataset), names.features_table(model.name)
    given = features.compute(rows, model)
    given = given.append_column(names.FEATURE_KEY, pa.array(["sample"] * len(given)))
    lake.create(published, rows.schema, [])
    lake.create(computed, given.schema, [])
    made = FeaturesResult(
        model=model.name,
        table=computed,
        input_snapshot_id=lake.append(published, rows, {}),
        snapshot_id=lake.append(computed, given, {}),
        feature_key="sample",
        rows=len(given),
        reused=False,
    )
    return Home(settings, lake, found, model, made)


def _other_bytes(mine: Path, other: Path) -> bytes:
    """The champion's file of the name; where it is the same one, with a space more."""
    given = other.read_bytes()
    return given if given != mine.read_bytes() else given + b" "


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[None]:
    kept = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(kept)


@contextmanager
def _golden_row_in_training(home: Home, version: ModelVersion) -> Iterator[None]:
    path, key = home.registry.split_file(version), specs.key(home.model)
    split = pq.read_table(path).to_pydict()
    golden = min(golden_keys(home.lake, home.model.name, key))
    split[names.PART][split[key].index(golden)] = names.TRAIN
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(split), sink)
    with _written(path, sink.getvalue().to_pybytes()):
        yield


@contextmanager
def _ended(home: Home, version: ModelVersion, status: str) -> Iterator[None]:
    client = home.registry.client()
    client.update_run(version.run_id, status=status)
    try:
        yield
    finally:
        client.update_run(version.run_id, status="FINISHED")


@contextmanager
def _without(home: Home, version: ModelVersion, tag: str) -> Iterator[None]:
    kept = version.tags[tag]
    home.registry.tag(version, tag, "")
    try:
        yield
    finally:
        home.registry.tag(version, tag, kept)
