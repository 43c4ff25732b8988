"""Labels and predictions of documents, written as short as a test can say them."""

import pyarrow as pa
from factories.receipts import row, table

from pipelines.extraction.schema import PREDICTIONS


def documents(labels: dict[str, dict | None]) -> pa.Table:
    """Documents by id with these labels, each of two lines."""
    return table([row(name, ["FIRST LINE", "SECOND LINE"], one) for name, one in labels.items()])


def predictions(answers: dict[str, dict]) -> pa.Table:
    """Predictions by document id: field to value, or to (value, confidence)."""
    rows = [
        {"document_id": name, "fields": [_field(*item) for item in one.items()]}
        for name, one in answers.items()
    ]
    return pa.Table.from_pylist(rows, schema=PREDICTIONS)


def _field(name: str, answer: object) -> dict:
    value, confidence = answer if isinstance(answer, tuple) else (answer, 0.5)
    return {"name": name, "value": value, "confidence": confidence, "boxes": []}
