"""Which groups (merchants, customers) drive what moved: a comparison of slices.

A number's mean is a sum over groups of their share of the rows times their mean, and so is its
change: what each group adds to it is told apart from what the others add.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.monitoring import Signal
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake
from pipelines.monitoring.verdict import in_alarm

ROWS = 2_000_000
"""Most rows that are read of each side; more of the window are not looked at."""
_NAMED = 3
_SHARE = 0.5
"""Share of the change that a few groups must make to be called its cause."""


def sentences(
    spec: ModelSpec,
    signals: Sequence[Signal],
    days: Sequence[str],
    reference: Sequence[str],
    lake: Lake,
) -> list[str]:
    """What the groups say of the most important number that moved; empty without one.

    Reads two columns of the window and of as many of the newest reference days as have `ROWS`.
    Only published columns are told by group, and only where the split names one.
    """
    schema, group = specs.resolve(specs.dataset(spec.dataset).schema_)(), spec.split.group_by
    column = next((name for name in _numbers(signals) if _is_number(schema, name)), None)
    if group not in schema.names or column is None:
        return []
    table = names.published_table(spec.dataset)
    rows = lake.counts(table, names.DAY)
    if sum(rows.get(day, 0) for day in days) > ROWS:
        return []
    past = _newest(reference, rows)
    if not past:
        return []
    read = [
        lake.read(table, columns=[group, column], where={names.DAY: list(some)})
        for some in (days, past)
    ]
    said = told(read[0], read[1], group, column)
    return [said] if said else []


def told(window: pa.Table, reference: pa.Table, group: str, column: str) -> str | None:
    """Which few groups make most of the change of a mean, or that it is spread over all."""
    now, before = _parts(window, group, column), _parts(reference, group, column)
    change = sum(now.values()) - sum(before.values())
    if not now or not before or not change:
        return None
    adds = {
        name: (now.get(name, 0.0) - before.get(name, 0.0)) / change
        for name in sorted({*now, *before})
    }
    most = sorted(adds, key=lambda name: (-adds[name], name))[:_NAMED]
    share = sum(adds[name] for name in most)
    if len(adds) > _NAMED and share < _SHARE:
        return f"The change of {column} is spread over {len(adds)} values of {group}."
    named = ", ".join(f"`{name}`" for name in most if adds[name] > 0)
    return f"Most of the change of {column} comes from {group} {named}."


def _parts(rows: pa.Table, group: str, column: str) -> dict[str, float]:
    """What each group adds to the mean of the whole."""
    values = rows[column].cast(pa.float64(), safe=False)
    kept = pa.table({"group": rows[group].cast(pa.string()), "value": values})
    kept = kept.filter(pc.and_(pc.is_valid(kept["group"]), pc.is_finite(kept["value"])))
    if not kept.num_rows:
        return {}
    summed = kept.group_by("group").aggregate([("value", "sum")])
    return {
        name: total / kept.num_rows
        for name, total in zip(
            summed["group"].to_pylist(), summed["value_sum"].to_pylist(), strict=True
        )
    }


def _numbers(signals: Sequence[Signal]) -> list[str]:
    return [one.name.partition("/")[2] for one in in_alarm(signals) if one.topic == "input"]


def _is_number(schema: pa.Schema, name: str) -> bool:
    if name not in schema.names:
        return False
    kind = schema.field(name).type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _newest(days: Sequence[str], rows: dict[str, int]) -> list[str]:
    found: list[str] = []
    left = ROWS
    for day in sorted(days, reverse=True):
        left -= rows.get(day, 0)
        if left < 0:
            break
        found.append(day)
    return found
