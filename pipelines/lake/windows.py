"""Sketches of what a model was given and what it answered, day by day, and the bins they are in.

Both tables are small. Each commit notes for the days it wrote what they were made of, so that what
is still to be sketched is told without Spark. Sketches of another binning stay beside these: they
do not add up with them.
"""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.monitoring import Binning, Day, Side, Sketch
from pipelines.contracts.names import DAY
from pipelines.errors import NotFoundError
from pipelines.lake.lake import Lake

NOTE = "millrace.monitor."
"""Prefix of the summary's keys; binning, side and day follow."""
RUN = "millrace.monitor"
"""Key of the note with the token of the run that made a commit."""
INPUT: Side = "input"
OUTPUT: Side = "output"

SKETCHES = pa.schema([
    ("binning", pa.string()),
    ("side", pa.string()),
    (DAY, pa.string()),
    ("name", pa.string()),
    ("rows", pa.int64()),
    ("missing", pa.int64()),
    ("counts", pa.list_(pa.int64())),
    ("total", pa.float64()),
    ("squares", pa.float64()),
    ("least", pa.float64()),
    ("most", pa.float64()),
    ("unseen", pa.map_(pa.string(), pa.int64())),
])
"""A row of the windows table: one `Sketch` of one day."""
_BINNINGS = pa.schema([("key", pa.string()), ("source", pa.string()), ("binning", pa.string())])


class Part(BaseModel):
    """One side of one day as it was sketched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    """Hash of what it was made of: the publication or the predictions, and the code."""
    rows: int
    version: int | None = None
    """Of the output: whose predictions they are."""


Parts = Mapping[tuple[str, Side, str], Part]
"""By binning, side and day."""


def parts(lake: Lake, model: str) -> dict[tuple[str, Side, str], Part]:
    """Every day that was ever sketched."""
    found: dict[tuple[str, Side, str], Part] = {}
    for snapshot in lake.history(names.windows_table(model)):
        for note, text in snapshot.summary.items():
            if note.startswith(NOTE):
                key, side, day = note.removeprefix(NOTE).split(".")
                part = key, OUTPUT if side == OUTPUT else INPUT, day
                if part not in found:
                    found[part] = Part.model_validate_json(text)
    return found


def last_token(lake: Lake, model: str) -> str | None:
    """Token of the run that made the newest commit; None before the first."""
    for snapshot in lake.history(names.windows_table(model)):
        return snapshot.summary.get(RUN)
    return None


def write(
    lake: Lake,
    model: str,
    sketches: Mapping[tuple[str, Side, str], Sequence[Sketch]],
    made: Parts,
    *,
    token: str,
    base: int | None,
) -> int:
    """Puts the sketches of some parts in place of what was there, by one commit on `base`.

    Gives the snapshot's id; raises TransientError where somebody wrote in the meantime.
    """
    table = names.windows_table(model)
    lake.create(table, SKETCHES, [])
    there = parts(lake, model)
    days: dict[tuple[str, Side], list[str]] = {}
    for key, side, day in made:
        if (key, side, day) in there:
            days.setdefault((key, side), []).append(day)
    replaced = [{"binning": key, "side": side, DAY: one} for (key, side), one in days.items()]
    rows = [
        sketch.model_dump() | {"binning": key, "side": side, DAY: day}
        for (key, side, day), found in sorted(sketches.items())
        for sketch in found
    ]
    notes = {f"{NOTE}{'.'.join(part)}": one.model_dump_json() for part, one in sorted(made.items())}
    return lake.replace(
        table,
        pa.Table.from_pylist([_mapped(row) for row in rows], schema=SKETCHES),
        replaced,
        base=base,
        note=notes | {RUN: token},
    )


def read(lake: Lake, model: str, *, binning: str, days: Iterable[str] | None = None) -> list[Day]:
    """What was seen of each sketched day, or of those of `days` that were, rising.

    A day of which everything is in quarantine is there too, with no rows and no sketches.
    """
    dataset = specs.model(model).dataset
    quarantined = lake.counts(names.quarantine_table(dataset), DAY)
    found = {
        (side, day): part for (key, side, day), part in parts(lake, model).items() if key == binning
    }
    published = {day for side, day in found if side == INPUT}
    refused = quarantined.keys() - lake.counts(names.published_table(dataset), DAY).keys()
    wanted = sorted((published | refused) & set(published | refused if days is None else days))
    sketches = _sketches(lake, model, binning, [day for day in wanted if day in published])
    empty = Part(source="", rows=0)
    return [
        Day(
            day=day,
            version=found.get((OUTPUT, day), empty).version,
            rows=found.get((INPUT, day), empty).rows,
            quarantined=quarantined.get(day, 0),
            sketches=sketches.get(day, {}),
        )
        for day in wanted
    ]


def _sketches(
    lake: Lake, model: str, binning: str, days: Sequence[str]
) -> dict[str, dict[str, Sketch]]:
    found: dict[str, dict[str, Sketch]] = {}
    if not days:
        return found
    where = {"binning": binning, DAY: days}
    for row in lake.read(names.windows_table(model), where=where).to_pylist():
        sketch = Sketch(
            **{name: row[name] for name in Sketch.model_fields if name != "unseen"},
            unseen=dict(row["unseen"]),
        )
        found.setdefault(row[DAY], {})[sketch.name] = sketch
    return found


def _mapped(row: dict[str, object]) -> dict[str, object]:
    """As Arrow takes a map: by pairs."""
    unseen = row["unseen"]
    assert isinstance(unseen, dict)  # noqa: S101 - as the contract has it
    return row | {"unseen": sorted(unseen.items())}


def keep_binning(lake: Lake, model: str, binning: Binning, source: str) -> None:
    """Stores the bins with the hash of what they were chosen from, once."""
    if binning_of(lake, model, source) is not None:
        return
    table = names.binnings_table(model)
    lake.create(table, _BINNINGS, [])
    row = {"key": binning.key, "source": source, "binning": binning.model_dump_json()}
    lake.append(table, pa.Table.from_pylist([row], schema=_BINNINGS), {})


def binning(lake: Lake, model: str, key: str) -> Binning:
    """The bins of this key; raises NotFoundError where there are none."""
    found = _binnings(lake, model, {"key": key})
    if not found:
        raise NotFoundError(
            f"{model} has no bins {key!r}. Run `millrace monitor calibrate {model}`: it chooses "
            "bins from the reference."
        )
    return found[0]


def binning_of(lake: Lake, model: str, source: str) -> Binning | None:
    """The bins that were chosen from this source; None where none were."""
    found = _binnings(lake, model, {"source": source})
    return found[0] if found else None


def _binnings(lake: Lake, model: str, where: Mapping[str, str]) -> list[Binning]:
    table = names.binnings_table(model)
    if lake.current_snapshot(table) is None:
        return []
    rows = lake.read(table, where=where, columns=["binning"])["binning"].to_pylist()
    return [Binning.model_validate_json(text) for text in sorted(rows)]
