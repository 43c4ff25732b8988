"""Columns that every landed row has, whatever its data set: where it is from, and why not."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from pipelines.contracts.names import RAW, REASON, RULE, SOURCE_FILE, SOURCE_LINE
from pipelines.ingestion.record import Block, Record, Refusal

ENVELOPE = (
    pa.field(SOURCE_FILE, pa.string()),
    pa.field(SOURCE_LINE, pa.int64()),
    pa.field(RAW, pa.string()),
    pa.field(RULE, pa.string()),
    pa.field(REASON, pa.string()),
)


def with_envelope(columns: Iterator[pa.Field] | list[pa.Field]) -> pa.Schema:
    """Schema of a landed row: the data set's columns, then the envelope."""
    return pa.schema([*columns, *ENVELOPE])


def block(found: Block, *, schema: pa.Schema, source_file: str) -> pa.Table:
    """Landed rows of a block, with every column of the landed `schema`."""
    count = found.rows.num_rows
    own = {SOURCE_FILE: pa.repeat(pa.scalar(source_file), count), SOURCE_LINE: found.lines}
    given = {name: found.rows[name] for name in found.rows.column_names} | own
    return pa.table(
        [given.get(field.name, pa.nulls(count, field.type)) for field in schema], schema=schema
    )


def row(found: Record | Refusal, *, key: str, source_file: str) -> dict[str, Any]:
    """One landed row; columns that are left out are null."""
    if isinstance(found, Record):
        values: Mapping[str, Any] = found.values
        return {**values, SOURCE_FILE: source_file, SOURCE_LINE: found.line}
    return {
        key: found.key,
        SOURCE_FILE: source_file,
        SOURCE_LINE: found.line,
        RAW: found.raw,
        RULE: found.rule,
        REASON: found.reason,
    }
