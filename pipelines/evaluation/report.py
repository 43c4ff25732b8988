"""The report of an evaluation: pictures and one page that holds them all."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation.examples import choose, draw_example
from pipelines.evaluation.extraction import Evaluation, answers_by_field
from pipelines.evaluation.page import write_figures, write_page
from pipelines.evaluation.pictures import draw_importance, draw_reliability, draw_scores
from pipelines.evaluation.slices import LONG_LINES, NOISY_SHARE
from pipelines.measures.outcomes import outcomes

EXAMPLES = 6

_SLICES = {
    "all": "All test documents",
    "seen_group": "New documents of groups that were trained on",
    "unseen_group": "Documents of groups that training never saw",
    "long_document": f"Documents of {LONG_LINES} lines or more",
    "noisy_ocr": f"Documents where {NOISY_SHARE:.0%} of the lines or more look misread",
}


def write_report(
    folder: Path,
    found: Evaluation,
    documents: pa.Table,
    predictions: pa.Table,
    spec: ModelSpec,
    importance: Mapping[str, Mapping[str, float]],
) -> None:
    """Fills `folder`: index.html (self-contained), the pictures, metrics.json, scores.json.

    `importance` is the gain of each feature by stage of the model; empty where it has none.
    Texts of documents are hostile: they stay text in the page, which runs no script.
    """
    write_figures(folder, found.metrics(), found.model_dump(mode="json"))
    draw_scores(found, folder / "scores.png")
    draw_reliability(found.calibration, folder / "reliability.png")
    if importance:
        draw_importance(importance, folder / "importance.png")
    _draw_examples(folder, documents, predictions, spec)
    write_page(folder, "report.html", spec=spec, found=found, titles=_SLICES)


def _draw_examples(
    folder: Path, documents: pa.Table, predictions: pa.Table, spec: ModelSpec
) -> None:
    found = outcomes(documents, predictions, spec.fields)
    answers = answers_by_field(predictions)
    place = {row: at for at, row in enumerate(documents[names.DOCUMENT_ID].to_pylist())}
    for number, row in enumerate(choose(found, EXAMPLES), start=1):
        document_id = found.document_ids[row]
        document = documents.slice(place[document_id], 1).to_pylist()[0]
        if document[names.PAGES]:
            draw_example(
                document[names.PAGES],
                answers[document_id],
                dict(document[names.FIELDS] or {}),
                found,
                row,
                folder / f"example_{number}.png",
            )
