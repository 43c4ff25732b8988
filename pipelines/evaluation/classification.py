"""Evaluation of the task `classification`: probabilities against a target that is true or false."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation.calibration import quantile_bins
from pipelines.evaluation.scores import RESAMPLES
from pipelines.evaluation.scores_classification import Case, Evaluation, Slice
from pipelines.measures.bootstrap import percentiles
from pipelines.measures.cases import Cases, cases
from pipelines.measures.ranking import Flags, Floats

SHOWN = 10
_SEED = 7


def evaluate(
    rows: pa.Table,
    predictions: pa.Table,
    spec: ModelSpec,
    parts: Mapping[str, str] | None = None,
) -> Evaluation:
    """Scores probabilities against the target; pure. BadDataError where nothing can be scored."""
    found = cases(rows, predictions, spec, parts or {})
    weights = np.concatenate([np.ones((1, len(found.clusters))), _draws(len(found.clusters))])
    top = found.top_cards(spec.review_per_day)
    at_top = top.scores(weights)[:, 0]
    bins = quantile_bins(found.score, found.label)
    ece = sum(one.answers * abs(one.confidence - one.right) for one in bins) / len(found.keys)
    return Evaluation(
        rows=len(found.keys),
        groups=len(found.clusters),
        per_day=spec.review_per_day,
        slices={name: _slice(found, mask, weights) for name, mask in found.slices.items()},
        precision_at_top=float(at_top[0]),
        precision_at_top_interval=percentiles(at_top[1:]) or (0.0, 1.0),
        precision_by_day=[float(one) for one in top.by_day(weights[:1])[0]],
        ece=float(ece),
        bins=bins,
        false_alarms=_shown(found, ~found.label, -found.score),
        missed=_shown(found, found.label, found.score),
    )


def importance(described: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Share of the gain of each column; a model of this task has one stage."""
    return {"trees": dict(described.get("importance", {}))}


def _draws(clusters: int) -> Floats:
    """How often each group is drawn: whole groups, since the errors of one go together."""
    random = np.random.default_rng(_SEED)
    drawn = random.multinomial(clusters, np.full(clusters, 1 / clusters), size=RESAMPLES)
    return drawn.astype(np.float64)


def _slice(found: Cases, mask: Flags, weights: Floats) -> Slice:
    scores = found.ranking(mask).scores(weights)
    intervals = [percentiles(scores[1:, column]) for column in range(2)]
    average, auroc = (None if np.isnan(one) else float(one) for one in scores[0])
    return Slice(
        rows=int(mask.sum()),
        true=int(found.label[mask].sum()),
        average_precision=average,
        average_precision_interval=intervals[0] if average is not None else None,
        auroc=auroc,
        auroc_interval=intervals[1] if auroc is not None else None,
    )


def _shown(found: Cases, mask: Flags, order: Floats) -> list[Case]:
    rows = np.flatnonzero(mask)
    ranked = rows[np.argsort(order[rows], kind="stable")][:SHOWN]
    return [
        Case(
            key=found.keys[row],
            group=found.clusters[found.cluster[row]],
            at=found.at[row],
            probability=float(found.score[row]),
        )
        for row in ranked
    ]
