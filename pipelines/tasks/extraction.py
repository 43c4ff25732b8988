"""The task `extraction`: fields of documents, labelled by what people typed."""

from typing import Any

import pyarrow as pa

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.tasks.table import Examples


def label_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Labels, and the pages: their text keeps documents apart and their length makes slices."""
    return (specs.key(spec), names.PAGES, names.FIELDS)


def input_columns(spec: ModelSpec) -> tuple[str, ...]:
    """The pages alone: no label."""
    return (specs.key(spec), names.PAGES)


def example(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Documents as they are."""
    return rows


def examples(rows: pa.Table, spec: ModelSpec) -> Examples:
    """Documents that carry a label, by the group's field and by all their text."""
    labels = [dict(fields or {}) for fields in rows[names.FIELDS].to_pylist()]
    labelled = [row for row, fields in enumerate(labels) if fields]
    kept = rows.take(pa.array(labelled, pa.int64()))
    return Examples(
        keys=kept[specs.key(spec)].to_pylist(),
        groups=[labels[row].get(spec.split.group_by) for row in labelled],
        contents=_texts(kept),
        times=(),
    )


def answer(prediction: dict[str, Any]) -> dict[str, Any]:
    """The names of the fields are the keys."""
    return {
        names.FIELDS: {
            field["name"]: {name: field[name] for name in ("value", "confidence", "boxes")}
            for field in prediction[names.FIELDS]
        }
    }


def _texts(documents: pa.Table) -> list[str]:
    """All the text of each document, in reading order."""
    return [
        "\n".join(line["text"] for page in pages for line in page["lines"])
        for pages in documents[names.PAGES].to_pylist()
    ]
