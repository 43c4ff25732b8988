"""What a published table says about its own days, kept in the commit that wrote them.

The note travels in the snapshot's summary, so that data, key and counts become visible in
the same instant. A day's state is the newest note about it on the current line of commits.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from pipelines.contracts import names
from pipelines.errors import BadDataError
from pipelines.lake.lake import Lake

NOTE = "millrace.ingest."
"""Prefix of the summary's keys; the day follows."""


class PublishedDay(BaseModel):
    """One day of a published table: the key of what it was made from, and its counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    token: str | None = None
    """Task that wrote it: tried again after the commit, it still has the news to tell."""
    rows_in: int
    rows_published: int
    rows_quarantined: int
    quarantine_reasons: dict[str, int]
    warnings: dict[str, int]
    data_docs: str | None


def notes(days: dict[str, PublishedDay]) -> dict[str, str]:
    """The summary's entries for these days."""
    return {f"{NOTE}{day}": state.model_dump_json() for day, state in sorted(days.items())}


def published_days(lake: Lake, dataset: str) -> dict[str, PublishedDay]:
    """The state of every day that was ever published, by day."""
    found: dict[str, PublishedDay] = {}
    for snapshot in lake.history(names.published_table(dataset)):
        for key, note in snapshot.summary.items():
            day = key.removeprefix(NOTE)
            if key.startswith(NOTE) and day not in found:
                found[day] = PublishedDay.model_validate_json(note)
    return found


@dataclass(frozen=True)
class Publication:
    """The commit that last wrote a day, and how many rows it put there."""

    snapshot_id: int
    rows: int


def publications(lake: Lake, dataset: str, snapshot_id: int) -> dict[str, Publication]:
    """What last wrote each day, as of one snapshot of the published table.

    Raises BadDataError where the notes do not account for every row of the snapshot.
    """
    line = lake.history(names.published_table(dataset))
    known = [snapshot.snapshot_id for snapshot in line]
    found: dict[str, Publication] = {}
    for snapshot in line[known.index(snapshot_id) :]:
        for key, note in snapshot.summary.items():
            day = key.removeprefix(NOTE)
            if key.startswith(NOTE) and day not in found:
                rows = PublishedDay.model_validate_json(note).rows_published
                found[day] = Publication(snapshot.snapshot_id, rows)
    told = sum(one.rows for one in found.values())
    there = lake.count(names.published_table(dataset), snapshot_id)
    if told != there:
        raise BadDataError(
            f"snapshot {snapshot_id} of {names.published_table(dataset)} holds {there} rows, and "
            f"the notes of its commits tell of {told}: something else than ingestion wrote to it, "
            "or commits were expired. Ingest its days again."
        )
    return found
