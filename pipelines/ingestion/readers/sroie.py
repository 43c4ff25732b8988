"""Reads receipts in the layout of the ICDAR-2019 SROIE data set, one JSON object a line.

`words` are the texts of whole lines and `bboxes` their boxes; `entities` are the four typed
values, of which an empty one means that the receipt does not show it.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, FiniteFloat

from pipelines.contracts.document import Box, Document, Line, Page
from pipelines.ingestion.documents import record
from pipelines.ingestion.readers.jsonlines import SUFFIXES, read_lines
from pipelines.ingestion.readers.siblings import sibling
from pipelines.ingestion.record import Limits, Record, Refusal

__all__ = ["SUFFIXES", "read"]


class _Sroie(BaseModel):
    # Somebody else's layout: what we do not use may stay.
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _Size(_Sroie):
    width: FiniteFloat
    height: FiniteFloat


class _Receipt(_Sroie):
    file_name: Annotated[str, Field(min_length=1, max_length=256)]
    image_size: _Size
    words: Annotated[list[str], FailFast()]
    bboxes: Annotated[list[Box], FailFast()]
    key: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    entities: dict[str, str | None] | None = None


def read(path: Path, limits: Limits) -> Iterator[Record | Refusal]:
    """Receipts of a SROIE file in its order; each line that does not fit is a refusal."""

    def make(receipt: _Receipt, line: int) -> Record | Refusal:
        if len(receipt.words) != len(receipt.bboxes):
            return Refusal(
                "wrong_length",
                f"words has {len(receipt.words)} values and bboxes {len(receipt.bboxes)}; "
                "expected one box a word. Mend the line",
                line=line,
                key=_id(receipt),
            )
        picture = sibling(path, receipt.file_name) or sibling(path, f"img/{receipt.file_name}")
        return record(_document(receipt), line=line, picture=picture)

    return read_lines(path, limits, _Receipt, make, _key)


def _document(receipt: _Receipt) -> Document:
    lines = [
        Line(text=text, box=box) for text, box in zip(receipt.words, receipt.bboxes, strict=True)
    ]
    size = receipt.image_size
    fields = receipt.entities
    return Document(
        document_id=_id(receipt),
        pages=[Page(width=size.width, height=size.height, lines=lines)],
        fields=None if fields is None else {name: text or None for name, text in fields.items()},
        source=receipt.file_name,
    )


def _id(receipt: _Receipt) -> str:
    return receipt.key or PurePosixPath(receipt.file_name).stem


def _key(value: Any) -> str | None:
    found = value.get("key") or value.get("file_name") if isinstance(value, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 256 else None
