"""Columns of the tables that ingestion writes, from the schema of a landed row."""

import pyarrow as pa

from pipelines.contracts.names import DAY, RAW, REASON, RULE, SOURCE_FILE, SOURCE_LINE

INGEST_KEY = "ingest_key"
"""Key of the delivery a quarantined row came with: tells a refused batch from a published one."""
RULES = "rules"
"""All critical rules a quarantined row breaks; RULE is the first of them."""
ENVELOPE = (RAW, RULE, REASON)
"""What the reader notes about a row it could not read; null for every other row."""


def published_schema(landed: pa.Schema) -> pa.Schema:
    """A landed row without the reader's notes, with its day."""
    kept = [field for field in landed if field.name not in ENVELOPE]
    return pa.schema([*kept, pa.field(DAY, pa.string())])


def quarantine_schema(key: str) -> pa.Schema:
    """A refused row: its key as text, where it came from, why, and the row itself as text."""
    return pa.schema([
        pa.field(key, pa.string()),
        pa.field(SOURCE_FILE, pa.string()),
        pa.field(SOURCE_LINE, pa.int64()),
        pa.field(RULE, pa.string()),
        pa.field(REASON, pa.string()),
        pa.field(RULES, pa.list_(pa.string())),
        pa.field(RAW, pa.string()),
        pa.field(INGEST_KEY, pa.string()),
        pa.field(DAY, pa.string()),
    ])
