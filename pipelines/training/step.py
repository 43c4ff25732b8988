"""Fits a model on the training part of one set of features and predicts the test parts."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from pipelines import estimators, specs
from pipelines.contracts import names
from pipelines.contracts.learning import Labels, Regime
from pipelines.contracts.result import FeaturesResult, TrainResult
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError
from pipelines.estimators import FittedModel
from pipelines.estimators.artefact import Artefact
from pipelines.estimators.contract import Progress
from pipelines.lake.golden import golden_keys
from pipelines.lake.labels import join
from pipelines.lake.labels import read as read_labels
from pipelines.lake.sets import apart, assign, kept
from pipelines.publication import code_hash, digest, lock_hash, publish_once
from pipelines.settings import Settings
from pipelines.tasks import task
from pipelines.training.plant import spoil
from pipelines.training.split import regime_split, split, split_by_time

if TYPE_CHECKING:
    from pipelines.lake.lake import Lake

MIN_TRAIN_ROWS = 10
"""Fewer labelled rows than this teach nothing that a test could measure."""

PREDICT_ROWS = 256
"""Rows that are predicted at once, which bounds the memory."""

_CODE = ("pipelines.training", "pipelines.estimators", "pipelines.extraction", "pipelines.tasks")


class TrainSpec(BaseModel):
    """What is trained: the model's spec and the features that were computed for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelSpec
    features: FeaturesResult
    plant: str | None = None
    """Spoils the training on purpose, to see it stopped: a name of `pipelines.training.plant`."""
    labels: Labels | None = None
    """What reviewers said, at one snapshot; None trains on the labels that documents came with."""
    regime: Regime | None = None
    """What the training answers, where that is an incident: it learns from what came since."""

    def key(self) -> str:
        """Names the training by all that its files depend on: data, spec, code and lock.

        Not by the snapshot of the features: a later one holds the same rows under this key.
        """
        return digest(
            self.features.feature_key,
            # Policies judge what was trained, or start it; they have no say in the training.
            self.model.model_dump_json(exclude={"gate", "review", "corrections", "monitoring"}),
            code_hash(*_CODE),
            lock_hash(),
            *([self.plant] if self.plant else []),
            *([self.labels.model_dump_json(exclude={"snapshot_id"})] if self.labels else []),
            *([self.regime.model_dump_json()] if self.regime else []),
        )[:32]


def run(
    spec: TrainSpec, *, lake: "Lake", settings: Settings, progress: Progress = lambda _: None
) -> TrainResult:
    """Trains once for a key: a retry or a twin gets the result of the one that finished.

    Writes `runs/train/<model>/<key>/` with `model/` (the artefact: the spec and the engine's
    own files), `predictions.parquet` (test rows with their part), `split.parquet` (the part of
    every labelled row) and `result.json`. Raises BadDataError where there is too little to
    train on or nothing to test.
    """
    folder = settings.runs / "train" / spec.model.name / spec.key()
    publish_once(folder, lambda aside: _train(spec, lake, settings, progress, aside, folder))
    return TrainResult.model_validate_json((folder / "result.json").read_bytes())


def _train(
    spec: TrainSpec,
    lake: "Lake",
    settings: Settings,
    progress: Progress,
    aside: Path,
    folder: Path,
) -> None:
    started = time.perf_counter()
    rows = labelled_rows(spec, lake)
    _keep_sets(spec, lake, settings, rows)
    train = rows.filter(pc.equal(rows[names.PART], names.TRAIN))
    test = rows.filter(pc.is_in(rows[names.PART], pa.array(names.TEST_PARTS)))
    if spec.plant is not None:
        train = spoil(train, spec.model, spec.plant, seed=spec.model.seed)
        progress(f"spoiled on purpose: {spec.plant}")
    progress(f"{train.num_rows} rows to train on, {test.num_rows} to test on")

    fitted = estimators.estimator(spec.model.estimator).fit(
        train.drop_columns([names.PART]), spec.model, seed=spec.model.seed, progress=progress
    )
    artefact_hash = Artefact(spec.model, fitted).save(aside / "model")
    pq.write_table(_predict(fitted, test), aside / "predictions.parquet")
    pq.write_table(rows.select([specs.key(spec.model), names.PART]), aside / "split.parquet")
    home_folder = settings.relative(folder)
    result = TrainResult(
        model=spec.model.name,
        run_dir=home_folder,
        model_dir=f"{home_folder}/model",
        predictions=f"{home_folder}/predictions.parquet",
        train_key=spec.key(),
        feature_key=spec.features.feature_key,
        input_snapshot_id=spec.features.input_snapshot_id,
        features_snapshot_id=spec.features.snapshot_id,
        rows_train=train.num_rows,
        rows_test=test.num_rows,
        seed=spec.model.seed,
        seconds=round(time.perf_counter() - started, 3),
        artefact_hash=artefact_hash,
        plant=spec.plant,
        labels=spec.labels,
        regime=spec.regime,
    )
    (aside / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")


def labelled_rows(spec: TrainSpec, lake: "Lake") -> pa.Table:
    """The labelled rows of the features with their part, in the order of their ids.

    Raises BadDataError where they are too few, or all fall into one part.
    """
    key = specs.key(spec.model)
    labels = _labels(spec, lake, key)
    parts = _parts(spec, lake, labels)
    features = lake.read(
        spec.features.table,
        snapshot_id=spec.features.snapshot_id,
        where={names.FEATURE_KEY: spec.features.feature_key},
    )
    if names.FEATURE_KEY in features.column_names:
        features = features.drop_columns([names.FEATURE_KEY])
    # The lake keeps no order of rows; what is learnt must not depend on how files were written.
    features = features.sort_by(key)
    if labels is not None:
        features = join(features, labels, key)
    found = [parts.get(row) for row in features[key].to_pylist()]
    rows = features.append_column(names.PART, pa.array(found, pa.string()))
    rows = rows.filter(pc.is_valid(rows[names.PART]))
    _check_enough(spec, rows, len(features))
    return rows


def _labels(spec: TrainSpec, lake: "Lake", key: str) -> pa.Table | None:
    if spec.labels is None:
        return None
    return read_labels(lake, spec.model, spec.labels, spec.features.input_snapshot_id, key)


def _parts(spec: TrainSpec, lake: "Lake", labels: pa.Table | None) -> dict[str, str]:
    """Part by key of every row whose labels are known; golden rows are never trained on.

    By content a row stays in the set that a training first put it in, also where its label, and
    with it its group, was corrected since. By time golden rows were tested once, and would be
    trained on later: no key of a training says so, since no golden row is older than what it is
    kept from.
    """
    kind = task(spec.model.task)
    rows = lake.read(
        names.published_table(spec.model.dataset),
        snapshot_id=spec.features.input_snapshot_id,
        columns=kind.label_columns(spec.model),
    )
    if labels is not None:
        rows = join(rows, labels, specs.key(spec.model))
    found = kind.examples(rows, spec.model)
    rule, key = spec.model.split, specs.key(spec.model)
    if rule.time is None:
        by_content = split(found.groups, found.contents, rule)
        sets = kept(lake, spec.model.name, key)
        return apart(dict(zip(found.keys, by_content, strict=True)), sets)
    if spec.regime is not None:
        rule = regime_split(rule, spec.regime.since, found.times)
    by_time = split_by_time(found.groups, found.times, rule)
    golden = golden_keys(lake, spec.model.name, key)
    return {
        key: names.SET_ASIDE if part == names.TRAIN and key in golden else part
        for key, part in zip(found.keys, by_time, strict=True)
    }


def _keep_sets(spec: TrainSpec, lake: "Lake", settings: Settings, rows: pa.Table) -> None:
    """From now on these documents stay in their sets; by time they have none."""
    if spec.model.split.time is not None:
        return
    key = specs.key(spec.model)
    parts = dict(zip(rows[key].to_pylist(), rows[names.PART].to_pylist(), strict=True))
    assign(lake, settings, spec.model.name, key, parts, spec.features.input_snapshot_id)


def _check_enough(spec: TrainSpec, rows: pa.Table, all_rows: int) -> None:
    counted = {
        item["values"]: item["counts"] for item in pc.value_counts(rows[names.PART]).to_pylist()
    }
    train = counted.get(names.TRAIN, 0)
    test = sum(counted.get(part, 0) for part in names.TEST_PARTS)
    if train < MIN_TRAIN_ROWS or not test:
        raise BadDataError(
            f"model {spec.model.name!r} has too little to train on: of {all_rows} rows "
            f"{rows.num_rows} carry labels, of which {train} are for training and {test} for "
            f"testing; at least {MIN_TRAIN_ROWS} and 1 are needed. Ingest more labelled rows of "
            f"{spec.model.dataset!r}, or change the shares under `split:` in model.yaml."
        )


def _predict(fitted: FittedModel, test: pa.Table) -> pa.Table:
    """Predictions of the test rows, each with its part."""
    features = test.drop_columns([names.PART])
    predictions = pa.concat_tables(
        fitted.predict(features.slice(start, PREDICT_ROWS))
        for start in range(0, features.num_rows, PREDICT_ROWS)
    )
    return predictions.append_column(names.PART, test[names.PART].combine_chunks())
