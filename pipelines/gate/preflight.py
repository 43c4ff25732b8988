"""Whether a model can still answer the golden set: asked before an earlier one goes live again."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts.names import PART
from pipelines.errors import BadDataError, RefusedError
from pipelines.estimators.artefact import Artefact
from pipelines.evaluation.table import task as evaluation
from pipelines.lake.golden import golden_table
from pipelines.lake.history import history
from pipelines.lake.lake import Lake
from pipelines.scoring.batch import predict
from pipelines.tasks import task

BYTES = 600_000
"""Content of the golden rows that are answered, about 250 receipts or 4,000 card purchases: going
back must take seconds, and what an answer costs goes with the size of its row."""


def answer_golden(artefact: Artefact, lake: Lake) -> str:
    """Says how a model does on the golden set (its first rows by key, up to `BYTES`).

    Raises RefusedError where there is no golden set or a row is left without an answer,
    BadDataError where the rows do not fit the model.
    """
    spec = artefact.spec
    if lake.current_snapshot(golden_table(spec.name)) is None:
        raise RefusedError(
            f"{spec.name} has no golden set yet: the gate makes it. Run: "
            f"millrace run train {spec.name}"
        )
    frozen = lake.read(golden_table(spec.name))
    if not frozen.num_rows:
        raise RefusedError(f"the golden set of {spec.name} is empty; ingest labelled rows.")
    most = max(1, BYTES * frozen.num_rows // frozen.nbytes)
    rows = frozen.sort_by(specs.key(spec)).slice(0, most).drop_columns([PART])
    columns = task(spec.task).input_columns(spec)
    look_back = None if spec.history is None else lambda one: history(lake, spec, one, columns)
    answers = predict(artefact, rows, history=look_back)
    _require_answers(answers, rows, specs.key(spec))
    found = evaluation(spec.task).evaluate(rows, answers, spec)
    score = found.headline().get("overall")
    figure = f", overall {score[0]:.3f} ({score[1]:.3f} to {score[2]:.3f})" if score else ""
    return f"It answers {rows.num_rows} of {frozen.num_rows} golden rows{figure}."


def _require_answers(answers: pa.Table, rows: pa.Table, key: str) -> None:
    if answers[key].to_pylist() != rows[key].to_pylist():
        raise BadDataError("the answers are not those to the rows that were asked")
    for name in answers.column_names:
        column = answers[name]
        if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column)).as_py():
            raise BadDataError(f"{name} holds answers that are no numbers")
