"""Registers a trained and evaluated model as a version, once for each training."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from pipelines.contracts import names
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.learning import LABELS, REGIME
from pipelines.contracts.result import EvaluationResult, RegistrationResult, TrainResult
from pipelines.contracts.spec import ModelSpec
from pipelines.publication import lock, lock_hash
from pipelines.registry import packaging
from pipelines.registry.provenance import code_revision
from pipelines.registry.store import (
    ARTEFACT_HASH,
    AUTHOR,
    CANDIDATE,
    SPLIT_FILE,
    TRACE,
    TRAIN_KEY,
    ModelVersion,
    Registry,
)
from pipelines.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from pipelines.lake.lake import Lake

HEADLINE = "headline"
"""Tag of a version: its scores with intervals, as JSON."""
METRICS_FILE = "metrics.json"
_METRICS_AT_ONCE = 500


class RegistrationSpec(BaseModel):
    """What is registered: one training with its evaluation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelSpec
    training: TrainResult
    evaluation: EvaluationResult
    author: str = PLATFORM
    """Who started the training; never the one who approves it."""
    trace_id: str | None = None
    """Trace of the run; None outside of any."""


def run(spec: RegistrationSpec, *, lake: "Lake", settings: Settings) -> RegistrationResult:
    """The version of this training, under the alias `candidate`.

    The same training registered again, also by a twin at the same time, is the same version;
    the alias never goes back to an older one. Raises RefusedError where the model's files are
    not those that were trained.
    """
    registry = Registry.open(settings)
    client = registry.client()
    with lock(settings.root / "mlflow" / f"register-{spec.model.name}"):
        found = registry.find(spec.model.name, spec.training.train_key)
        version = found or _register(spec, lake, settings, registry, client)
        current = client.get_registered_model(spec.model.name).aliases.get(CANDIDATE)
        if current is None or int(current) < version.version:
            client.set_registered_model_alias(spec.model.name, CANDIDATE, str(version.version))
    return RegistrationResult(
        model=spec.model.name,
        version=version.version,
        run_id=version.run_id,
        alias=CANDIDATE,
        model_uri=f"models:/{spec.model.name}/{version.version}",
        reused=found is not None,
    )


def _register(
    spec: RegistrationSpec,
    lake: "Lake",
    settings: Settings,
    registry: Registry,
    client: "MlflowClient",
) -> ModelVersion:
    from mlflow.entities import LoggedModelStatus

    experiment = _experiment(client, spec.model.name, settings)
    _remove_unfinished(client, experiment, spec.training.train_key)
    tags = _tags(spec)
    run_id = client.create_run(
        experiment,
        run_name=spec.training.train_key[:12],
        tags={**tags, "mlflow.source.name": f"train__{spec.model.name}"},
    ).info.run_id
    _log(client, run_id, spec, settings)

    folder = settings.root / spec.training.model_dir
    model = client.create_logged_model(experiment, spec.model.name, source_run_id=run_id)
    with tempfile.TemporaryDirectory() as aside:
        packaging.write(
            Path(aside) / "model",
            folder,
            spec.training.artefact_hash,
            packaging.example(spec.model, spec.training.input_snapshot_id, lake),
            model.model_id,
        )
        client.log_model_artifacts(model.model_id, str(Path(aside) / "model"))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.set_terminated(run_id)

    _make_registered_model(client, spec.model)
    client.create_model_version(
        spec.model.name,
        source=f"models:/{model.model_id}",
        run_id=run_id,
        tags=tags,
        model_id=model.model_id,
    )
    version = registry.find(spec.model.name, spec.training.train_key)
    assert version is not None  # noqa: S101 - it was made in the line above
    return version


def _experiment(client: "MlflowClient", model: str, settings: Settings) -> str:
    found = client.get_experiment_by_name(model)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(model, f"{settings.artifact_root}/{model}"))


def _remove_unfinished(client: "MlflowClient", experiment: str, train_key: str) -> None:
    """Runs that a killed attempt left without a version; we hold the lock, so none is alive."""
    for left in client.search_runs([experiment], f"tags.{TRAIN_KEY} = '{train_key}'"):
        client.delete_run(left.info.run_id)


def _make_registered_model(client: "MlflowClient", spec: ModelSpec) -> None:
    if not client.search_registered_models(f"name = '{spec.name}'"):
        client.create_registered_model(
            spec.name, tags={"owner": spec.owner}, description=spec.description
        )


def _tags(spec: RegistrationSpec) -> dict[str, str]:
    """What the version was made of and how well it does."""
    training = spec.training
    return {
        TRAIN_KEY: training.train_key,
        ARTEFACT_HASH: training.artefact_hash,
        AUTHOR: spec.author,
        "feature_key": training.feature_key,
        "dataset": spec.model.dataset,
        "input_snapshot_id": str(training.input_snapshot_id),
        "features_snapshot_id": str(training.features_snapshot_id),
        "rows_train": str(training.rows_train),
        "rows_test": str(training.rows_test),
        "seed": str(training.seed),
        "lock_hash": lock_hash(),
        **({"plant": training.plant} if training.plant else {}),
        **({TRACE: spec.trace_id} if spec.trace_id else {}),
        **_labels(training),
        **({REGIME: training.regime.model_dump_json()} if training.regime else {}),
        **code_revision(),
        HEADLINE: json.dumps(spec.evaluation.headline),
    }


def _labels(training: TrainResult) -> dict[str, str]:
    """What reviewers said, where the version learnt from it: to find it by, and to read again."""
    found = training.labels
    if found is None:
        return {}
    return {
        LABELS: found.model_dump_json(),
        "labels_snapshot_id": str(found.snapshot_id),
        "batches": ",".join(str(batch) for batch in found.batches),
    }


def _log(client: "MlflowClient", run_id: str, spec: RegistrationSpec, settings: Settings) -> None:
    """Parameters, metrics, the data, the report with its pictures, and the split."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
    from mlflow.utils.time import get_current_time_millis

    report = settings.root / spec.evaluation.report_dir
    metrics: Mapping[str, float] = json.loads((report / METRICS_FILE).read_bytes())
    metrics = {**metrics, "training_seconds": spec.training.seconds}
    now = get_current_time_millis()
    entries = [Metric(name, value, now, 0) for name, value in sorted(metrics.items())]
    client.log_batch(run_id, params=[Param(*item) for item in _parameters(spec.model).items()])
    for start in range(0, len(entries), _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=entries[start : start + _METRICS_AT_ONCE])
    table = names.published_table(spec.model.dataset)
    data = Dataset(
        name=spec.model.dataset,
        digest=str(spec.training.input_snapshot_id),
        source_type="iceberg",
        source=json.dumps({"table": table, "snapshot_id": spec.training.input_snapshot_id}),
    )
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.log_artifacts(run_id, str(report), "evaluation")
    folder, name = SPLIT_FILE.split("/")
    client.log_artifact(run_id, str(settings.root / spec.training.run_dir / name), folder)


def _parameters(spec: ModelSpec) -> dict[str, str]:
    split = {f"split.{name}": value for name, value in spec.split.model_dump().items()}
    own: dict[str, Any] = {
        "estimator": spec.estimator,
        "task": spec.task,
        "seed": spec.seed,
        "fields": ",".join(f"{name}:{one.kind}" for name, one in spec.fields.items()),
    }
    return {name: str(value) for name, value in (own | split | spec.parameters).items()}
