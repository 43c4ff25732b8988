"""Columns of the features and of the predictions: one row a document in both.

For pictures and error reports: `boxes` of a prediction are boxes of lines, and the lines
around them are those of the features row, `LINE_TEXT`, `LINE_BOX` and `LINE_PAGE`.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.names import DAY, DOCUMENT_ID, FIELDS
from pipelines.contracts.spec import ModelSpec

LINE_TEXT = "line_text"
"""list<string>: text of each line in reading order."""
LINE_BOX = "line_box"
"""list<double>: four numbers a line, x0, y0, x1, y1 in pixels of its page."""
LINE_PAGE = "line_page"
"""list<int32>: page of each line, from 0."""
PAGE_WIDTH = "page_width"
"""list<double>: width of each line's page in pixels."""
PAGE_HEIGHT = "page_height"
"""list<double>: height of each line's page in pixels."""

LINE_LISTS: dict[str, pa.DataType] = {
    LINE_TEXT: pa.string(),
    LINE_PAGE: pa.int32(),
    PAGE_WIDTH: pa.float64(),
    PAGE_HEIGHT: pa.float64(),
    "line_hash": pa.int64(),  # letters and digits of the line; 0 if it has none
    "line_left": pa.int32(),  # index of the line to the left in the same row, -1 if none
    "line_above": pa.int32(),  # index of the nearest line above, -1 if none
    "line_ngrams": pa.int32(),  # how many of the buckets below are this line's
}
"""Lists with one entry a line."""

TOKEN_LISTS: dict[str, pa.DataType] = {
    "token_line": pa.int32(),
    "token_start": pa.int32(),  # character of the line
    "token_end": pa.int32(),
    "token_hash": pa.int64(),
}
"""Lists with one entry a word."""

VALUE_LISTS: dict[str, pa.DataType] = {
    "value_kind": pa.string(),
    "value_line": pa.int32(),
    "value_start": pa.int32(),
    "value_end": pa.int32(),
    "value_text": pa.string(),  # canonical form
    "value_context": pa.int64(),  # hash of the letters before it in its line, or to its left
}
"""Lists with one entry a candidate of a date, an amount or a code."""

FLAT_LISTS: dict[str, pa.DataType] = {
    LINE_BOX: pa.float64(),
    "ngrams": pa.int32(),  # buckets of the n-grams of all lines, line by line
    "line_features": pa.float32(),
    "token_features": pa.float32(),
    "value_features": pa.float32(),
}
"""Lists with a fixed (features) or counted (ngrams) number of entries a line, word or value."""

LISTS = LINE_LISTS | TOKEN_LISTS | VALUE_LISTS | FLAT_LISTS

FEATURES = pa.schema([
    pa.field(DOCUMENT_ID, pa.string()),
    pa.field(DAY, pa.string()),
    pa.field(FIELDS, pa.map_(pa.string(), pa.string())),
    *(pa.field(name, pa.list_(kind)) for name, kind in LISTS.items()),
])
"""Schema of a features table."""

PREDICTIONS = pa.schema([
    pa.field(DOCUMENT_ID, pa.string()),
    pa.field(
        FIELDS,
        pa.list_(
            pa.struct({
                "name": pa.string(),
                "value": pa.string(),
                "confidence": pa.float64(),
                "boxes": pa.list_(pa.struct({"page": pa.int32(), "box": pa.list_(pa.float64())})),
            })
        ),
    ),
])
"""Schema of predictions: one struct a declared field, in the spec's order.

`value` is null where the document has none; `confidence` is the calibrated probability
that the answer, also an empty one, is right; `boxes` are the lines the value stands in.
"""


def schema(spec: ModelSpec) -> pa.Schema:
    """Schema of what `pipelines.extraction.features:compute` returns; the same for all specs."""
    del spec
    return FEATURES


def list_array(
    values: npt.NDArray[np.generic] | pa.Array, counts: npt.NDArray[np.int64]
) -> pa.Array:
    """A list column whose row i takes the next `counts[i]` of `values`."""
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    flat = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.ListArray.from_arrays(pa.array(offsets), flat)
