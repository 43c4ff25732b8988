"""How right a model was, by day: the newest figures; earlier snapshots keep what was known then."""

from collections.abc import Iterable

import pyarrow as pa

from pipelines.contracts.quality import Figure, quality_table
from pipelines.lake.lake import Lake
from pipelines.publication import lock
from pipelines.settings import Settings

_NOTE = "millrace.quality"
_SCHEMA = pa.schema([
    *((name, pa.string()) for name in ("day", "source", "metric", "made_of")),
    *((name, pa.float64()) for name in ("value", "low", "high", "weight", "days_late")),
    *((name, pa.int64()) for name in ("version", "labelled", "rows")),
])


def read(lake: Lake, model: str) -> list[Figure]:
    """All figures, by day; empty before the first."""
    if lake.current_snapshot(quality_table(model)) is None:
        return []
    rows = lake.read(quality_table(model)).to_pylist()
    return sorted((Figure.model_validate(row) for row in rows), key=_order)


def write(lake: Lake, settings: Settings, model: str, figures: Iterable[Figure]) -> list[Figure]:
    """Puts new figures of a day and source in the place of those it had; all there are then.

    In one commit. A reader sees the day as it was or as it is.
    """
    new = list(figures)
    with lock(settings.root / "lake" / f"quality-{model}"):
        renewed = {(one.day, one.source) for one in new}
        kept = [one for one in read(lake, model) if (one.day, one.source) not in renewed]
        found = sorted([*kept, *new], key=_order)
        if new:
            table = quality_table(model)
            lake.create(table, _SCHEMA, [])
            rows = pa.Table.from_pylist([one.model_dump() for one in found], schema=_SCHEMA)
            lake.overwrite(table, rows, {_NOTE: ",".join(sorted({one.day for one in new}))})
    return found


def _order(one: Figure) -> tuple[str, str, str]:
    return one.day, one.source, one.metric
