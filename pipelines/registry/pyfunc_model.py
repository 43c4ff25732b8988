"""The model as MLflow runs it: code, not a pickle. MLflow executes this file on loading.

It needs the millrace package (group `predict`) in the environment that loads it.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from pipelines import specs
from pipelines.estimators.artefact import Artefact
from pipelines.tasks import task


class RegisteredModel(PythonModel):
    """Rows in (what the task takes as input), predictions out, by the same key."""

    def load_context(self, context: PythonModelContext) -> None:
        """Reads the artefact, after comparing its hash with the registered one."""
        folder = Path(context.artifacts["artefact"])
        self.artefact = Artefact.load(folder, context.model_config["artefact_hash"])

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """One row of predictions a row; its history is among them. `params` are not used."""
        landed = specs.resolve(specs.dataset(self.artefact.spec.dataset).schema_)()
        columns = task(self.artefact.spec.task).input_columns(self.artefact.spec)
        # A column that the signature calls optional and that is not there is null.
        schema = pa.schema([landed.field(name) for name in columns])
        rows = pa.Table.from_pylist(model_input.to_dict("records"), schema=schema)
        # As Python's own types: Arrow would make numpy arrays of the lists inside.
        return pd.DataFrame(self.artefact.answer(rows).to_pylist())


set_model(RegisteredModel())
