"""Lines predictions up with labels: what was asked, answered and right, per document and field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.contracts import names
from pipelines.contracts.spec import FieldSpec
from pipelines.errors import BadDataError
from pipelines.extraction.normalise import by_value, strict

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Outcomes:
    """Arrays of documents × fields; documents in the order of their ids.

    A field whose key is missing from a document's labels is unknown: `known` is false and
    nothing of it counts. A label that is there and null or empty says the field is truly
    absent: `known`, not `labelled`, and any answer to it is wrong.
    """

    document_ids: tuple[str, ...]
    fields: tuple[str, ...]
    known: Flags
    labelled: Flags
    answered: Flags
    exact: Flags
    """Answered and equal to the label, as the SROIE competition compares."""
    value: Flags
    """Answered and of the same meaning: letters and digits, amounts as numbers, dates as days."""
    confidence: NDArray[np.float64]
    """Of the answer, or of the absence where there is none; NaN where the model gave none."""

    def where(self, rows: Flags) -> "Outcomes":
        """The outcomes of the documents that `rows` marks."""
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name not in {"document_ids", "fields"}
        }
        ids = tuple(np.array(self.document_ids, dtype=object)[rows])
        return Outcomes(document_ids=ids, fields=self.fields, **arrays)

    def right(self, matched: Flags) -> Flags:
        """Whether the answer is right where leaving an absent field empty is right too.

        `matched` is `exact` or `value`. Holds where `known` does.
        """
        return matched | (~self.answered & ~self.labelled)


def outcomes(
    documents: pa.Table, predictions: pa.Table, kinds: Mapping[str, FieldSpec]
) -> Outcomes:
    """Outcomes of the documents that have a prediction, for the fields of `kinds`.

    `documents` has document_id and fields (labels, map of text); `predictions` has document_id
    and fields (list of name, value, confidence, boxes). Raises BadDataError where a prediction
    names a document that is not there, or a document twice.
    """
    labels = dict(
        zip(
            documents[names.DOCUMENT_ID].to_pylist(),
            documents[names.FIELDS].to_pylist(),
            strict=True,
        )
    )
    answers = dict(
        zip(
            predictions[names.DOCUMENT_ID].to_pylist(),
            predictions[names.FIELDS].to_pylist(),
            strict=True,
        )
    )
    ids = sorted(answers)
    if len(ids) != predictions.num_rows or not answers.keys() <= labels.keys():
        strange = sorted(answers.keys() - labels.keys())[:3]
        raise BadDataError(
            f"{predictions.num_rows} predictions of {len(ids)} documents, of which "
            f"{len(answers.keys() - labels.keys())} are not among the {len(labels)} labelled "
            f"documents {strange}: predict exactly the documents that are scored, once each."
        )
    rows = [
        [
            _outcome(_labels(labels[row]), _answer(answers[row], name), name, spec.kind)
            for name, spec in kinds.items()
        ]
        for row in ids
    ]
    shape = (len(ids), len(kinds), 6)
    # Confidence passes through the same array: 0, 1 and NaN stand for themselves in floats.
    table = np.array(rows, dtype=np.float64).reshape(shape)
    flags = table[:, :, :5] > 0
    return Outcomes(
        document_ids=tuple(ids),
        fields=tuple(kinds),
        known=flags[:, :, 0],
        labelled=flags[:, :, 1],
        answered=flags[:, :, 2],
        exact=flags[:, :, 3],
        value=flags[:, :, 4],
        confidence=table[:, :, 5],
    )


def _labels(found: Any) -> dict[str, str | None]:
    """A map of labels; Arrow gives it as a list of pairs, or None without any label."""
    return dict(found or {})


def _answer(found: Sequence[Mapping[str, Any]], name: str) -> tuple[str | None, float]:
    """Value and confidence of one field; None and NaN where the model does not name it."""
    for field in found or ():
        if field["name"] == name:
            confidence = field["confidence"]
            return field["value"] or None, np.nan if confidence is None else confidence
    return None, np.nan


def _outcome(
    labels: Mapping[str, str | None], answer: tuple[str | None, float], name: str, kind: str
) -> tuple[float, ...]:
    """Known, labelled, answered, exact, by value, confidence."""
    value, confidence = answer
    if name not in labels:
        return (0, 0, 0, 0, 0, np.nan)
    label = labels[name]
    if not label or not label.strip():
        return (1, 0, value is not None, 0, 0, confidence)
    if value is None:
        return (1, 1, 0, 0, 0, confidence)
    exact = strict(value) == strict(label)
    return (1, 1, 1, exact, exact or by_value(value, kind) == by_value(label, kind), confidence)
