"""Card purchases as published rows, for the features and models that look at earlier ones."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from pipelines.contracts.names import DAY

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


def drawn(count: int) -> pa.Table:
    """Published purchases of sixty days by some cards at some terminals, with their day."""
    draw = random.Random(3)
    rows = [
        purchase(
            number,
            hours=draw.randrange(60 * 24),
            customer_id=f"c{draw.randrange(40)}",
            terminal_id=f"s{draw.randrange(60)}",
            amount=draw.randrange(20_000) / 100,
            fraud=draw.choice([True, False, False, None]),
        )
        for number in range(count)
    ]
    days = pa.array([row["at"].date().isoformat() for row in rows])
    return table(rows).append_column(DAY, days)
