"""Comparing two extractors of document fields: the document is the cluster, F1 the score."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation.calibration import equal_widths
from pipelines.evaluation.comparison import Difference
from pipelines.evaluation.extraction import answers_by_field
from pipelines.evaluation.miscalibration import Miscalibration, miscalibration
from pipelines.evaluation.paired import Claim, Floats, Measure, ratios
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL, slices
from pipelines.measures.outcomes import Outcomes, outcomes


def measure(
    rows: pa.Table, predictions: pa.Table, spec: ModelSpec, parts: Mapping[str, str]
) -> Measure:
    """F1 by exact match, as `pipelines.evaluation.scores` has it, of overall, fields, slices."""
    found = _outcomes(rows, predictions, spec)
    # documents × fields, then the pooled one: F1 = 2 × right / (answered + labelled)
    part = _pooled(2 * found.exact.astype(np.float64))
    whole = _pooled((found.answered & found.known).astype(np.float64) + found.labelled)
    claims = [Claim(ALL, name) for name in (*found.fields, OVERALL)]
    parts_of, wholes = [part], [whole]
    pages = dict(
        zip(rows[names.DOCUMENT_ID].to_pylist(), rows[names.PAGES].to_pylist(), strict=True)
    )
    for name, mask in slices(found.document_ids, pages, parts).items():
        if name == ALL:
            continue
        claims.append(Claim(name, OVERALL))
        parts_of.append(part[:, -1:] * mask[:, np.newaxis])
        wholes.append(whole[:, -1:] * mask[:, np.newaxis])
    return ratios(
        found.document_ids, claims, np.concatenate(parts_of, axis=1), np.concatenate(wholes, axis=1)
    )


def unreadable(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> int:
    """Documents × fields without an answer that names its confidence, a number in [0, 1]."""
    if not {names.DOCUMENT_ID, names.FIELDS} <= set(predictions.column_names):
        return int(rows.num_rows) * len(spec.fields)
    answers = answers_by_field(predictions)
    documents: list[str] = rows[names.DOCUMENT_ID].to_pylist()
    return sum(
        not _is_share(answers.get(row, {}).get(name, {}).get("confidence"))
        for row in documents
        for name in spec.fields
    )


def calibration_error(
    rows: pa.Table, predictions: pa.Table, spec: ModelSpec
) -> Miscalibration | None:
    """Of all fields pooled, over the confidences that can be read."""
    found = _outcomes(rows, predictions, spec)
    asked = found.known & ~np.isnan(found.confidence)
    confidence, right = found.confidence[asked], found.right(found.exact)[asked]
    documents = np.nonzero(asked)[0]
    return miscalibration(
        equal_widths(confidence), confidence, right, documents, len(found.document_ids)
    )


def differences(
    rows: pa.Table, champion: pa.Table, candidate: pa.Table, spec: ModelSpec, most: int
) -> list[Difference]:
    """What the two read in at most `most` documents, those where one of them is right first."""
    old, new = (_outcomes(rows, answers, spec) for answers in (champion, candidate))
    was, now = old.right(old.exact), new.right(new.exact)
    before, after = answers_by_field(champion), answers_by_field(candidate)
    labels = _labels(rows)
    found: dict[str, list[Difference]] = {}
    for place in np.argwhere(old.known):
        row, column = int(place[0]), int(place[1])
        document, field = old.document_ids[row], old.fields[column]
        values = [(one[document].get(field) or {}).get("value") for one in (before, after)]
        if values[0] == values[1]:
            continue
        verdict = int(now[row, column]) - int(was[row, column])
        one = Difference(
            row=document,
            field=field,
            champion=values[0],
            candidate=values[1],
            truth=labels[document].get(field),
            better=("neither", "candidate", "champion")[verdict],
        )
        found.setdefault(document, []).append(one)
    ranked = sorted(
        found.values(), key=lambda ones: (all(one.better == "neither" for one in ones), ones[0].row)
    )
    return [one for ones in ranked[:most] for one in ones]


def compact(predictions: pa.Table) -> pa.Table:
    """Without the boxes."""
    fields = [
        [{**field, "boxes": []} for field in row] for row in predictions[names.FIELDS].to_pylist()
    ]
    place = predictions.schema.get_field_index(names.FIELDS)
    kind = predictions.schema.field(place)
    return predictions.set_column(place, kind, pa.array(fields, kind.type))


def texts(rows: pa.Table) -> list[str]:
    """All the text of each document, in reading order."""
    return [
        " ".join(line["text"] for page in pages for line in page["lines"])
        for pages in rows[names.PAGES].to_pylist()
    ]


def _outcomes(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> Outcomes:
    return outcomes(rows, predictions, spec.fields)


def _pooled(table: Floats) -> Floats:
    return np.concatenate([table, table.sum(axis=1, keepdims=True)], axis=1)


def _labels(rows: pa.Table) -> dict[str, dict[str, Any]]:
    ids = rows[names.DOCUMENT_ID].to_pylist()
    return {
        row: dict(found or ())
        for row, found in zip(ids, rows[names.FIELDS].to_pylist(), strict=True)
    }


def _is_share(value: float | None) -> bool:
    return bool(value is not None and 0.0 <= value <= 1.0)
