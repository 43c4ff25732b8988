"""Card purchases as published rows, for the features and models that look at earlier ones."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

START = datetime(2026, 1, 5, tzinfo=UTC)

SCHEMA = pa.schema([
    ("transaction_id", pa.string()),
    ("at", pa.timestamp("us", tz="UTC")),
    ("customer_id", pa.string()),
    ("terminal_id", pa.string()),
    ("amount", pa.float64()),
    ("fraud", pa.bool_()),
])
"""Columns that a prediction is made of."""


def purchase(number: int, **changes: object) -> dict:
    """A purchase in the hour `number` of the test's time; `hours` moves it."""
    hours = changes.pop("hours", number)
    return {
        "transaction_id": f"t{number:05d}",
        "at": START + timedelta(hours=float(hours)),
        "customer_id": "c1",
        "terminal_id": "s1",
        "amount": 10.0,
        "fraud": False,
    } | changes


def table(rows: list[dict]) -> pa.Table:
    """Rows as Arrow."""
    return pa.Table.from_pylist(rows, schema=SCHEMA)
