"""The days that rows belong to."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import BadDataError
from pipelines.ingestion.record import Block, Record, Refusal


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


def by_day(found: Block, partition: str | None) -> Iterator[tuple[str, Block]]:
    """A block cut by the days of its rows, in the order in which the days come up."""
    if partition is not None:
        yield partition, found
        return
    days = pc.strftime(found.at, format="%Y-%m-%d")
    for day in pc.unique(days).to_pylist():
        places = pc.indices_nonzero(pc.equal(days, pa.scalar(day)))
        yield (
            day,
            Block(found.rows.take(places), found.lines.take(places), found.at.take(places)),
        )
