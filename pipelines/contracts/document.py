"""The document interchange format: one JSON object a line, one document an object.

Boxes are `[x0, y0, x1, y1]` in pixels of their page, origin at the top left. The published
JSON Schema (docs/schemas/document.schema.json) is generated from these classes.

The classes check the shape alone (names, types, finite numbers). What makes a well-formed
document unusable (a box outside its page, no lines, a repeated id) is a rule of the data
set, under expectations/, so that it is counted, reported and quarantined with its reason.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

Box = Annotated[list[FiniteFloat], Field(min_length=4, max_length=4)]


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
    lines: list[Line]


class Document(_Interchange):
    """One document; `fields` is the ground truth where people have typed it."""

    document_id: Annotated[str, Field(min_length=1, max_length=256)]
    pages: list[Page]
    image: str | None = None
    fields: dict[str, str | None] | None = None
    source: str | None = None
    # Not strict: JSON has no type for time, so ISO 8601 text is what arrives.
    received_at: Annotated[datetime | None, Field(strict=False)] = None
