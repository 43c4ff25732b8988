"""Bins of all that is watched, chosen once from rows of the reference.

A number has bins of about equal share in the reference (quantile edges), a value that holds a
bin's share by itself has a bin of its own, and a number with few values one for each. A category
has a bin for each of its most frequent values. Not watched are times and nested values, and names
of single things: where the most frequent values hold next to nothing, a category says only that
it is another one every time.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.monitoring import Bins, MonitorPolicy, Side
from pipelines.monitoring.sketches.sketch import Floats, as_texts

SAMPLE = 20_000
"""Rows of the reference that bins are chosen from: a quantile is then off by less than 0.4 % of
the rows (one standard error at the median)."""
_IDENTIFIES = 0.1
"""Share of the values below which the most frequent ones together make a category of names."""
_FLAGS = ("false", "true")


def choose(
    sample: pa.Table,
    side: Side,
    policy: MonitorPolicy,
    given: Mapping[str, Sequence[float]] | None = None,
) -> list[Bins]:
    """Bins of the columns of `sample`, in their order; deterministic.

    `given` has the edges of columns whose bins have a meaning of their own.
    """
    fixed = given or {}
    found = [
        Bins(column=field.name, side=side, kind="number", edges=tuple(sorted(fixed[field.name])))
        if field.name in fixed
        else _bins(field.name, side, sample[field.name].combine_chunks(), policy)
        for field in sample.schema
    ]
    return [bins for bins in found if bins is not None]


def _bins(name: str, side: Side, values: pa.Array, policy: MonitorPolicy) -> Bins | None:
    kind = values.type
    if pa.types.is_boolean(kind):
        return Bins(column=name, side=side, kind="category", categories=_FLAGS)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers: Floats = values.drop_null().cast(pa.float64(), safe=False).to_numpy()
        edges = _edges(numbers[np.isfinite(numbers)], policy.bins)
        edges = tuple(edge for edge in edges if np.isfinite(edge))
        return Bins(column=name, side=side, kind="number", edges=edges)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        categories = _categories(as_texts(values), policy.categories)
        if categories is not None:
            return Bins(column=name, side=side, kind="category", categories=categories)
    return None


def _edges(values: Floats, bins: int) -> tuple[float, ...]:
    """Rising inner edges, at most `bins` - 1 where values are many; none where there are none."""
    distinct = np.unique(values)
    if len(distinct) == 1:
        # Whatever is not this one value is seen on either side of it.
        return float(distinct[0]), _next(distinct[0])
    if len(distinct) <= bins:
        low, high = distinct[:-1], distinct[1:]
        # Of neighbouring floats the middle is the lower one: it would be in the bin above it.
        middle = low / 2 + high / 2
        return tuple(np.where(middle > low, middle, high).tolist())
    # A value in the place of several cuts holds a bin's share by itself.
    cuts = np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf")
    edge, times = np.unique(cuts, return_counts=True)
    alone = [_next(value) for value in edge[times > 1]]
    return tuple(sorted({*edge.tolist(), *alone}))


def _next(value: np.float64) -> float:
    """The next number above: an edge there ends a bin that holds `value` alone."""
    return math.nextafter(value, math.inf)


def _categories(texts: pa.Array, most: int) -> tuple[str, ...] | None:
    """The most frequent values; None where they are names of single things."""
    counted = pc.value_counts(texts.drop_null()).to_pylist()
    ranked = sorted(counted, key=lambda one: (-one["counts"], one["values"]))
    kept, rows = ranked[:most], len(texts) - texts.null_count
    if len(ranked) > most and sum(one["counts"] for one in kept) < _IDENTIFIES * rows:
        return None
    return tuple(one["values"] for one in kept)
