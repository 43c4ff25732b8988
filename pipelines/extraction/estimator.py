"""The document-field extractor as an estimator: fit, predict, save, load, describe."""

from itertools import compress
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.contracts.names import DOCUMENT_ID, FIELDS
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.estimators.contract import Progress
from pipelines.extraction import fieldmodel, lines
from pipelines.extraction.base import with_base
from pipelines.extraction.batch import Batch
from pipelines.extraction.fieldmodel import Answer, FieldModel
from pipelines.extraction.folds import Plan
from pipelines.extraction.labels import groups, labels
from pipelines.extraction.lines import LineModel
from pipelines.extraction.parameters import Parameters, parameters
from pipelines.extraction.schema import PREDICTIONS
from pipelines.extraction.store import Store

_BATCH = 256  # documents in memory at once; a row is the same in any batch


class FieldExtractor:
    """Makes extractors of the fields that a spec declares."""

    def fit(
        self, features: pa.Table, spec: ModelSpec, *, seed: int, progress: Progress
    ) -> "FittedExtractor":
        """Learns every declared field from labelled documents.

        Raises BadDataError for a wrong table or fewer labelled documents than folds, and
        MisconfiguredError for a spec without fields or with unknown parameters.
        """
        chosen = parameters(spec)
        if not spec.fields:
            raise MisconfiguredError(
                f"model {spec.name!r} declares no fields; add `fields:` to its model.yaml."
            )
        batch, own = with_base(Batch.of(features), spec, chosen)
        targets = labels(batch, spec)
        for name, label in targets.items():
            labelled = sum(text is not None for text in compress(label.text, own))
            if labelled < chosen.folds:
                raise BadDataError(
                    f"field {name!r} is labelled in {labelled} of {features.num_rows} documents; "
                    f"at least {chosen.folds} are needed. Add labelled documents."
                )
        plan = Plan.make(groups(batch, spec.split.group_by), own, chosen, seed)
        base = len(batch) - features.num_rows
        beside = f" and {base} of the base" if base else ""
        progress(f"lines of {features.num_rows} documents{beside}")
        line_model, logits = lines.fit_out_of_fold(batch, list(targets.values()), plan)
        fields: dict[str, FieldModel] = {}
        for column, (name, field) in enumerate(spec.fields.items()):
            progress(f"field {name}")
            fields[name] = fieldmodel.fit(batch, logits, column, field.kind, targets[name], plan)
        return FittedExtractor(line_model, fields, chosen, seed, features.num_rows)

    def load(self, folder: Path) -> "FittedExtractor":
        """Reads what `save` wrote; BadDataError where it is not that."""
        store = Store.load(folder)
        try:
            chosen = Parameters.model_validate(store.facts["parameters"])
            line_model = LineModel(
                store.arrays["lines.weights"],
                store.arrays["lines.places"],
                store.arrays["lines.intercepts"],
            )
            names = store.facts["order"]
            fields = {name: FieldModel.get(store, name, chosen) for name in names}
            return FittedExtractor(
                line_model, fields, chosen, store.facts["seed"], store.facts["documents"]
            )
        except (KeyError, ValueError) as error:
            raise BadDataError(
                f"folder {folder.name!r} lacks a part of an extractor: {error}. "
                "Give the whole folder that `save` wrote with this version of the code."
            ) from error


class FittedExtractor:
    """An extractor that answers."""

    def __init__(
        self,
        line_model: LineModel,
        fields: dict[str, FieldModel],
        parameters: Parameters,
        seed: int,
        documents: int,
    ) -> None:
        self._lines = line_model
        self._fields = fields
        self._parameters = parameters
        self._seed = seed
        self._documents = documents

    def predict(self, features: pa.Table) -> pa.Table:
        """Answers for each document, schema `PREDICTIONS`; BadDataError on a wrong table."""
        parts = [
            self._predict(Batch.of(features.slice(begin, _BATCH)))
            for begin in range(0, max(features.num_rows, 1), _BATCH)
        ]
        return pa.concat_tables(parts)

    def _predict(self, batch: Batch) -> pa.Table:
        logits = self._lines(batch)
        answers = {
            name: model(batch, logits, column)
            for column, (name, model) in enumerate(self._fields.items())
        }
        rows = [
            [_struct(batch, name, answers[name][document]) for name in self._fields]
            for document in range(len(batch))
        ]
        return pa.table(
            {
                DOCUMENT_ID: pa.array(batch.document_ids, pa.string()),
                FIELDS: pa.array(rows, PREDICTIONS.field(FIELDS).type),
            },
            schema=PREDICTIONS,
        )

    def save(self, folder: Path) -> None:
        """Writes arrays, trees and facts into an existing folder."""
        store = Store(
            arrays={
                "lines.weights": self._lines.weights,
                "lines.places": self._lines.places,
                "lines.intercepts": self._lines.intercepts,
            },
            facts={
                "order": list(self._fields),
                "parameters": self._parameters.model_dump(),
                "seed": self._seed,
                "documents": self._documents,
            },
        )
        for name, model in self._fields.items():
            model.put(store, name)
        store.save(folder)

    def describe(self) -> dict[str, Any]:
        """Sizes, parameters and the share of the gain of the features of every stage."""
        return {
            "documents": self._documents,
            "seed": self._seed,
            "parameters": self._parameters.model_dump(),
            "fields": {
                name: {
                    "kind": model.kind,
                    "known_strings": len(model.rendering.known.counts),
                    "stages": {
                        stage: ensemble.describe() for stage, ensemble in model.ensembles().items()
                    },
                }
                for name, model in self._fields.items()
            },
        }


def _struct(batch: Batch, name: str, answer: Answer) -> dict[str, Any]:
    pages, boxes = batch.lists["line_page"], batch.lists["line_box"].reshape(-1, 4)
    return {
        "name": name,
        "value": answer.value,
        "confidence": answer.confidence,
        "boxes": [{"page": int(pages[line]), "box": boxes[line].tolist()} for line in answer.lines],
    }
