"""Scores the test predictions of one training and writes the report people look at."""

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import EvaluationResult, TrainResult
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators.artefact import Artefact
from pipelines.evaluation.table import report, task
from pipelines.lake.labels import join
from pipelines.lake.labels import read as read_labels
from pipelines.publication import code_hash, digest, publish_once
from pipelines.settings import Settings
from pipelines.tasks import task as kind

if TYPE_CHECKING:
    from pipelines.lake.lake import Lake

_CODE = (
    "pipelines.evaluation",
    "pipelines.extraction",
    "pipelines.measures",
    "pipelines.tasks",
)


class EvaluationSpec(BaseModel):
    """What is evaluated: the test predictions of one training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelSpec
    training: TrainResult

    def key(self) -> str:
        """Names the report by all that it depends on: the training and the code that scores."""
        return digest(self.training.train_key, code_hash(*_CODE))[:32]


def run(spec: EvaluationSpec, *, lake: "Lake", settings: Settings) -> EvaluationResult:
    """Evaluates once for a key and writes `runs/evaluate/<model>/<key>/`.

    The labels are read at the snapshot that was trained on. Raises BadDataError
    where nothing can be scored, MisconfiguredError for an unknown task.
    """
    folder = settings.runs / "evaluate" / spec.model.name / spec.key()
    publish_once(folder, lambda aside: _evaluate(spec, lake, settings, aside, folder))
    return EvaluationResult.model_validate_json((folder / "result.json").read_bytes())


def _evaluate(
    spec: EvaluationSpec, lake: "Lake", settings: Settings, aside: Path, folder: Path
) -> None:
    predictions = pq.read_table(settings.root / spec.training.predictions)
    key = specs.key(spec.model)
    rows = lake.read(
        names.published_table(spec.model.dataset),
        snapshot_id=spec.training.input_snapshot_id,
        columns=kind(spec.model.task).label_columns(spec.model),
    )
    labels = spec.training.labels
    if labels is not None:
        given = read_labels(lake, spec.model, labels, spec.training.input_snapshot_id, key)
        rows = join(rows, given, key)
    tested = pa.array(predictions[key].to_pylist(), pa.string())
    rows = rows.filter(pc.is_in(rows[key], tested))
    parts = dict(zip(tested.to_pylist(), predictions[names.PART].to_pylist(), strict=True))
    scoring = task(spec.model.task)
    found = scoring.evaluate(rows, predictions, spec.model, parts)
    model_dir = settings.root / spec.training.model_dir
    artefact = Artefact.load(model_dir, spec.training.artefact_hash)
    importance = scoring.importance(artefact.fitted.describe())
    report(spec.model.task).write_report(aside, found, rows, predictions, spec.model, importance)
    result = EvaluationResult(
        model=spec.model.name,
        report_dir=settings.relative(folder),
        rows=found.count,
        metrics=found.figures(),
        headline=found.headline(),
    )
    (aside / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")
