"""Small receipts as published rows, with defaults for everything a test does not care about."""

import random

import pyarrow as pa

from pipelines.contracts import names
from pipelines.ingestion.documents import landed_schema

_LANDED = landed_schema()
SCHEMA = pa.schema([
    _LANDED.field(names.DOCUMENT_ID),
    pa.field(names.DAY, pa.string()),
    _LANDED.field(names.PAGES),
    _LANDED.field(names.FIELDS),
])
"""Columns of a published document that training and evaluation look at."""

WIDTH, HEIGHT = 400.0, 800.0


def page(texts: list[str]) -> dict:
    """A page with these lines, one below the other."""
    lines = [
        {"text": text, "box": [20.0, 20.0 + 24 * row, 20.0 + 9 * len(text), 38.0 + 24 * row]}
        for row, text in enumerate(texts)
    ]
    return {"width": WIDTH, "height": HEIGHT, "lines": lines}


def row(document_id: str, texts: list[str], fields: dict | None = None) -> dict:
    """One published row; without `fields` it is not labelled."""
    return {
        names.DOCUMENT_ID: document_id,
        names.DAY: "2026-01-05",
        names.PAGES: [page(texts)],
        names.FIELDS: None if fields is None else list(fields.items()),
    }


def table(rows: list[dict]) -> pa.Table:
    """Rows as Arrow."""
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def receipts(count: int, *, merchants: int = 12, seed: int = 1) -> pa.Table:
    """Labelled receipts of some merchants, each with a name, address, date and total."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        merchant = draw.randrange(merchants)
        company = f"{_WORDS[merchant % len(_WORDS)]} TRADING {merchant} SDN BHD"
        address = f"NO. {merchant + 3}, JALAN {_WORDS[-1 - merchant % len(_WORDS)]}, 43200 CHERAS"
        date = f"{draw.randrange(1, 29):02d}/{draw.randrange(1, 13):02d}/2018"
        amounts = [draw.randrange(100, 9000) / 100 for _ in range(3)]
        total = f"{sum(amounts):.2f}"
        texts = [company, address, f"DATE: {date} 12:{draw.randrange(10, 60)}"]
        texts += [f"{draw.choice(_WORDS)} {amount:.2f}" for amount in amounts]
        # In some the cash stands before the total: a simple model takes it.
        texts += ["CASH", "100.00"] if draw.random() < 0.3 else []
        texts += ["TOTAL RM", total, "THANK YOU"]
        labels = {"company": company, "date": date, "address": address, "total": total}
        rows.append(row(f"doc-{number:04d}", texts, labels))
    return table(rows)


_WORDS = ("KEDAI", "AMAN", "BINTANG", "CAHAYA", "DAMAI", "ELOK", "FAJAR", "GEMILANG", "HARMONI")
