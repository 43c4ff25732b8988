"""Documents to features: everything about a page that needs no learning.

`compute` and `schema` can be named in a model.yaml as they are. A whole batch is computed
at once in arrays; a document's row is the same whatever else is in the batch.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.names import DAY, DOCUMENT_ID, FIELDS, PAGES
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError
from pipelines.extraction import layout
from pipelines.extraction.candidates import VALUE_FEATURES, candidates
from pipelines.extraction.measures import (
    LINE_FEATURES,
    TOKEN_FEATURES,
    line_features,
    token_features,
)
from pipelines.extraction.schema import (
    FEATURES,
    FLAT_LISTS,
    LINE_LISTS,
    TOKEN_LISTS,
    VALUE_LISTS,
    list_array,
    schema,
)
from pipelines.extraction.text import Hasher, Ints, characters, ngrams, words

__all__ = ["compute", "schema"]

_Column: TypeAlias = npt.NDArray[Any] | pa.Array


def compute(table: pa.Table, spec: ModelSpec) -> pa.Table:
    """Features of published documents, one row a document in the same order.

    Needs the columns document_id and pages; day and fields are carried through where they
    are, other columns are ignored. Raises BadDataError for a missing or wrong column; no
    content of a page is refused.
    """
    for name in (DOCUMENT_ID, PAGES):
        if name not in table.column_names:
            raise BadDataError(
                f"the documents table has no column {name!r}, only {table.column_names}. "
                "Give the published documents table."
            )
    lines = layout.flatten(table[PAGES])
    chars = characters(lines.text)
    found = words(chars)
    left, above = layout.neighbours(lines)
    values = candidates(lines, chars, left, {field.kind for field in spec.fields.values()})
    buckets, n_ngrams = ngrams(chars)
    letters_and_digits = Hasher(chars, chars.is_word)
    begin = lines.begin[lines.document]
    n_values = np.bincount(values.line, minlength=len(lines.text))
    columns: dict[str, _Column] = {
        "line_text": pa.array(lines.text, pa.string()),
        "line_box": lines.box,
        "line_page": lines.page,
        "page_width": lines.page_width,
        "page_height": lines.page_height,
        "line_hash": letters_and_digits(chars.first, chars.last).view(np.int64),
        "line_left": np.where(left < 0, -1, left - begin),
        "line_above": np.where(above < 0, -1, above - begin),
        "line_ngrams": n_ngrams,
        "ngrams": buckets,
        "line_features": line_features(lines, chars, found, left, n_values),
        "token_line": found.line - begin[found.line],
        "token_start": found.start - chars.first[found.line],
        "token_end": found.end - chars.first[found.line],
        "token_hash": letters_and_digits(found.start, found.end).view(np.int64),
        "token_features": token_features(chars, found),
        **values.columns(),
        "value_line": values.line - begin[values.line],
    }
    carried = {name: _carried(table, name) for name in (DOCUMENT_ID, DAY, FIELDS)}
    n_documents = len(lines.per_document)
    n_tokens = np.bincount(lines.document[found.line], minlength=n_documents)
    n_values = np.bincount(lines.document[values.line], minlength=n_documents)
    counts: dict[str, Ints] = {
        **dict.fromkeys(LINE_LISTS, lines.per_document),
        **dict.fromkeys(TOKEN_LISTS, n_tokens),
        **dict.fromkeys(VALUE_LISTS, n_values),
        "line_box": 4 * lines.per_document,
        "ngrams": np.bincount(lines.document, n_ngrams, n_documents).astype(np.int64),
        "line_features": len(LINE_FEATURES) * lines.per_document,
        "token_features": len(TOKEN_FEATURES) * n_tokens,
        "value_features": len(VALUE_FEATURES) * n_values,
    }
    lists = {
        name: list_array(_flat(columns[name], kind), counts[name])
        for name, kind in (LINE_LISTS | TOKEN_LISTS | VALUE_LISTS | FLAT_LISTS).items()
    }
    return pa.table(carried | lists, schema=FEATURES)


def _flat(column: _Column, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return pa.array(column.ravel().astype(kind.to_pandas_dtype(), copy=False), kind)


def _carried(table: pa.Table, name: str) -> pa.Array | pa.ChunkedArray:
    kind = FEATURES.field(name).type
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    try:
        return table[name].cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadDataError(
            f"column {name!r} has type {table[name].type}; expected {kind}. "
            "Give the published documents table."
        ) from error
