"""Sketches of columns: counts in fixed bins, which add up over batches, tasks and days."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.monitoring import Bins, Sketch

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNSEEN = 10
"""Values without a bin of their own that a day's sketch names."""
_UNSEEN_COUNTED = 1_000
"""As many are told apart while a day is counted, so that the ten are the most frequent."""
_BLOCK = 1 << 14
"""Values that are held against all edges while they are in the processor's cache."""
_LARGEST = 1e100
"""Values beyond it are told as it, but for their bin: sums of such values are no numbers."""


def of_table(table: pa.Table, columns: Sequence[Bins]) -> list[Sketch]:
    """A sketch of each column of `columns`; all of one that the table lacks is missing."""
    absent = pa.nulls(table.num_rows)
    there = set(table.column_names)
    return [
        of_column(table[bins.column] if bins.column in there else absent, bins) for bins in columns
    ]


def of_column(values: pa.Array | pa.ChunkedArray, bins: Bins) -> Sketch:
    """Sketch of one column; values of a type that does not fit the bins are missing."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return _numbers(values, bins) if bins.kind == "number" else _categories(values, bins)


def merge(sketches: Iterable[Sketch]) -> Sketch:
    """One sketch of all rows; the sketches are of one column in the same bins."""
    parts = list(sketches)
    unseen: Counter[str] = Counter()
    for one in parts:
        unseen.update(one.unseen)
    ends = [end for one in parts for end in (one.least, one.most) if end is not None]
    return Sketch(
        name=parts[0].name,
        rows=sum(one.rows for one in parts),
        missing=sum(one.missing for one in parts),
        counts=tuple(np.array([one.counts for one in parts], np.int64).sum(axis=0).tolist()),
        total=sum(one.total for one in parts),
        squares=sum(one.squares for one in parts),
        least=min(ends, default=None),
        most=max(ends, default=None),
        unseen=_most(unseen, _UNSEEN_COUNTED),
    )


def finished(sketch: Sketch) -> Sketch:
    """As it is kept: with the most frequent of the unseen values alone."""
    return sketch.model_copy(update={"unseen": _most(sketch.unseen, UNSEEN)})


def empty(bins: Bins) -> Sketch:
    """Sketch of no rows."""
    return Sketch(name=bins.name, rows=0, missing=0, counts=(0,) * bins.size)


def _numbers(values: pa.Array, bins: Bins) -> Sketch:
    there = _as_numbers(values)
    least, most = _ends(there)
    if not (math.isfinite(least) and math.isfinite(most)):
        there = there[np.isfinite(there)]
        least, most = _ends(there)
    near = there
    if least < -_LARGEST or most > _LARGEST:
        near = np.clip(there, -_LARGEST, _LARGEST)
        least, most = _ends(near)
    return Sketch(
        name=bins.name,
        rows=len(values),
        missing=len(values) - len(there),
        counts=tuple(_counts(there, bins.edges).tolist()),
        total=float(near.sum()),
        squares=float(np.einsum("i,i", near, near)),
        least=least if len(there) else None,
        most=most if len(there) else None,
    )


def _ends(values: Floats) -> tuple[float, float]:
    """Least and most; NaN where a value is none, 0 without values."""
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def _as_numbers(values: pa.Array) -> Floats:
    """Values that are there, NaN and infinite ones among them; none where they are no numbers."""
    kind = values.type
    if pa.types.is_boolean(kind):
        values = values.cast(pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return np.zeros(0)
    numbers: Floats = values.drop_null().cast(pa.float64(), safe=False).to_numpy()
    return numbers


def _counts(values: Floats, edges: Sequence[float]) -> Ints:
    """Values in each bin, shape (edges + 1,).

    Counting for each edge the values at or above it takes a fifth of the time of a binary search
    for each value: it has no branches, and a block stays in the cache.
    """
    above = np.zeros(len(edges) + 2, dtype=np.int64)
    above[0] = len(values)
    passed = np.empty(_BLOCK, dtype=np.bool_)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        flags = passed[: len(block)]
        for at, edge in enumerate(edges, start=1):
            np.greater_equal(block, edge, out=flags)
            above[at] += np.count_nonzero(flags)
    return above[:-1] - above[1:]


def _categories(values: pa.Array, bins: Bins) -> Sketch:
    rows = len(values)
    texts = as_texts(values)
    counted = pc.value_counts(texts.drop_null())
    found, times = counted.field("values"), counted.field("counts").to_numpy()
    known = pa.array(bins.categories, pa.string())
    place = pc.index_in(found, known).fill_null(len(known)).to_numpy(zero_copy_only=False)
    counts = np.bincount(place, times, bins.size).astype(np.int64)
    others = place == len(known)
    unseen = dict(zip(found.filter(pa.array(others)).to_pylist(), times[others], strict=True))
    return Sketch(
        name=bins.name,
        rows=rows,
        missing=texts.null_count,
        counts=tuple(counts.tolist()),
        unseen=_most({value: int(count) for value, count in unseen.items()}, _UNSEEN_COUNTED),
    )


def as_texts(values: pa.Array) -> pa.Array:
    """Values as the names of categories; all null where they have no text."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
        return pa.nulls(len(values), pa.string())
    return values.cast(pa.string())


def _most(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """The most frequent ones; the first by name among equals."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most])
