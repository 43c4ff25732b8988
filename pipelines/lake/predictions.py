"""Predictions of published rows: what is done, and what of it people are shown.

Each commit notes for the days it wrote what they were made from. So data, counts and the role
of a version become visible in the same instant, and what is still to be scored is told without
Spark. Of each day the predictions of one version alone are shown: of the one that became
champion last. A shadow's never are.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipelines.contracts import names
from pipelines.contracts.scoring import CHAMPION, Pinned, Role
from pipelines.lake.lake import Lake, Snapshot

NOTE = "millrace.score."
"""Prefix of the summary's keys; version and day follow."""
RUN = "millrace.score"
"""Key of the note about the run that made a commit."""


class DayState(BaseModel):
    """One day as one version has scored it; `rows_in` less `refused` have a prediction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    published: int
    """Commit of the published table that last wrote the day."""
    role: Role
    since: int
    """Ledger row that gave the version this role."""
    rows_in: int
    refused: int


class Made(BaseModel):
    """What one run did, as its commit notes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str
    """Names the task of the run, in every try."""
    input_snapshot_id: int
    added: dict[int, int]
    """Predictions by version."""
    removed: dict[int, int]
    refused: dict[str, int]
    """Rows by rule, of all versions."""


States = Mapping[tuple[int, str], DayState]
"""By version and day."""


class Due(BaseModel):
    """What is to be done for one version: days to score, and days of which only a note changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    score: dict[str, DayState]
    """The state to come; its counts are those of the day as it was before."""
    note: dict[str, DayState]


def due(pinned: Pinned, publications: Mapping[str, int], states: States) -> Due:
    """Pure. `publications` has the days that are asked for.

    A day is scored where it was published since, or was never scored, or where the version has
    another role now: every row carries the role. A role that was given later stays.
    """
    score: dict[str, DayState] = {}
    note: dict[str, DayState] = {}
    for day, published in sorted(publications.items()):
        before = states.get((pinned.version, day))
        if before is None:
            score[day] = DayState(
                published=published, role=pinned.role, since=pinned.since, rows_in=0, refused=0
            )
            continue
        later = pinned if pinned.since > before.since else before
        found = before.model_copy(
            update={"published": published, "role": later.role, "since": later.since}
        )
        if (found.published, found.role) != (before.published, before.role):
            score[day] = found
        elif found != before:
            note[day] = found
    return Due(version=pinned.version, score=score, note=note)


def notes(states: States, made: Made) -> dict[str, str]:
    """The summary's entries of a commit."""
    days = {
        f"{NOTE}{version}.{day}": state.model_dump_json()
        for (version, day), state in sorted(states.items())
    }
    return days | {RUN: made.model_dump_json()}


def states(lake: Lake, model: str) -> dict[tuple[int, str], DayState]:
    """Every day that was ever scored, by version and day."""
    return _states(lake.history(names.predictions_table(model)))


def last_run(lake: Lake, model: str) -> Made | None:
    """What the newest commit's run did; None before the first."""
    for snapshot in lake.history(names.predictions_table(model)):
        if RUN in snapshot.summary:
            return Made.model_validate_json(snapshot.summary[RUN])
    return None


def shown(found: States) -> dict[str, int]:
    """The version whose predictions of a day are shown, by day."""
    newest: dict[str, tuple[int, int]] = {}
    for (version, day), state in found.items():
        if state.role == CHAMPION:
            newest[day] = max(newest.get(day, (0, 0)), (state.since, version))
    return {day: version for day, (_, version) in sorted(newest.items())}


def read(
    lake: Lake,
    model: str,
    *,
    days: Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """The champion's predictions, of all days or of some; order is not promised.

    Columns are the row's key, those of the model's predictions, CONTENT_HASH, DAY, MODEL_VERSION,
    ROLE and INPUT_SNAPSHOT_ID. Raises NotFoundError where nothing was ever scored.
    """
    line, table = _line(lake, model)
    wanted = None if days is None else set(days)
    versions = {
        day: version
        for day, version in shown(_states(line)).items()
        if wanted is None or day in wanted
    }
    return _read(lake, table, line, versions, {}, columns)


def newest(lake: Lake, model: str, *, columns: Sequence[str] | None = None) -> pa.Table:
    """The champion's predictions that were made on the newest input it was ever scored on."""
    line, table = _line(lake, model)
    versions = shown(_states(line))
    for snapshot in line:
        made = json.loads(snapshot.summary.get(RUN, "{}"))
        added = {int(version) for version, rows in made.get("added", {}).items() if rows}
        mine = {day: version for day, version in versions.items() if version in added}
        if mine:
            where = {names.INPUT_SNAPSHOT_ID: made["input_snapshot_id"]}
            return _read(lake, table, line, mine, where, columns)
    return _read(lake, table, line, {}, {}, columns)


def _line(lake: Lake, model: str) -> tuple[list[Snapshot], str]:
    table = names.predictions_table(model)
    return lake.history(table), table


def _states(line: Sequence[Snapshot]) -> dict[tuple[int, str], DayState]:
    found: dict[tuple[int, str], DayState] = {}
    for snapshot in line:
        for key, text in snapshot.summary.items():
            if key.startswith(NOTE):
                version, _, day = key.removeprefix(NOTE).partition(".")
                if (int(version), day) not in found:
                    found[int(version), day] = DayState.model_validate_json(text)
    return found


def _read(
    lake: Lake,
    table: str,
    line: Sequence[Snapshot],
    versions: Mapping[str, int],
    where: Mapping[str, object],
    columns: Sequence[str] | None,
) -> pa.Table:
    """Rows of the given version of each day, all of one snapshot."""
    snapshot = line[0].snapshot_id if line else None
    parts = [
        lake.read(
            table,
            snapshot_id=snapshot,
            where={
                names.MODEL_VERSION: version,
                names.DAY: [day for day, found in versions.items() if found == version],
                **where,
            },
            columns=columns,
        )
        for version in sorted(set(versions.values()))
    ]
    if not parts:
        return lake.read(table, snapshot_id=snapshot, where={names.DAY: ""}, columns=columns)
    return pa.concat_tables(parts)
