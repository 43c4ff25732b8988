"""Reads CSV tables of a million rows within limits: blocks of good rows, a reason for each other.

A line is a row: values hold neither line breaks nor commas, quotes around a value are dropped.
Plain or as gzip. Values are checked and converted a column at a time.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingestion.readers.jsonlines import numbered, too_large
from pipelines.ingestion.record import Block, Limits, Refusal, capped

SUFFIXES = frozenset({".csv", ".gz"})

_BLOCK_ROWS = 50_000
_GZIP = b"\x1f\x8b"
_BOM = "\ufeff"


@dataclass(frozen=True)
class Column:
    """How a value is written and what it becomes."""

    pattern: str
    """RE2 of the whole value, of ASCII alone."""
    expected: str
    """The same in words, for the reason."""
    convert: Callable[[pa.Array], pa.Array]
    """Texts that fit the pattern to values; null for one that is none after all (30 February)."""
    optional: bool = False
    """The column may be missing, and a value may be empty: both become null."""


@dataclass(frozen=True)
class Layout:
    """Columns of a file by their name in its first line."""

    columns: Mapping[str, Column]
    ignored: frozenset[str] = frozenset()
    """Columns that may be there and are not taken."""


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def read_blocks(
    path: Path, limits: Limits, layout: Layout, make: Callable[[pa.Table, pa.Array], Block]
) -> Iterator[Block | Refusal]:
    """Rows of a file in its order; `make` turns converted columns and their lines into a block.

    The refusals of a block follow it. At most 50,000 lines are in memory.
    """
    try:
        with path.open("rb") as file:
            yield from _read(file, path, limits, layout, make)
    except _RefusedError as error:
        yield error.refusal
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield Refusal(
            "truncated_gzip",
            "the file ends inside its gzip stream or is damaged; the rows before are taken. "
            "Send the whole file again",
        )


def _read(
    file: BinaryIO,
    path: Path,
    limits: Limits,
    layout: Layout,
    make: Callable[[pa.Table, pa.Array], Block],
) -> Iterator[Block | Refusal]:
    size = path.stat().st_size
    if size > limits.max_file_bytes:
        raise _RefusedError(too_large(size, limits))
    packed = file.read(2) == _GZIP
    file.seek(0)
    text = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    lines = _bounded(numbered(text, limits.max_line_bytes), limits)
    header = _header(next(lines, None), layout)
    rows = 0
    while chunk := list(islice(lines, _BLOCK_ROWS)):
        refused = [line for _, line in chunk if isinstance(line, Refusal)]
        given = [
            (number, line.strip(b"\r\n"))
            for number, line in chunk
            if not isinstance(line, Refusal) and line.strip()
        ]
        good, bad = _convert(given, header, layout)
        if good is not None:
            yield make(*good)
        yield from sorted([*refused, *bad], key=lambda one: one.line or 0)
        rows += len(chunk)
    if not rows:
        raise _RefusedError(
            Refusal("empty_file", "the file has no row below its header. Send it again")
        )


def _bounded(
    lines: Iterator[tuple[int, bytes | Refusal]], limits: Limits
) -> Iterator[tuple[int, bytes | Refusal]]:
    """The lines; a gzip that unpacks to more than a file may hold is refused from there on."""
    total = 0
    for number, line in lines:
        total += len(line) if isinstance(line, bytes) else limits.max_line_bytes
        if total > limits.max_file_bytes:
            raise _RefusedError(too_large(total, limits))
        yield number, line


def _header(first: tuple[int, bytes | Refusal] | None, layout: Layout) -> list[str]:
    """Names of the columns in their order."""
    if first is None:
        raise _RefusedError(
            Refusal("empty_file", "the file has 0 bytes, expected a header. Send it again")
        )
    line = first[1]
    if isinstance(line, Refusal):
        raise _RefusedError(line)
    text = line.decode("utf-8", errors="replace").strip().removeprefix(_BOM)
    found = [name.strip().strip('"') for name in text.split(",")]
    needed = [name for name, column in layout.columns.items() if not column.optional]
    missing = [name for name in needed if name not in found]
    strange = [name for name in found if name not in {*layout.columns, *layout.ignored}]
    if missing or strange or len(set(found)) < len(found):
        # Names of a header are somebody's text: only what is expected is named.
        raise _RefusedError(
            Refusal(
                "wrong_header",
                f"the first line names {len(found)} columns, of which {len(strange)} are not "
                f"known; missing {', '.join(missing) or 'none'}. Expected each of "
                f"{', '.join(needed)} once. Mend the header or choose another --format",
                raw=capped(line),
                line=1,
            )
        )
    return found


def _convert(
    given: Sequence[tuple[int, bytes]], header: Sequence[str], layout: Layout
) -> tuple[tuple[pa.Table, pa.Array] | None, list[Refusal]]:
    """Good rows with their lines, and a refusal for each other."""
    if not given:
        return None, []
    raw = pa.array([line for _, line in given], pa.binary())
    lines = pa.array([number for number, _ in given], pa.int64())
    parts = pc.split_pattern(raw, ",")
    sound = pc.equal(pc.list_value_length(parts), len(header))
    refused = [
        Refusal(
            "wrong_columns",
            f"the line does not have {len(header)} values between commas, as the header has. "
            "Mend the line",
            raw=capped(raw[row].as_py()),
            line=lines[row].as_py(),
        )
        for row in pc.indices_nonzero(pc.invert(sound)).to_pylist()
    ]
    raw, lines, parts = (one.filter(sound) for one in (raw, lines, parts))
    values: dict[str, pa.Array] = {}
    wrong: dict[int, str] = {}
    for name, column in layout.columns.items():
        if name not in header:
            values[name] = column.convert(pa.nulls(len(raw), pa.string()))
            continue
        texts, fits = _texts(pc.list_element(parts, header.index(name)), column)
        found = column.convert(texts)
        empty = pc.and_(fits, pc.is_null(texts))
        fits = pc.and_(fits, pc.or_(pc.is_valid(found), empty))
        values[name] = found
        for row in pc.indices_nonzero(pc.invert(fits)).to_pylist():
            wrong.setdefault(row, name)
    refused += [
        _misfit(raw[row].as_py(), lines[row].as_py(), name, layout.columns[name])
        for row, name in wrong.items()
    ]
    good = pa.array([row for row in range(len(raw)) if row not in wrong], pa.int64())
    table = pa.table(values)
    return ((table.take(good), lines.take(good)) if len(good) else None), refused


def _texts(values: pa.Array, column: Column) -> tuple[pa.Array, pa.Array]:
    """Values as text, null where they do not fit or are empty, and whether each one fits."""
    bare = pc.replace_substring_regex(values, pattern=r'^\s*"?(.*?)"?\s*$', replacement=r"\1")
    fits = pc.match_substring_regex(bare, pattern=f"^(?:{column.pattern})$")
    texts = pc.if_else(fits, bare, pa.scalar(None, pa.binary())).cast(pa.string())
    if column.optional:
        fits = pc.or_(fits, pc.equal(pc.binary_length(bare), 0))
    return texts, fits


def _misfit(line: bytes, number: int, name: str, column: Column) -> Refusal:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return Refusal(
            "wrong_encoding",
            "the line is not UTF-8. Save the file as UTF-8",
            raw=capped(line),
            line=number,
        )
    return Refusal(
        "wrong_type",
        f"{name} is not {column.expected}. Mend the value",
        raw=capped(line),
        line=number,
    )
