"""The document interchange format: one JSON object a line, one document an object.

Boxes are `[x0, y0, x1, y1]` in pixels of their page, origin at the top left. The published
JSON Schema (docs/schemas/document.schema.json) is generated from these classes.

The classes check the shape alone (names, types, finite numbers). What makes a well-formed
document unusable (a box outside its page, no lines, a repeated id) is a rule of the data
set, under expectations/, so that it is counted, reported and quarantined with its reason.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    FiniteFloat,
)

Box = Annotated[list[FiniteFloat], Field(min_length=4, max_length=4)]


def _time_as_text(value: Any) -> Any:
    """JSON has no type for time: ISO 8601 text alone, never seconds since an epoch."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value


def _in_utc(value: datetime | None) -> datetime | None:
    """A time without an offset is taken as UTC; no computer received anything before 1970."""
    if value is None:
        return None
    try:
        utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, moved out of it
        utc = datetime.min.replace(tzinfo=UTC)
    if utc.year < 1970:
        raise ValueError("a time in the years 1970 to 9999, in UTC")
    return utc


Time = Annotated[datetime | None, BeforeValidator(_time_as_text), AfterValidator(_in_utc)]


class _Interchange(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Line(_Interchange):
    """One line of text as it was read from the page."""

    text: str
    box: Box


class Page(_Interchange):
    """One page: its size in pixels and its lines in reading order."""

    width: FiniteFloat
    height: FiniteFloat
    # The first bad line is enough: a hostile page would make an error a line.
    lines: Annotated[list[Line], FailFast()]


class Document(_Interchange):
    """One document; `fields` is the ground truth where people have typed it."""

    document_id: Annotated[str, Field(min_length=1, max_length=256)]
    pages: Annotated[list[Page], FailFast()]
    image: str | None = None
    """Picture of the document: a path relative to the file that names it."""
    fields: dict[str, str | None] | None = None
    source: str | None = None
    received_at: Time = None
    """ISO 8601 text; without an offset it is UTC."""
    ocr_confidence: FiniteFloat | None = None
    """Mean of what the OCR engine gave the lines that it read, of 0 to 1; null for other text."""
