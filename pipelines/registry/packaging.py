"""A model in MLflow's form: our files, an example of what it answers, the script that answers."""

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators.artefact import Artefact
from pipelines.registry.provenance import requirements
from pipelines.tasks import task

if TYPE_CHECKING:
    from pipelines.lake.lake import Lake

_EXAMPLE_ROWS = 2


def example(spec: ModelSpec, snapshot_id: int, lake: "Lake") -> pa.Table:
    """The first rows by their key, with what a prediction is made of."""
    kind = task(spec.task)
    columns = kind.input_columns(spec)
    rows = lake.read(
        names.published_table(spec.dataset),
        snapshot_id=snapshot_id,
        columns=columns,
    )
    return kind.example(rows.sort_by(columns[0]).slice(0, _EXAMPLE_ROWS), spec)


def write(path: Path, folder: Path, artefact_hash: str, rows: pa.Table, model_id: str) -> None:
    """Writes to `path` the artefact of `folder` with this hash; `rows` are its example."""
    import pandas as pd
    from mlflow import pyfunc
    from mlflow.models import Model, infer_signature

    answers = Artefact.load(folder, artefact_hash).answer(rows)
    given = pd.DataFrame(_without_zones(rows).to_pylist())
    pyfunc.save_model(
        path,
        mlflow_model=Model(model_id=model_id),
        python_model=str(Path(__file__).with_name("pyfunc_model.py")),
        artifacts={"artefact": str(folder)},
        model_config={"artefact_hash": artefact_hash},
        signature=infer_signature(given, pd.DataFrame(answers.to_pylist())),
        input_example=given,
        # Without it MLflow runs the model in a process of its own to see what it imports.
        pip_requirements=requirements(),
    )


def _without_zones(rows: pa.Table) -> pa.Table:
    """Times in UTC without saying so, which is all that MLflow knows of times."""
    fields = [
        pa.field(one.name, pa.timestamp(one.type.unit)) if pa.types.is_timestamp(one.type) else one
        for one in rows.schema
    ]
    return rows.cast(pa.schema(fields))
