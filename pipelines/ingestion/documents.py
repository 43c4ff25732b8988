"""Documents as landed rows: the schema, the content hash and the row of one document."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.contracts.document import Document, Page
from pipelines.contracts.names import (
    CONTENT_HASH,
    DOCUMENT_ID,
    FIELDS,
    IMAGE,
    OCR_CONFIDENCE,
    PAGES,
    RECEIVED_AT,
    SOURCE,
)
from pipelines.ingestion.envelope import with_envelope
from pipelines.ingestion.record import Record

_LINE = pa.struct([("text", pa.string()), ("box", pa.list_(pa.float64()))])
_PAGE = pa.struct([
    ("width", pa.float64()),
    ("height", pa.float64()),
    ("lines", pa.list_(_LINE)),
])


class Scanned(Page):
    """A page as the engine read it."""

    confidences: tuple[float, ...]
    """What the engine gave each line, of 0 to 1; the document keeps their mean."""


def landed_schema() -> pa.Schema:
    """Columns of a landed document; sizes and boxes in pixels, times in UTC."""
    return with_envelope([
        pa.field(DOCUMENT_ID, pa.string()),
        pa.field(RECEIVED_AT, pa.timestamp("us", tz="UTC")),
        pa.field(SOURCE, pa.string()),
        pa.field(IMAGE, pa.string()),
        pa.field(PAGES, pa.list_(_PAGE)),
        pa.field(FIELDS, pa.map_(pa.string(), pa.string())),
        pa.field(OCR_CONFIDENCE, pa.float64()),
        pa.field(CONTENT_HASH, pa.string()),
    ])


def ocr_confidence(pages: list[Page]) -> float | None:
    """Mean over the lines of the pages that the engine read; None where there is none."""
    found = [one for page in pages if isinstance(page, Scanned) for one in page.confidences]
    return sum(found) / len(found) if found else None


def content_hash(pages: list[Page]) -> str:
    """SHA-256 of sizes, texts and boxes: equal for the same document under another id."""
    content = [
        [page.width, page.height, [[line.text, line.box] for line in page.lines]] for page in pages
    ]
    canonical = json.dumps(content, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def record(document: Document, *, line: int | None = None, picture: Path | None = None) -> Record:
    """The row of one document; `picture` is the file to keep as its image."""
    values: dict[str, Any] = document.model_dump(exclude={IMAGE})
    values[CONTENT_HASH] = content_hash(document.pages)
    return Record(
        values=values,
        line=line,
        at=document.received_at,
        files={} if picture is None else {IMAGE: picture},
    )
