"""What a reader gives: rows that could be read, singly or in blocks, and rows that could not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.settings import Settings

RAW_LIMIT_BYTES = 64 * 2**10
"""Most of an unreadable row that is carried along; the whole of it stays in the original."""


@dataclass(frozen=True)
class Limits:
    """Bounds of what one file may cost; see the settings of the same names."""

    max_line_bytes: int
    max_file_bytes: int
    max_image_pixels: int
    threads: int = 1
    """Threads of a native engine inside one reading process."""

    @classmethod
    def of(cls, settings: Settings, *, threads: int = 1) -> "Limits":
        """The limits that these settings state."""
        return cls(
            max_line_bytes=settings.max_line_bytes,
            max_file_bytes=settings.max_file_bytes,
            max_image_pixels=settings.max_image_pixels,
            threads=threads,
        )


@dataclass(frozen=True)
class Record:
    """A row that could be read."""

    values: Mapping[str, Any]
    """Columns of the data set's schema, without the envelope."""
    line: int | None = None
    """Line of the file, from 1; None where a row is the whole file."""
    at: datetime | None = None
    """When the row happened or arrived: its UTC date is its day."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Columns that name a file: it is kept and the column says where."""


@dataclass(frozen=True)
class Block:
    """Many rows that could be read, for flat data of which a file holds a million."""

    rows: pa.Table
    """Columns of the data set's schema, without the envelope; those left out are null."""
    lines: pa.Array
    """Line of the file of each row, from 1."""
    at: pa.Array
    """When each row happened or arrived, as UTC timestamps without null: the date is its day."""


@dataclass(frozen=True)
class Refusal:
    """A row that could not be read: why, in a short id and in words."""

    rule: str
    reason: str
    """What was given, what was expected and what to do; never the data itself."""
    raw: str | None = None
    line: int | None = None
    key: str | None = None
    """The row's key, where it could be told."""


class UnreadableError(Exception):
    """Leaves the reading of one row with its refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


Found = Record | Block | Refusal
Reader = Callable[[Path, Limits], Iterator[Found]]


def capped(raw: bytes) -> str:
    """Bytes as text to keep with a refusal; what is not UTF-8 is written as `\\xNN`."""
    return raw[:RAW_LIMIT_BYTES].decode("utf-8", errors="backslashreplace")[:RAW_LIMIT_BYTES]
