"""Scores the test predictions of one training and writes the report people look at."""

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from pipelines.contracts import names
from pipelines.contracts.result import EvaluationResult, TrainResult
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators.artefact import Artefact
from pipelines.evaluation.extraction import Evaluation
from pipelines.evaluation.report import write_report
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.table import task
from pipelines.publication import code_hash, digest, publish_once
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.lake.lake import Lake

_CODE = ("pipelines.evaluation", "pipelines.extraction")


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

    The labels and lines are read at the snapshot that was trained on. Raises BadDataError
    where nothing can be scored, MisconfiguredError for an unknown task.
    """
    folder = settings.runs / "evaluate" / spec.model.name / spec.key()
    publish_once(folder, lambda aside: _evaluate(spec, lake, settings, aside, folder))
    return EvaluationResult.model_validate_json((folder / "result.json").read_bytes())


def _evaluate(
    spec: EvaluationSpec, lake: "Lake", settings: Settings, aside: Path, folder: Path
) -> None:
    predictions = pq.read_table(settings.root / spec.training.predictions)
    documents = lake.read(
        names.published_table(spec.model.dataset),
        snapshot_id=spec.training.input_snapshot_id,
        columns=(names.DOCUMENT_ID, names.PAGES, names.FIELDS),
    )
    tested = pa.array(predictions[names.DOCUMENT_ID].to_pylist(), pa.string())
    documents = documents.filter(pc.is_in(documents[names.DOCUMENT_ID], tested))
    parts = dict(
        zip(
            predictions[names.DOCUMENT_ID].to_pylist(),
            predictions[names.PART].to_pylist(),
            strict=True,
        )
    )
    scoring = task(spec.model.task)
    found = scoring.evaluate(documents, predictions, spec.model, parts)
    model_dir = settings.root / spec.training.model_dir
    artefact = Artefact.load(model_dir, spec.training.artefact_hash)
    importance = scoring.importance(artefact.fitted.describe())
    write_report(aside, found, documents, predictions, spec.model, importance)
    result = EvaluationResult(
        model=spec.model.name,
        report_dir=settings.relative(folder),
        rows=found.documents,
        metrics=_figures(found),
        headline=_headline(found),
    )
    (aside / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")


def _figures(found: Evaluation) -> dict[str, float]:
    """The few figures that decide, small enough for XCom whatever the number of fields."""
    return {
        name: value
        for name, value in found.metrics().items()
        if name.rsplit("/", 1)[-1] in {"micro_f1", "micro_f1_value", "micro_auroc", "auroc"}
    }


def _headline(found: Evaluation) -> dict[str, list[float]]:
    return {
        name: [one.f1, *one.f1_interval]
        for name, one in {OVERALL: found.overall, **found.fields}.items()
        if one.f1 is not None and one.f1_interval is not None
    }
