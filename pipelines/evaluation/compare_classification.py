"""Comparing two classifiers: the group (a card) is the cluster, average precision the score."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation.calibration import quantiles
from pipelines.evaluation.comparison import Difference
from pipelines.evaluation.miscalibration import Miscalibration, miscalibration
from pipelines.evaluation.paired import Claim, Floats, Measure
from pipelines.evaluation.scores_classification import AUROC, OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.measures.cases import Cases, cases
from pipelines.measures.ranking import Flags, Ints

_DIGITS = 4


def measure(
    rows: pa.Table, predictions: pa.Table, spec: ModelSpec, parts: Mapping[str, str]
) -> Measure:
    """Average precision overall and by slice, AUROC, and precision among the top of a day.

    `parts` is the part of the split by key. Raises BadDataError for an unreadable probability.
    """
    found = cases(rows, predictions, spec, parts)
    rankings = {name: found.ranking(mask) for name, mask in found.slices.items()}
    top = found.top_cards(spec.review_per_day)
    at_top = f"precision_at_{spec.review_per_day}"
    slices = [name for name in rankings if name != ALL]
    claims = (
        Claim(ALL, AUROC),
        Claim(ALL, at_top),
        Claim(ALL, OVERALL),
        *(Claim(name, OVERALL) for name in slices),
    )

    def scores(weights: Floats) -> Floats:
        whole = rankings[ALL].scores(weights)
        parts_of = [rankings[name].scores(weights)[:, :1] for name in slices]
        return np.concatenate([whole[:, 1:], top.scores(weights), whole[:, :1], *parts_of], axis=1)

    masks = [found.slices[ALL]] * 3 + [found.slices[name] for name in slices]
    counts = _distinct(found, masks)
    deciding = np.minimum(
        _distinct(found, [mask & found.label for mask in masks]),
        _distinct(found, [mask & ~found.label for mask in masks]),
    )
    return Measure(found.clusters, claims, counts, deciding, scores, unit=_unit(spec))


def _distinct(found: Cases, masks: Sequence[Flags]) -> Ints:
    """Clusters that have a row in each mask."""
    return np.array([len(np.unique(found.cluster[mask])) for mask in masks], dtype=np.int64)


def _unit(spec: ModelSpec) -> str:
    """`customers` of `customer_id`."""
    return f"{spec.split.group_by.removesuffix('_id')}s"


def unreadable(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> int:
    """Rows without a probability in [0, 1]."""
    key = specs.key(spec)
    if not {key, names.PROBABILITY} <= set(predictions.column_names):
        return int(rows.num_rows)
    value = predictions[names.PROBABILITY]
    share = pc.and_(pc.greater_equal(value, 0.0), pc.less_equal(value, 1.0))
    sound = predictions.filter(pc.fill_null(share, False))
    answered = pc.is_in(rows[key], value_set=sound[key].combine_chunks())
    return int(rows.num_rows - pc.sum(answered).as_py()) if rows.num_rows else 0


def calibration_error(
    rows: pa.Table, predictions: pa.Table, spec: ModelSpec
) -> Miscalibration | None:
    """Of probability and share true, over bins of equally many true rows."""
    found = cases(rows, predictions, spec, {})
    place = quantiles(found.score, found.label)
    return miscalibration(place, found.score, found.label, found.cluster, len(found.clusters))


def differences(
    rows: pa.Table, champion: pa.Table, candidate: pa.Table, spec: ModelSpec, most: int
) -> list[Difference]:
    """The rows whose place in the order the two models see most differently."""
    old, new = (cases(rows, answers, spec, {}) for answers in (champion, candidate))
    was, now = _place(old), _place(new)
    ranked = np.argsort(-np.abs(was - now), kind="stable")[:most]
    return [_difference(old, new, row, was[row], now[row], spec) for row in ranked.tolist()]


def compact(predictions: pa.Table) -> pa.Table:
    """Probabilities to four digits, by which rows still rank as they do."""
    place = predictions.schema.get_field_index(names.PROBABILITY)
    rounded = [
        None if one is None else float(f"{one:.{_DIGITS}g}")
        for one in predictions[place].to_pylist()
    ]
    field = predictions.schema.field(place)
    return predictions.set_column(place, field, pa.array(rounded, field.type))


def texts(rows: pa.Table) -> list[str]:
    """None: two rows of a table are alike for good reasons; groups keep them apart."""
    return []


def _place(found: Cases) -> Floats:
    """Share of the rows with a lower score, so that models of other calibration compare."""
    order = np.argsort(np.argsort(found.score, kind="stable"), kind="stable")
    return order / max(1, len(order) - 1)


def _difference(
    old: Cases, new: Cases, row: int, was: float, now: float, spec: ModelSpec
) -> Difference:
    true = bool(new.label[row])
    gained = now > was if true else now < was
    return Difference(
        row=new.keys[row],
        field=str(spec.target),
        champion=f"{old.score[row]:.4f}",
        candidate=f"{new.score[row]:.4f}",
        truth=str(true).lower(),
        better="neither" if now == was else "candidate" if gained else "champion",
    )
