"""Evaluation of the task `extraction`: fields of documents against what people typed."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError
from pipelines.evaluation.calibration import Calibration, calibration
from pipelines.evaluation.figures import Table, between, figure
from pipelines.evaluation.scores import OVERALL, Score, score
from pipelines.evaluation.slices import ALL, slices
from pipelines.evaluation.worst import WorstError, worst_errors
from pipelines.measures.outcomes import outcomes


class Slice(BaseModel, frozen=True):
    """Scores of some of the documents."""

    documents: int
    scores: dict[str, Score]
    """By field, and pooled under `overall`."""


class Evaluation(BaseModel, frozen=True):
    """All that is measured of one set of predictions; documents without labels do not count."""

    unit: ClassVar[str] = "documents"

    documents: int
    slices: dict[str, Slice]
    """`all` first, then the parts of the split and the harder slices that have documents."""
    calibration: dict[str, Calibration]
    errors: list[WorstError]

    @property
    def count(self) -> int:
        """Documents that count."""
        return self.documents

    @property
    def overall(self) -> Score:
        return self.slices[ALL].scores[OVERALL]

    @property
    def fields(self) -> dict[str, Score]:
        """Scores by field over all documents, in the order of the spec."""
        return {name: one for name, one in self.slices[ALL].scores.items() if name != OVERALL}

    def metrics(self) -> dict[str, float]:
        """Every figure by a flat name, `slice/field/metric`, without `all` and `overall`."""
        flat: dict[str, float | None] = {"documents": self.documents}
        for slice_name, part in self.slices.items():
            flat[_join(slice_name, "documents")] = part.documents
            for field, one in part.scores.items():
                flat |= {_join(slice_name, field, name): value for name, value in _flat(one)}
        for field, measured in self.calibration.items():
            for name in ("auroc", "auroc_value", "ece"):
                flat[_join(ALL, field, name)] = getattr(measured, name)
        return {name: float(value) for name, value in flat.items() if value is not None}

    def figures(self) -> dict[str, float]:
        """The few figures that decide, small enough for XCom whatever the number of fields."""
        return {
            name: value
            for name, value in self.metrics().items()
            if name.rsplit("/", 1)[-1] in {"micro_f1", "micro_f1_value", "micro_auroc", "auroc"}
        }

    def headline(self) -> dict[str, list[float]]:
        """F1 with its interval, pooled and per field."""
        return {
            name: [one.f1, *one.f1_interval]
            for name, one in {OVERALL: self.overall, **self.fields}.items()
            if one.f1 is not None and one.f1_interval is not None
        }

    def summary(self) -> dict[str, Any]:
        """What `millrace evaluate --json` prints; figures without a meaning are null."""
        overall = self.overall
        return {
            "micro_precision": overall.precision,
            "micro_recall": overall.recall,
            "micro_f1": overall.f1,
            "micro_f1_interval": overall.f1_interval,
            "micro_f1_value": overall.f1_value,
            "micro_f1_value_interval": overall.f1_value_interval,
            "auroc": self.calibration[OVERALL].auroc,
            "fields": {
                name: {
                    "precision": one.precision,
                    "recall": one.recall,
                    "f1": one.f1,
                    "f1_interval": one.f1_interval,
                    "f1_value": one.f1_value,
                    "auroc": self.calibration[name].auroc,
                    "ece": self.calibration[name].ece,
                    "labels": one.labelled,
                }
                for name, one in self.fields.items()
            },
        }

    def table(self) -> Table:
        """The same for people."""
        overall = self.overall
        labels = sum(one.labelled for one in self.fields.values())
        named = [(name, one, one.labelled) for name, one in self.fields.items()]
        rows = [
            [
                name,
                str(count),
                *(figure(value) for value in (one.precision, one.recall, one.f1)),
                between(one.f1_interval),
                figure(one.f1_value),
                figure(self.calibration[OVERALL if one is overall else name].auroc),
            ]
            for name, one, count in [*named, ("micro", overall, labels)]
        ]
        head = ["field", "labels", "precision", "recall", "F1", "95 %", "F1 by value", "AUROC"]
        title = f"micro F1 {figure(overall.f1)} exact, {figure(overall.f1_value)} by value"
        return Table(title, head, rows)


def evaluate(
    documents: pa.Table,
    predictions: pa.Table,
    spec: ModelSpec,
    parts: Mapping[str, str] | None = None,
) -> Evaluation:
    """Scores predictions against the labels of their documents; pure.

    `documents`: document_id, pages, fields; `predictions`: document_id, fields. `parts` is the
    part of the split by document id, where there was a split. Raises BadDataError where nothing
    can be scored.
    """
    found = outcomes(documents, predictions, spec.fields)
    found = found.where(np.asarray(found.known.any(axis=1)))
    if not found.document_ids:
        raise BadDataError(
            f"none of the {predictions.num_rows} documents carries a label of "
            f"{', '.join(spec.fields)}: there is nothing to score. Give documents whose `fields` "
            "name at least one of them."
        )
    rows = dict(zip(documents[names.DOCUMENT_ID].to_pylist(), range(len(documents)), strict=True))
    wanted = documents.take([rows[row] for row in found.document_ids])
    pages = _by_id(wanted, names.PAGES)
    masks = slices(found.document_ids, pages, parts or {})
    return Evaluation(
        documents=len(found.document_ids),
        slices={
            name: Slice(documents=int(mask.sum()), scores=score(found.where(mask)))
            for name, mask in masks.items()
        },
        calibration=calibration(found),
        errors=worst_errors(
            found,
            pages,
            {row: dict(labels or {}) for row, labels in _by_id(wanted, names.FIELDS).items()},
            answers_by_field(predictions),
        ),
    )


def importance(described: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Share of the gain of each feature by stage, the mean over the fields that have the stage.

    `described` is what the extractor says of itself. Pooled, since the stages are few and the
    same whatever the number of fields.
    """
    stages: dict[str, list[Mapping[str, float]]] = {}
    for field in described.get("fields", {}).values():
        for stage, trees in field["stages"].items():
            gains = trees["importance"]
            whole = sum(gains.values())
            if whole > 0:
                stages.setdefault(stage, []).append({n: g / whole for n, g in gains.items()})
    return {
        stage: {
            name: sum(one.get(name, 0.0) for one in shares) / len(shares)
            for name in sorted({name for one in shares for name in one})
        }
        for stage, shares in stages.items()
    }


def answers_by_field(predictions: pa.Table) -> dict[str, dict[str, dict[str, Any]]]:
    """Answers by document id and field name."""
    return {
        row: {field["name"]: field for field in fields}
        for row, fields in _by_id(predictions, names.FIELDS).items()
    }


def _by_id(table: pa.Table, column: str) -> dict[str, Any]:
    return dict(zip(table[names.DOCUMENT_ID].to_pylist(), table[column].to_pylist(), strict=True))


def _flat(one: Score) -> list[tuple[str, float | None]]:
    ends = {
        f"{name}_{end}": interval[place] if interval else None
        for name, interval in (("f1", one.f1_interval), ("f1_value", one.f1_value_interval))
        for place, end in enumerate(("low", "high"))
    }
    names_ = ("precision", "recall", "f1", "precision_value", "recall_value", "f1_value")
    return [*((name, getattr(one, name)) for name in names_), *ends.items()]


def _join(slice_name: str, *rest: str) -> str:
    """`unseen_group/company/f1`, `company/f1`, and `micro_f1` for the one figure of all."""
    path = [slice_name, *rest] if slice_name != ALL else list(rest)
    if OVERALL in path:
        path.remove(OVERALL)
        path[-1] = f"micro_{path[-1]}"
    return "/".join(path)
