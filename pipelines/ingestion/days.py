"""The days that rows belong to."""

import re
from datetime import UTC, date, datetime

from pipelines.errors import BadDataError
from pipelines.ingestion.record import Record, Refusal


def check(text: str) -> str:
    """A partition key, `YYYY-MM-DD`; BadDataError where it is not a day of the calendar."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise BadDataError(
        f"partition {text!r} is not a day; expected YYYY-MM-DD, e.g. 2026-03-31. Mend the key."
    )


def of(found: Record | Refusal, partition: str | None, today: date) -> str:
    """The partition asked for, else the UTC date of the row's time, else today."""
    if partition is not None:
        return partition
    at: datetime | None = found.at if isinstance(found, Record) else None
    return (today if at is None else at.astimezone(UTC).date()).isoformat()
