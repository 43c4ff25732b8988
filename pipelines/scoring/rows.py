"""Answers row by row: one that cannot be given is refused with its reason, the others are given."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import features
from pipelines.contracts.names import REASON, RULE
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError, RefusedError, TransientError

Answer = Callable[[pa.Table], pa.Table]
"""Predictions of rows, one row each in the same order."""

NOT_COMPUTABLE = "not_computable"
"""Rule of a row whose features or prediction cannot be computed."""
NO_HISTORY = "history_not_computable"
"""Rule of the rows of a group whose function fails."""
NOT_FINITE = "not_finite"
"""Rule of a row whose prediction holds NaN or infinity."""

_REASON_LENGTH = 300
# Of these no row is guilty: they end the job.
_NOT_OF_A_ROW = (MemoryError, MisconfiguredError, RefusedError, TransientError)


def answers(rows: pa.Table, answer: Answer, schema: pa.Schema, key: str) -> pa.Table:
    """Columns of `schema`, RULE and REASON for each row, in the same order.

    Where `answer` fails on some rows it is asked for each half, down to the single ones: a
    row's prediction does not depend on the others. A refused row's prediction is null.
    """
    try:
        found = answer(rows).select(schema.names).cast(schema)
        if not found[key].equals(rows[key]):
            raise ValueError("the model gave other rows, or another order, than it was given")
    except _NOT_OF_A_ROW:
        raise
    except Exception as error:
        if rows.num_rows > 1:
            half = rows.num_rows // 2
            halves = (rows.slice(0, half), rows.slice(half))
            return pa.concat_tables(answers(part, answer, schema, key) for part in halves)
        return _refused(rows, schema, key, NOT_COMPUTABLE, _text(error))
    bad = np.zeros(found.num_rows, dtype=bool)
    for column in found.columns:
        bad |= not_finite(column.combine_chunks())
    if not bad.any():
        return _with_verdict(found, None, None)
    parts = [
        _refused(found.slice(at, 1), schema, key, NOT_FINITE, "the prediction is not a number")
        if bad[at]
        else _with_verdict(found.slice(at, 1), None, None)
        for at in range(found.num_rows)
    ]
    return pa.concat_tables(parts)


def grouped(rows: pa.Table, spec: ModelSpec, group: str, schema: pa.Schema) -> pa.Table:
    """`features.of_group` on whole groups, with columns RULE and REASON among the rows.

    Rows of a group on which the function fails get rule and reason, and null in its columns;
    they stay, as the history of the rows of other groups. `schema` is that of the outcome.
    """
    try:
        return features.of_group(rows, spec, group).cast(schema)
    except _NOT_OF_A_ROW:
        raise
    except Exception as error:
        values = rows[group].unique()
        if len(values) > 1:
            return pa.concat_tables(
                grouped(rows.filter(_is(rows[group], value)), spec, group, schema)
                for value in values
            )
        return _without_group(rows, schema, error)


def not_finite(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which entries hold a NaN or an infinity, however deep; null is neither."""
    found = np.zeros(len(values), dtype=bool)
    if pa.types.is_floating(values.type):
        wrong = pc.invert(pc.is_finite(values)).fill_null(False)
        return np.asarray(wrong.to_numpy(zero_copy_only=False), dtype=bool)
    if pa.types.is_struct(values.type):
        for field in values.flatten():
            found |= not_finite(field)
    elif pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        parents = pc.list_parent_indices(values).to_numpy()
        found[parents[not_finite(values.flatten())]] = True
    return found


def _is(column: pa.ChunkedArray, value: pa.Scalar) -> pa.ChunkedArray:
    return pc.equal(column, value) if value.is_valid else pc.is_null(column)


def _refused(rows: pa.Table, schema: pa.Schema, key: str, rule: str, reason: str) -> pa.Table:
    empty = {
        field.name: rows[key] if field.name == key else pa.nulls(rows.num_rows, field.type)
        for field in schema
    }
    return _with_verdict(pa.table(empty, schema=schema), rule, reason)


def _with_verdict(found: pa.Table, rule: str | None, reason: str | None) -> pa.Table:
    for name, text in ((RULE, rule), (REASON, reason)):
        found = found.append_column(name, pa.array([text] * found.num_rows, pa.string()))
    return found


def _without_group(rows: pa.Table, schema: pa.Schema, error: Exception) -> pa.Table:
    told = {RULE: NO_HISTORY, REASON: _text(error)}
    columns = {}
    for field in schema:
        if field.name in told:
            said = pa.array([told[field.name]] * rows.num_rows, pa.string())
            columns[field.name] = pc.coalesce(rows[field.name], said)
        elif field.name in rows.column_names:
            columns[field.name] = rows[field.name]
        else:
            columns[field.name] = pa.nulls(rows.num_rows, field.type)
    return pa.table(columns, schema=schema)


def _text(error: Exception) -> str:
    """The kind of the error and its first line, of bounded length."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:_REASON_LENGTH]
