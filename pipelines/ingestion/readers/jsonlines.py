"""Reads JSON lines within limits: one row or one readable refusal a line, never an exception."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, ValidationError

from pipelines.ingestion.readers.misfit import explain
from pipelines.ingestion.record import Limits, Record, Refusal, capped

SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})

_CHUNK = 2**20
# Each key that does not fit is an error of its own: bounded, or one line fills the memory.
_MOST_KEYS = 1000
_BOM = b"\xef\xbb\xbf"
# First bytes of files that people pass by mistake: one refusal instead of one for each line.
_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}


class _RefusedError(Exception):
    """A line that is not JSON as we take it; carries the rule and the reason."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason


def read_lines(
    path: Path,
    limits: Limits,
    model: type[BaseModel],
    make: Callable[[Any, int], Record | Refusal],
    key: Callable[[Any], str | None],
) -> Iterator[Record | Refusal]:
    """Rows of a JSON-lines file, each checked against `model` and turned by `make(row, line)`.

    `key` tells a row's key from JSON that does not fit. At most one line is in memory.
    """
    with path.open("rb") as file:
        refusal = _refused_whole(file, limits)
        if refusal is not None:
            yield refusal
            return
        rows = 0
        for number, line in numbered(file, limits.max_line_bytes):
            if isinstance(line, Refusal):
                yield line
            elif line.strip():
                yield _row(line, number, model, make, key)
            else:
                continue
            rows += 1
    if rows == 0:
        yield Refusal(
            "empty_file", "the file has blank lines alone, expected one document a line. Remove it"
        )


def _refused_whole(file: BinaryIO, limits: Limits) -> Refusal | None:
    """What is wrong with the file as a whole, by its size and its first bytes."""
    size = os.fstat(file.fileno()).st_size
    head = file.read(1024)
    file.seek(len(_BOM) if head.startswith(_BOM) else 0)
    if size == 0:
        return Refusal(
            "empty_file", "the file has 0 bytes, expected one document a line. Send it again"
        )
    if size > limits.max_file_bytes:
        return too_large(size, limits)
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            return Refusal(
                "not_json_lines",
                f"the file is {name}, expected JSON lines. Choose another --format or convert it",
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        return Refusal(
            "wrong_encoding",
            "the file is not UTF-8 text (it has the bytes of UTF-16 or of a binary file). "
            "Save it as UTF-8",
            raw=capped(head),
        )
    return None


def too_large(size: int, limits: Limits) -> Refusal:
    """The refusal of a file above the limit."""
    return Refusal(
        "file_too_large",
        f"the file has {size:,} bytes, the limit is {limits.max_file_bytes:,}. "
        "Split it or raise MILLRACE_MAX_FILE_BYTES",
    )


def numbered(file: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | Refusal]]:
    """Lines by number from 1; of a line over the limit only its first part is ever held."""
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) <= limit or line.endswith(b"\n"):
            yield number, line
            continue
        raw, length = capped(line), len(line)
        while not line.endswith(b"\n") and (line := file.readline(_CHUNK)):
            length += len(line)
        yield (
            number,
            Refusal(
                "line_too_long",
                f"the line has {length:,} bytes, the limit is {limit:,}. "
                "Split the document or raise MILLRACE_MAX_LINE_BYTES",
                raw=raw,
                line=number,
            ),
        )


def _row(
    line: bytes,
    number: int,
    model: type[BaseModel],
    make: Callable[[Any, int], Record | Refusal],
    key: Callable[[Any], str | None],
) -> Record | Refusal:
    value: Any = None
    try:
        value = _parse(line)
        return make(model.model_validate(value), number)
    except _RefusedError as error:
        rule, reason = error.rule, error.reason
    except ValidationError as error:
        rule, reason = explain(error, model)
    return Refusal(rule, reason, raw=capped(line), line=number, key=key(value))


def _parse(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _RefusedError(
            "wrong_encoding",
            f"byte {error.start + 1} of the line is not UTF-8. Save the file as UTF-8",
        ) from None
    text = text.strip()
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _broken(error, text) from None
    except RecursionError:
        raise _RefusedError(
            "nested_too_deep", "brackets are nested deeper than any document. Mend the line"
        ) from None
    except ValueError:  # a whole number of thousands of digits
        raise _RefusedError(
            "not_finite", "a number has too many digits to be a size in pixels. Mend it"
        ) from None
    if "\\ud" in text.lower():
        _refuse_half_characters(value)
    return value


def _broken(error: json.JSONDecodeError, text: str) -> _RefusedError:
    left = text[error.pos :]
    cut = (
        not left
        or error.msg.startswith("Unterminated string")
        or (error.msg.startswith("Invalid") and "escape" in error.msg and len(left) <= 5)
        or any(word.startswith(left) for word in ("true", "false", "null", "NaN", "-Infinity"))
        or (error.msg.startswith("Expecting property name") and len(left) <= 1)
    )
    if cut:
        return _RefusedError(
            "truncated_json",
            f"the line ends inside a JSON value, after {len(text):,} characters. "
            "Send the whole file again",
        )
    return _RefusedError(
        "not_json",
        f"the line is not JSON at character {error.pos + 1} ({error.msg.lower()}); "
        "expected one object. Mend the line",
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(pairs) > _MOST_KEYS:
        raise _RefusedError(
            "too_many_keys",
            f"an object has {len(pairs):,} keys, the limit is {_MOST_KEYS:,}. Mend the line",
        )
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise _RefusedError(
            "duplicate_key",
            f"the key {counts.most_common(1)[0][0][:80]!a} stands twice in one object. "
            "Keep one of them",
        )
    return found


def _refuse_constant(name: str) -> float:
    raise _RefusedError(
        "not_finite", f"{name} is not a number of JSON; expected finite numbers. Mend the line"
    )


def _refuse_half_characters(value: Any) -> None:
    """A lone surrogate is valid JSON and no text: no UTF-8 can hold it."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _RefusedError(
            "wrong_encoding",
            "the line has half of a surrogate pair (\\ud800 to \\udfff). Write whole characters",
        ) from None


# Not strict: a control character in a text is a matter for the data set's rules.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, strict=False
)
