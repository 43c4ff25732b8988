"""A feature function small enough to see through, imported by Spark's workers too."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.names import DOCUMENT_ID
from pipelines.contracts.spec import ModelSpec


def schema(spec: ModelSpec) -> pa.Schema:
    return pa.schema([
        (DOCUMENT_ID, pa.string()),
        ("third", pa.float64()),
        ("parts", pa.list_(pa.float32())),
    ])


def compute(table: pa.Table, spec: ModelSpec) -> pa.Table:
    """A third of the number in the id."""
    numbers = pc.cast(pc.replace_substring(table[DOCUMENT_ID], "doc-", ""), pa.float64())
    third = pc.divide(numbers, 3.0)
    parts = pa.array([[value, float("nan")] for value in third.to_pylist()], pa.list_(pa.float32()))
    return pa.table({DOCUMENT_ID: table[DOCUMENT_ID], "third": third, "parts": parts})


def lossy(table: pa.Table, spec: ModelSpec) -> pa.Table:
    """Breaks the contract: drops a row."""
    return compute(table, spec).slice(1)
