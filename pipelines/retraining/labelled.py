"""Whether published days hold anything that a model could learn from."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake
from pipelines.tasks import task


def labelled_rows(lake: Lake, spec: ModelSpec, days: Sequence[str]) -> int:
    """Rows of these days, as published now, that came with a label."""
    column = task(spec.task).truth_column(spec)
    table = names.published_table(spec.dataset)
    truth = lake.read(table, columns=[column], where={names.DAY: list(days)})[column]
    if pa.types.is_map(truth.type):
        return sum(bool(fields) for fields in truth.to_pylist())
    return int(pc.sum(pc.is_valid(truth)).as_py() or 0)
