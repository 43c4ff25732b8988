"""Published rows that the features of other rows look at."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake


def history(lake: Lake, spec: ModelSpec, rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """The newest published rows of the groups of `rows`, from the days that they look at.

    `columns` of each; a row whose key is among `rows` is left out. None of them is looked at by
    a row that is not later: the features see to that. Empty where nothing is published.
    """
    assert spec.history is not None  # noqa: S101 - who asks has seen that there is one
    table, key = names.published_table(spec.dataset), specs.key(spec)
    empty = rows.select(columns).slice(0, 0)
    if not rows.num_rows or lake.current_snapshot(table) is None:
        return empty
    found = lake.read(
        table, where={names.DAY: _days(rows[spec.history.time], spec.history.days)}, columns=columns
    )
    of_groups = [
        pc.is_in(found[group], pc.unique(rows[group].combine_chunks()))
        for group in spec.history.groups
    ]
    near = of_groups[0]
    for other in of_groups[1:]:
        near = pc.or_(near, other)
    new = pc.invert(pc.is_in(found[key], rows[key].combine_chunks()))
    return found.filter(pc.and_(near, new)).select(columns).cast(empty.schema)


def _days(times: pa.ChunkedArray, back: int) -> list[str]:
    """Every day from so many before the first time to the last."""
    ends = pc.min_max(times).as_py()
    first: datetime = ends["min"].astimezone(UTC) - timedelta(days=back)
    last: datetime = ends["max"].astimezone(UTC)
    count = (last.date() - first.date()).days + 1
    return [(first.date() + timedelta(days=day)).isoformat() for day in range(count)]
