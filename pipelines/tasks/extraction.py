"""The task `extraction`: fields of documents, labelled by what people typed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.extraction import properties
from pipelines.extraction.values import letters_and_digits
from pipelines.tasks.table import Examples

_LEAST_LETTERS = 5
"""Shorter names stand on pages of others by chance."""


def label_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Labels, and the pages: their text keeps documents apart and their length makes slices."""
    return (specs.key(spec), names.PAGES, names.FIELDS)


def truth_column(spec: ModelSpec) -> str:
    """The fields."""
    return names.FIELDS


def input_columns(spec: ModelSpec) -> tuple[str, ...]:
    """The pages alone: no label."""
    return (specs.key(spec), names.PAGES)


def example(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Documents as they are."""
    return rows


def examples(rows: pa.Table, spec: ModelSpec) -> Examples:
    """Documents that carry a label, by the group's field and by all their text.

    Where nobody has looked at the group's field, the group is the one among those of the other
    documents whose name stands on the page: a reviewer who looks at the total alone must not
    bring a merchant of the unseen part into the training.
    """
    labels = [dict(fields or {}) for fields in rows[names.FIELDS].to_pylist()]
    labelled = [row for row, fields in enumerate(labels) if fields]
    kept = rows.take(pa.array(labelled, pa.int64()))
    texts, field = _texts(kept), spec.split.group_by
    groups = [labels[row].get(field) for row in labelled]
    unknown = [at for at, row in enumerate(labelled) if field not in labels[row]]
    if unknown:
        named = _named({group for group in groups if group})
        for at in unknown:
            groups[at] = named(texts[at])
    return Examples(keys=kept[specs.key(spec)].to_pylist(), groups=groups, contents=texts, times=())


def answer(prediction: dict[str, Any]) -> dict[str, Any]:
    """The names of the fields are the keys."""
    return {
        names.FIELDS: {
            field["name"]: {name: field[name] for name in ("value", "confidence", "boxes")}
            for field in prediction[names.FIELDS]
        }
    }


def watched_columns(spec: ModelSpec) -> tuple[str, ...]:
    """The pages, and what the OCR engine said of them."""
    return (*input_columns(spec), names.OCR_CONFIDENCE)


def watched_inputs(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Properties of the pages, and the OCR engine's confidence where the rows have it."""
    del spec
    found = properties.of_pages(rows[names.PAGES])
    if names.OCR_CONFIDENCE not in rows.column_names:
        return found
    return found.append_column(names.OCR_CONFIDENCE, rows[names.OCR_CONFIDENCE])


def watched_outputs(predictions: pa.Table, spec: ModelSpec) -> pa.Table:
    """Of each field its confidence and whether it is missing; the group's value by its letters.

    People are asked by what an error in a field would cost, the dearest one of a document.
    """
    fields = predictions[names.FIELDS].combine_chunks()
    flat = pc.list_flatten(fields)
    document = pc.list_parent_indices(fields).to_numpy()
    of_field = pc.struct_field(flat, "name")
    n = predictions.num_rows
    dearest = np.zeros(n)
    columns: dict[str, Any] = {}
    for field in spec.fields:
        places = pc.indices_nonzero(pc.equal(of_field, field)).to_numpy()
        confidence, value = np.full(n, np.nan), np.full(n, None, dtype=object)
        mine = flat.take(pa.array(places))
        confidence[document[places]] = pc.struct_field(mine, "confidence").to_numpy(False)
        value[document[places]] = pc.struct_field(mine, "value").to_numpy(False)
        doubt = np.nan_to_num(1 - confidence, nan=0.0)
        dearest = np.maximum(dearest, doubt * spec.review.cost(field))
        columns[f"{field}_confidence"] = pa.array(confidence, pa.float64(), from_pandas=True)
        columns[f"{field}_missing"] = pa.array([one is None for one in value], pa.bool_())
        if field == spec.split.group_by:
            texts = [one and letters_and_digits(one) for one in value]
            columns[field] = pa.array(texts, pa.string())
    return pa.table(columns | {names.REVIEWED: pa.array(dearest)})


def review_threshold(reviewed: pa.Array, rows_a_day: float, spec: ModelSpec) -> float:
    """The doubt from which a field is asked, whatever the day's budget."""
    from pipelines.reviewing.select import SURE

    costs = [spec.review.cost(field) for field in spec.fields]
    return (1 - SURE) * sum(costs) / max(len(costs), 1)


def _named(groups: set[str]) -> Callable[[str], str | None]:
    """Finds the group whose name stands in a text by its letters and digits, the longest one."""
    by_letters = {letters_and_digits(group): group for group in sorted(groups)}
    known = sorted(by_letters, key=lambda name: (-len(name), name))
    known = [name for name in known if len(name) >= _LEAST_LETTERS]

    def find(text: str) -> str | None:
        letters = letters_and_digits(text)
        return next((by_letters[name] for name in known if name in letters), None)

    return find


def _texts(documents: pa.Table) -> list[str]:
    """All the text of each document, in reading order."""
    return [
        "\n".join(line["text"] for page in pages for line in page["lines"])
        for pages in documents[names.PAGES].to_pylist()
    ]
