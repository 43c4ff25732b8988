"""Rows of the task `classification` whose target is known, with what was predicted of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.names import TEST_PARTS
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError
from pipelines.measures.ranking import Flags, Floats, Ints, Ranking, TopCards
from pipelines.tasks.classification import target

ALL = "all"
"""Name of the slice that holds every row."""


@dataclass(frozen=True)
class Cases:
    """Rows whose target is known, in the order of their keys, with what was predicted."""

    keys: list[str]
    score: Floats
    label: Flags
    cluster: Ints
    """Number of the row's group, which is what the bootstrap draws."""
    clusters: tuple[str, ...]
    day: Ints
    at: list[datetime]
    slices: dict[str, Flags]

    def ranking(self, rows: Flags) -> Ranking:
        return Ranking.of(
            self.score[rows], self.label[rows], self.cluster[rows], len(self.clusters)
        )

    def top_cards(self, per_day: int) -> TopCards:
        return TopCards.of(
            self.score, self.label, self.cluster, self.day, len(self.clusters), per_day
        )


def cases(
    rows: pa.Table, predictions: pa.Table, spec: ModelSpec, parts: Mapping[str, str]
) -> Cases:
    """The rows of known target that have a prediction, in the order of their keys.

    Raises BadDataError where there is none, where a row is predicted twice, or where a
    probability is none.
    """
    key = specs.key(spec)
    known = rows.filter(pc.is_valid(rows[target(spec)])).sort_by(key)
    place = pc.index_in(known[key], value_set=predictions[key].combine_chunks())
    known, place = known.filter(pc.is_valid(place)), place.drop_null()
    if not known.num_rows or pc.count_distinct(predictions[key]).as_py() < len(predictions):
        raise BadDataError(
            f"{known.num_rows} of {rows.num_rows} rows carry a {target(spec)!r} and one of the "
            f"{predictions.num_rows} predictions: expected some, each predicted once. Give rows "
            f"whose {target(spec)!r} is known."
        )
    score = predictions[names.PROBABILITY].take(place).to_numpy().astype(np.float64)
    if not np.isfinite(score).all():
        raise BadDataError(
            f"{int((~np.isfinite(score)).sum())} predictions have no finite probability; they "
            "cannot be ranked. Train the model again."
        )
    keys = known[key].to_pylist()
    groups = pc.dictionary_encode(
        known[spec.split.group_by].cast(pa.string()).combine_chunks().fill_null("")
    )
    times = known[str(spec.split.time)]
    return Cases(
        keys=keys,
        score=score,
        label=known[target(spec)].to_numpy().astype(bool),
        cluster=groups.indices.to_numpy().astype(np.int64),
        clusters=tuple(groups.dictionary.to_pylist()),
        day=pc.days_between(pa.scalar(datetime(1970, 1, 1)), _naive(times)).to_numpy(),  # noqa: DTZ001
        at=times.to_pylist(),
        slices=_slices(known, keys, spec, parts),
    )


def _naive(times: pa.ChunkedArray) -> pa.ChunkedArray:
    return times.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))


def _slices(
    rows: pa.Table, keys: list[str], spec: ModelSpec, parts: Mapping[str, str]
) -> dict[str, Flags]:
    """Mask over the rows for each slice that has any; `all` comes first."""
    part = np.array([parts.get(key, "") for key in keys], dtype=object)
    found: dict[str, Flags] = {ALL: np.ones(len(keys), dtype=bool)}
    found |= {name: np.asarray(part == name, dtype=bool) for name in TEST_PARTS}
    for name, one in spec.slices.items():
        value = rows[one.column].cast(pa.float64()).to_numpy()
        low = -np.inf if one.at_least is None else one.at_least
        high = np.inf if one.below is None else one.below
        found[name] = (value >= low) & (value < high)
    return {name: mask for name, mask in found.items() if mask.any()}
