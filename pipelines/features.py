"""Features of rows: the model's own functions in their one order, Arrow in and Arrow out.

Spark, batches and single rows all come through here, each with the rows cut in its own way:

- `of_group` needs whole groups: on Spark each task has some groups, elsewhere all rows are one
  table. Groups follow each other in the order of model.yaml.
- `of_rows` takes rows in any cut, after all groups have added their columns.
"""

import pyarrow as pa

from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError


def compute(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """Features of rows, one row each in the same order; their histories are among the rows."""
    for group in spec.history.groups if spec.history else ():
        rows = of_group(rows, spec, group)
    return of_rows(rows, spec)


def of_group(rows: pa.Table, spec: ModelSpec, group: str) -> pa.Table:
    """The same rows in the same order with the columns that the group's function adds.

    `rows` holds all rows of each group that is in it. Raises BadDataError where the function
    changes a row or a column it was given.
    """
    assert spec.history is not None  # noqa: S101 - a group is one of the history
    entry = spec.history.groups[group]
    found: pa.Table = specs.resolve(entry)(rows, spec)
    if not _holds(found, rows, specs.key(spec)):
        raise BadDataError(
            f"{entry} gave other rows or columns than it was given; expected the same "
            f"{rows.num_rows} rows in the same order with columns added behind."
        )
    return found


def group_schema(schema: pa.Schema, spec: ModelSpec, group: str) -> pa.Schema:
    """Schema of what `of_group` makes of rows of `schema`: asked of the function itself."""
    return of_group(schema.empty_table(), spec, group).schema


def of_rows(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """What the row-wise function makes of rows; BadDataError unless it is one row for each."""
    found: pa.Table = specs.resolve(spec.features)(rows, spec)
    if found.num_rows != rows.num_rows:
        raise BadDataError(
            f"{spec.features} made {found.num_rows} rows of {rows.num_rows}; "
            "expected one output row for each input row"
        )
    return found


def _holds(found: pa.Table, rows: pa.Table, key: str) -> bool:
    """Whether the first columns are those given, by name and type, and the rows by their key."""
    first = pa.schema(list(found.schema)[: rows.num_columns])
    same: bool = first.equals(pa.schema(list(rows.schema))) and found[key].equals(rows[key])
    return same
