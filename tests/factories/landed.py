"""Landed rows of documents with defaults, put into the landing zone as the reader would."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts import names
from pipelines.ingestion.documents import landed_schema
from pipelines.settings import Settings

DAY = "2026-01-05"


def page(**changes: Any) -> dict:
    """A page of 400 × 800 pixels with five sound lines."""
    lines = [line(f"line {number}") for number in range(1, 6)]
    return {"width": 400.0, "height": 800.0, "lines": lines} | changes


def line(text: str | None = "text", box: tuple[float, ...] = (20, 20, 200, 40)) -> dict:
    return {"text": text, "box": [float(side) for side in box]}


def row(number: int, **changes: Any) -> dict:
    """A sound landed row, `doc-NNNN`; `changes` replace columns."""
    return {
        names.DOCUMENT_ID: f"doc-{number:04d}",
        names.PAGES: [page()],
        names.FIELDS: {"total": "1.00"},
        names.CONTENT_HASH: f"hash-{number}",
        names.SOURCE_FILE: "batch.jsonl",
        names.SOURCE_LINE: number,
    } | changes


def unreadable(number: int, rule: str = "not_json", reason: str = "the line is not JSON") -> dict:
    """A row the reader refused."""
    return {
        names.SOURCE_FILE: "batch.jsonl",
        names.SOURCE_LINE: number,
        names.RAW: "{tru",
        names.RULE: rule,
        names.REASON: reason,
    }


def rows(count: int, *, first: int = 1) -> list[dict]:
    """Sound rows with consecutive numbers."""
    return [row(number) for number in range(first, first + count)]


def land(
    settings: Settings, dataset: str, found: list[dict], *, day: str = DAY, file: str = "a"
) -> Path:
    """Writes rows as the one landed file `file` of a day."""
    folder = settings.landing / dataset / day
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file}.parquet"
    flat = [
        {**one, names.FIELDS: list((one.get(names.FIELDS) or {}).items()) or None} for one in found
    ]
    pq.write_table(pa.Table.from_pylist(flat, schema=landed_schema()), path)
    return path
