"""Whether a confidence can be believed, and whether it puts the errors last."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from pipelines.evaluation.scores import OVERALL
from pipelines.measures.outcomes import Flags, Outcomes

BINS = 10


class Bin(BaseModel, frozen=True):
    """Answers of about equal confidence."""

    confidence: float
    """Mean confidence of the bin's answers."""
    right: float
    """Share of them that is right."""
    low: float
    high: float
    """Wilson interval of that share, 95 %."""
    answers: int


class Calibration(BaseModel, frozen=True):
    """Quality of one field's confidence, and of all pooled."""

    answers: int
    auroc: float | None
    """Chance that a right answer is more confident than a wrong one; None without both."""
    auroc_value: float | None
    """The same where right means right by value."""
    ece: float | None
    """Expected calibration error: mean distance of confidence and share right over the bins."""
    bins: list[Bin]


def calibration(found: Outcomes) -> dict[str, Calibration]:
    """Calibration by field, and pooled under `overall`; a left-out absent field is right."""
    asked = found.known & ~np.isnan(found.confidence)
    exact, value = found.right(found.exact), found.right(found.value)
    by_field = {
        name: _calibration(
            found.confidence[asked[:, column], column],
            exact[asked[:, column], column],
            value[asked[:, column], column],
        )
        for column, name in enumerate(found.fields)
    }
    return {**by_field, OVERALL: _calibration(found.confidence[asked], exact[asked], value[asked])}


def _calibration(confidence: NDArray[np.float64], exact: Flags, value: Flags) -> Calibration:
    bins = _bins(confidence, exact)
    error = sum(item.answers * abs(item.confidence - item.right) for item in bins)
    return Calibration(
        answers=len(confidence),
        auroc=_auroc(confidence, exact),
        auroc_value=_auroc(confidence, value),
        ece=error / len(confidence) if len(confidence) else None,
        bins=bins,
    )


def _auroc(confidence: NDArray[np.float64], right: Flags) -> float | None:
    if right.all() or not right.any():
        return None
    return float(roc_auc_score(right, confidence))


def _bins(confidence: NDArray[np.float64], right: Flags) -> list[Bin]:
    """Ten bins of equal width, empty ones left out."""
    return _of_places(equal_widths(confidence), confidence, right)


def equal_widths(confidence: NDArray[np.float64]) -> NDArray[np.int_]:
    """Number of each answer's bin, of ten of equal width (Guo et al. 2017, ICML, section 2)."""
    place: NDArray[np.int_] = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    return place


def quantile_bins(confidence: NDArray[np.float64], right: Flags) -> list[Bin]:
    """Ten bins of about equally many of the right ones: for probabilities that are mostly small."""
    return _of_places(quantiles(confidence, right), confidence, right)


def quantiles(confidence: NDArray[np.float64], right: Flags) -> NDArray[np.int_]:
    """Number of each answer's bin, of ten of about equally many right ones."""
    order = np.argsort(confidence, kind="stable")
    share = np.cumsum(right[order]) / max(1, int(right.sum()))
    place = np.empty(len(order), dtype=int)
    place[order] = np.clip((share * BINS).astype(int), 0, BINS - 1)
    return place


def _of_places(place: NDArray[np.int_], confidence: NDArray[np.float64], right: Flags) -> list[Bin]:
    bins = []
    for number in np.unique(place):
        inside = place == number
        hits, answers = int(right[inside].sum()), int(inside.sum())
        interval = binomtest(hits, answers).proportion_ci(method="wilson")
        bins.append(
            Bin(
                confidence=float(confidence[inside].mean()),
                right=hits / answers,
                low=float(interval.low),
                high=float(interval.high),
                answers=answers,
            )
        )
    return bins
