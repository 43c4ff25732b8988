"""Small labelled receipts and invoices for tests: same arguments, same documents."""

import random

import pyarrow as pa

from pipelines.contracts.spec import FieldSpec, ModelSpec, SplitSpec

_NAMES = ("KEDAI KOPI AH SENG", "BRIGHT STAR HARDWARE SDN BHD", "OCEAN BOOKS (M) SDN BHD",
          "NORTH LANE BAKERY", "SUNRISE PHARMACY", "TWO RIVERS TRADING")  # fmt: skip
_STREETS = ("JALAN MERANTI", "JALAN BESAR", "HIGH STREET", "LORONG EMAS")
_TOWNS = ("81100 JOHOR BAHRU", "43300 SERI KEMBANGAN", "50480 KUALA LUMPUR")

PAGES = pa.list_(
    pa.struct({
        "width": pa.float64(),
        "height": pa.float64(),
        "lines": pa.list_(pa.struct({"text": pa.string(), "box": pa.list_(pa.float64())})),
    })
)


def line(text: str, x: float, y: float, height: float = 16.0) -> dict:
    """A line whose box is as wide as its text."""
    return {"text": text, "box": [x, y, x + 8.0 * len(text), y + height]}


def receipt(number: int, *, seed: int = 1) -> dict:
    """One document: head, items, totals; even numbers write the total with its currency."""
    chance = random.Random(seed * 10_007 + number)
    merchant = number % len(_NAMES)
    street = f"NO. {chance.randint(1, 99)}, {_STREETS[merchant % len(_STREETS)]} {merchant + 1},"
    town = f"{_TOWNS[merchant % len(_TOWNS)]}, JOHOR"
    day = f"{chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/{chance.randint(2016, 2019)}"
    items = [chance.randint(100, 9000) / 100 for _ in range(chance.randint(1, 5))]
    net = sum(items)
    tax = round(net * 0.06, 2)
    total = f"{net + tax:.2f}"
    code = f"INV-{chance.randint(10_000, 99_999)}"
    texts = [
        (_NAMES[merchant], 120), (street, 110), (town, 130), ("TEL: 07-3507405", 140),
        (f"INVOICE NO: {code}", 40), (f"DATE: {day} 10:{chance.randint(10, 59)}", 40),
    ]  # fmt: skip
    lines = [line(text, x, 20 + 22 * row) for row, (text, x) in enumerate(texts)]
    y = 40 + 22 * len(lines)
    for amount in items:
        lines += [line(f"ITEM {chance.randint(100, 999)}", 40, y), line(f"{amount:.2f}", 340, y)]
        y += 22
    cash = 10.0 * (int(net + tax) // 10 + 1)
    for word, amount in (
        ("SUBTOTAL", f"{net:.2f}"),
        ("TAX 6%", f"{tax:.2f}"),
        ("TOTAL RM", total),
        ("CASH", f"{cash:.2f}"),
        ("CHANGE", f"{cash - net - tax:.2f}"),
    ):
        lines += [line(word, 200, y), line(amount, 340, y)]
        y += 22
    return {
        "document_id": f"doc-{number:04d}",
        "pages": [{"width": 460.0, "height": y + 40.0, "lines": lines}],
        "fields": {
            "company": _NAMES[merchant],
            "date": day,
            "address": f"{street} {town}",
            "total": f"RM{total}" if merchant % 2 else total,
            "invoice_number": code,
            "tax": f"{tax:.2f}",
        },
        "day": "2019-01-01",
    }


def table(rows: list[dict]) -> pa.Table:
    """The rows as a published documents table."""
    fields = [None if row.get("fields") is None else list(row["fields"].items()) for row in rows]
    return pa.table({
        "document_id": pa.array([row["document_id"] for row in rows], pa.string()),
        "pages": pa.array([row["pages"] for row in rows], PAGES),
        "fields": pa.array(fields, pa.map_(pa.string(), pa.string())),
        "day": pa.array([row.get("day") for row in rows], pa.string()),
    })


def receipts(count: int = 40, *, seed: int = 1) -> pa.Table:
    """A published table of `count` receipts."""
    return table([receipt(number, seed=seed) for number in range(count)])


def extraction_spec(**fields: str) -> ModelSpec:
    """A small and quick extractor; fields by name and kind, by default those of receipts."""
    kinds = fields or {"company": "name", "date": "date", "address": "address", "total": "money"}
    return ModelSpec(
        name="small",
        description="A small extractor for tests",
        owner="tests",
        dataset="receipts",
        task="extraction",
        estimator="extraction",
        features="pipelines.extraction.features:compute",
        features_schema="pipelines.extraction.features:schema",
        fields={name: FieldSpec(kind=kind) for name, kind in kinds.items()},
        split=SplitSpec(group_by="company"),
        parameters={
            "folds": 2, "word_models": 1, "word_trees": 15, "value_trees": 15, "rank_trees": 15,
            "render_trees": 15,
        },
    )  # fmt: skip
