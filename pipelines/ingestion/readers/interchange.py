"""Reads the document interchange format: one JSON object a line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.contracts.document import Document
from pipelines.contracts.names import DOCUMENT_ID
from pipelines.ingestion.documents import record
from pipelines.ingestion.readers.jsonlines import SUFFIXES, read_lines
from pipelines.ingestion.readers.siblings import sibling
from pipelines.ingestion.record import Limits, Record, Refusal

__all__ = ["SUFFIXES", "read"]


def read(path: Path, limits: Limits) -> Iterator[Record | Refusal]:
    """Documents of a JSON-lines file in its order; each line that does not fit is a refusal."""

    def make(document: Document, line: int) -> Record:
        return record(document, line=line, picture=sibling(path, document.image))

    return read_lines(path, limits, Document, make, _key)


def _key(value: Any) -> str | None:
    found = value.get(DOCUMENT_ID) if isinstance(value, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 256 else None
