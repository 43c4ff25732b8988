"""A model as files: the spec it was made with, and what its engine wrote."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from pipelines import features
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, RefusedError
from pipelines.estimators.contract import FittedModel
from pipelines.estimators.table import estimator
from pipelines.publication import folder_hash

_SPEC = "spec.json"
_ENGINE = "engine"


@dataclass(frozen=True)
class Artefact:
    """A fitted model with the spec of its training, which today's model.yaml may not be."""

    spec: ModelSpec
    fitted: FittedModel

    def answer(self, rows: pa.Table) -> pa.Table:
        """Predictions of rows, one row each in the same order, computed at once.

        The history of a row, where the model looks at one, is among the rows.
        """
        return self.fitted.predict(features.compute(rows, self.spec))

    def save(self, folder: Path) -> str:
        """Writes the files into a new folder and returns their hash."""
        engine = folder / _ENGINE
        engine.mkdir(parents=True)
        self.fitted.save(engine)
        # The order of the fields is that of the predictions, so keys are not sorted.
        (folder / _SPEC).write_text(self.spec.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return folder_hash(folder)

    @classmethod
    def load(cls, folder: Path, expected_hash: str) -> "Artefact":
        """Reads what `save` wrote; nothing is opened before the files' hash was compared.

        Raises RefusedError where the files are not those that were hashed, BadDataError where
        they are no model.
        """
        found = folder_hash(folder)
        if found != expected_hash:
            raise RefusedError(
                f"the model files in {folder} have the hash {found[:12]}…, registered were "
                f"{expected_hash[:12]}…: they were changed after the training. Restore them from "
                "a backup, or train again."
            )
        try:
            spec = ModelSpec.model_validate_json((folder / _SPEC).read_bytes())
        except (OSError, ValidationError) as error:
            raise BadDataError(
                f"{folder} holds no readable {_SPEC}: {error}. Give a folder that a training wrote."
            ) from error
        return cls(spec, estimator(spec.estimator).load(folder / _ENGINE))
