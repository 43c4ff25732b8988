"""Quality of the task `classification` on one day: rankings against a target that came late."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.quality import Score
from pipelines.contracts.spec import ModelSpec
from pipelines.measures.bootstrap import Floats, Interval, draw_weights, percentiles
from pipelines.measures.cases import ALL, cases
from pipelines.monitoring.quality import estimate
from pipelines.tasks.classification import label_columns, target

HEADLINE = "average_precision"
_DRAWS = 400


def columns(spec: ModelSpec) -> tuple[str, ...]:
    """Published columns that are read: key, label, card, time and those of the slices."""
    return label_columns(spec)


def label_days(spec: ModelSpec) -> int:
    """Days after which a label counts as known."""
    return spec.split.gap_days


def importance(spec: ModelSpec) -> dict[str, float]:
    """How much a fall of each metric matters, in the order in which they are shown."""
    return {HEADLINE: 1.0, "auroc": 0.5, _top(spec): 0.5}


def measured(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> tuple[list[Score], int]:
    """Scores of the rows whose label is known, with cluster bootstrap intervals, and their number.

    The weight of the rankings is the number of true rows, that of the precision the number of
    cards. What has no meaning (no true row) is left out.
    """
    known = rows.filter(pc.is_valid(rows[target(spec)]))
    key = specs.key(spec)
    if not pc.any(pc.is_in(known[key], predictions[key].combine_chunks())).as_py():
        return [], 0
    found = cases(known, predictions, spec, {})
    ranking, top = found.ranking(found.slices[ALL]), found.top_cards(spec.review_per_day)
    ones = np.ones((1, len(found.clusters)))
    blocks = (ones, *draw_weights(len(found.clusters), _DRAWS))
    scores = np.concatenate([
        np.concatenate([ranking.scores(one), top.scores(one)], axis=1) for one in blocks
    ])
    true, looked = int(found.label.sum()), min(spec.review_per_day, len(found.clusters))
    weights = {HEADLINE: true, "auroc": true, _top(spec): looked}
    return [
        _score(metric, weight, scores[:, at])
        for at, (metric, weight) in enumerate(weights.items())
        if weight and np.isfinite(scores[0, at])
    ], len(found.keys)


def expected(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> list[Score]:
    """The same scores as they are expected where each row is true with its probability."""
    key = specs.key(spec)
    place = pc.index_in(rows[key], value_set=predictions[key].combine_chunks())
    given = rows.filter(pc.is_valid(place))
    if not given.num_rows:
        return []
    probability = predictions[names.PROBABILITY].take(place.drop_null()).to_numpy()
    cards = pc.dictionary_encode(
        given[spec.split.group_by].cast(pa.string()).combine_chunks().fill_null("")
    )
    found = estimate.ranking(
        probability.astype(np.float64), cards.indices.to_numpy().astype(np.int64),
        spec.review_per_day,
    )  # fmt: skip
    return [
        one.model_copy(update={"metric": _top(spec) if one.metric == "precision" else one.metric})
        for one in found.values()
    ]


def _top(spec: ModelSpec) -> str:
    return f"precision_at_{spec.review_per_day}"


def _score(metric: str, weight: int, draws: Floats) -> Score:
    """The first is the score itself."""
    low, high = percentiles(draws[1:]) or (0.0, 1.0)
    ends: Interval = (min(low, float(draws[0])), max(high, float(draws[0])))
    return Score(metric=metric, value=float(draws[0]), low=ends[0], high=ends[1], weight=weight)
