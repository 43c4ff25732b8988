"""Precision, recall and F1 per field and over all fields, with bootstrap intervals.

As the SROIE competition scores key fields (Huang et al. 2019, ICDAR, task 3): a field counts
as right when it equals the label; recall is over labels, precision over answers. The overall
score pools the fields (micro average).
"""

from typing import Any

import numpy as np
from pydantic import BaseModel

from pipelines.measures.bootstrap import LEVEL, Floats, Interval
from pipelines.measures.outcomes import Outcomes

RESAMPLES = 1_000
_SEED = 7
_BLOCK_CELLS = 8_000_000
"""Cells of weights that are held at once: 64 MB, whatever the number of documents."""


OVERALL = "overall"


class Score(BaseModel, frozen=True):
    """Scores of one field, or of all pooled; None where nothing was asked or answered."""

    labelled: int
    answered: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: Interval | None
    """Percentile bootstrap over documents, 95 %."""
    precision_value: float | None
    recall_value: float | None
    f1_value: float | None
    f1_value_interval: Interval | None


def score(found: Outcomes) -> dict[str, Score]:
    """Scores by field, and pooled under `overall`. Pure: the same outcomes, the same scores."""
    # documents × fields × (right exactly, right by value, answered, labelled)
    counts = np.stack(
        [found.exact, found.value, found.answered & found.known, found.labelled], axis=2
    ).astype(np.float64)
    counts = np.concatenate([counts, counts.sum(axis=1, keepdims=True)], axis=1)
    totals = counts.sum(axis=0)
    low, high = _intervals(counts)
    return {
        name: _score(totals[column], low[column], high[column])
        for column, name in enumerate((*found.fields, OVERALL))
    }


def _score(counts: Floats, low: Floats, high: Floats) -> Score:
    exact, value, answered, labelled = counts
    return Score(
        labelled=int(labelled),
        answered=int(answered),
        precision=_ratio(exact, answered),
        recall=_ratio(exact, labelled),
        f1=_ratio(2 * exact, answered + labelled),
        f1_interval=_interval(low[0], high[0]),
        precision_value=_ratio(value, answered),
        recall_value=_ratio(value, labelled),
        f1_value=_ratio(2 * value, answered + labelled),
        f1_value_interval=_interval(low[1], high[1]),
    )


def _ratio(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


def _interval(low: Any, high: Any) -> Interval | None:
    return None if np.isnan(low) else (float(low), float(high))


def _intervals(counts: Floats) -> tuple[Floats, Floats]:
    """Lower and upper ends of F1 (exact, by value): two arrays of fields × 2.

    Percentile bootstrap (Efron and Tibshirani 1993, chapter 13): documents are drawn with
    replacement, all fields of a document together, since its errors go together.
    """
    documents, columns = counts.shape[:2]
    itself = _f1(counts.sum(axis=0))
    asked = ~np.isnan(itself)
    low, high = np.full_like(itself, np.nan), np.full_like(itself, np.nan)
    if not asked.any():
        return low, high
    draws = np.random.default_rng(_SEED)
    block = max(1, _BLOCK_CELLS // documents)
    flat = counts.reshape(documents, -1)
    resampled = np.concatenate([
        draws.multinomial(
            documents, np.full(documents, 1 / documents), size=min(block, RESAMPLES - start)
        )
        @ flat
        for start in range(0, RESAMPLES, block)
    ]).reshape(RESAMPLES, columns, -1)
    tail = 100 * (1 - LEVEL) / 2
    # Where few documents ask for a field, some draws hold none of them and have no F1.
    ends = np.nanpercentile(_f1(resampled)[:, asked], [tail, 100 - tail], axis=0)
    low[asked], high[asked] = ends
    return low, high


def _f1(counts: Floats) -> Floats:
    """F1 exact and by value from counts in the last axis; NaN where nothing was counted."""
    right, whole = 2 * counts[..., :2], (counts[..., 2] + counts[..., 3])[..., np.newaxis]
    return np.divide(right, whole, out=np.full_like(right, np.nan), where=whole > 0)
