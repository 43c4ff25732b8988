"""Files of corrections: the formats that are read, and the one that is written."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.contracts.correction import StoredCorrection
from pipelines.corrections import labelstudio
from pipelines.errors import BadDataError, NotFoundError

Raw = Mapping[str, Any] | str
"""A row, or the reason why there is none."""


def _plain(rows: list[Any]) -> Iterator[Raw]:
    return (row if isinstance(row, Mapping) else "it is no JSON object" for row in rows)


FORMATS: Mapping[str, Callable[[list[Any]], Iterable[Raw]]] = {
    "millrace": _plain,
    "labelstudio": labelstudio.rows,
}
"""By the name people give to `--format`: from the objects of a file to rows of corrections."""


def read(path: Path, format_: str, most_bytes: int) -> list[Raw]:
    """The rows of a file: one JSON array, or one JSON object a line.

    Raises NotFoundError, or BadDataError where the file is too large or no JSON.
    """
    if format_ not in FORMATS:
        raise BadDataError(f"there is no format {format_!r}; known: {', '.join(sorted(FORMATS))}.")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}. Give a file that exists.")
    if path.stat().st_size > most_bytes:
        raise BadDataError(
            f"{path} has {path.stat().st_size} bytes, at most {most_bytes} are read "
            "(MILLRACE_MAX_FILE_BYTES). Split it."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        whole = text.lstrip().startswith("[")
        rows = json.loads(text) if whole else [json.loads(one) for one in text.splitlines() if one]
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadDataError(
            f"{path} is no JSON: {error}. Give a JSON array, or one JSON object a line."
        ) from error
    return list(FORMATS[format_](rows))


def row(said: StoredCorrection) -> dict[str, Any]:
    """A correction as `read` takes it: read into the same database it adds nothing.

    A confirmed empty answer is written as `absent`, which needs no prediction to be understood.
    """
    empty = said.verdict == "right" and said.after is None
    content: dict[str, Any] = {
        "key": said.key,
        "model": said.model,
        "document_id": said.document_id,
        "content_hash": said.content_hash,
        "field": said.field,
        "verdict": "absent" if empty else said.verdict,
        "value": said.after,
        "boxes": [place.model_dump() for place in said.boxes],
        "reviewer": said.reviewer,
        "at": said.at.isoformat(),
    }
    return {name: value for name, value in content.items() if value is not None}
