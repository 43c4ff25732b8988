"""A data set that is no document, and readers that misbehave: for tests of landing alone."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from pipelines.ingestion.envelope import with_envelope
from pipelines.ingestion.record import Record, Refusal

SUFFIXES = frozenset({".csv"})


def schema():
    return with_envelope([
        pa.field("transaction_id", pa.string()),
        pa.field("happened_at", pa.timestamp("us", tz="UTC")),
        pa.field("amount", pa.float64()),
    ])


def read(path, limits):
    """Card transactions as people export them."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            line = int(row["line"])
            try:
                at = datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)
                values = {
                    "transaction_id": row["id"],
                    "happened_at": at,
                    "amount": float(row["amount"]),
                }
            except ValueError as error:
                yield Refusal("wrong_type", str(error), line=line, key=row["id"])
            else:
                yield Record(values, line=line, at=at)


def read_while_it_grows(path, limits):
    yield Record({"transaction_id": "early"}, line=1)
    if path.stat().st_size < 40:
        with path.open("a", encoding="utf-8") as file:
            file.write("a later line that was still being written\n")


def read_and_die(path, limits):
    yield Record({"transaction_id": path.stem}, line=1)
    if path.stem.startswith("deadly"):
        os._exit(9)


def read_and_fail(path, limits):
    yield Record({"transaction_id": "first"}, line=1)
    raise RuntimeError("a library gave up")


def dataset_yaml(reader: str) -> str:
    return f"""
name: cards
description: Card transactions
owner: tests
grain: one transaction
key: transaction_id
freshness_hours: 24
schema: landing_readers:schema
formats: {{csv: "landing_readers:{reader}"}}
default_format: csv
checks: landing_readers:schema
"""


def add_dataset(folder: Path, reader: str = "read") -> None:
    (folder / "cards").mkdir(parents=True)
    (folder / "cards" / "dataset.yaml").write_text(dataset_yaml(reader), encoding="utf-8")
