"""Calibrated confidence: how often an answer like this one was right, out of fold."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipelines.extraction.folds import Vector

_EDGE = 1e-4
_PRIOR = 5.0
"""So many answers the ranker's own probability counts as, besides those that people judged. Without
it nine right ones of nine would make every answer sure, and the field would be asked no more."""
_BELIEVED = np.array([0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95])
"""Probabilities at which the ranker is taken at its word."""
_EACH = _PRIOR / len(_BELIEVED)


@dataclass(frozen=True)
class Calibration:
    """Platt scaling (1999) on the log-odds of the ranker, of the place, and of their leads."""

    weights: list[float]
    """Intercept, then one weight a signal."""
    absent: float
    """Probability that a field is absent where no answer was confident enough."""

    def __call__(self, signals: Vector) -> float:
        """Probability that the answer with these signals is right."""
        # math, not numpy: one number at a time is the same bits in every batch
        score = self.weights[0]
        for weight, signal in zip(self.weights[1:], signals.tolist(), strict=True):
            score += weight * signal
        return 1 / (1 + math.exp(-min(max(score, -30.0), 30.0)))


def signals(spelling: float, spelling_lead: float, place: float, place_lead: float) -> Vector:
    """What confidence is read from: log-odds of two probabilities and two leads in [-1, 1]."""
    return np.array([_log_odds(spelling), spelling_lead, _log_odds(place), place_lead])


def _of_ranker(probability: float) -> Vector:
    """Signals where place and spelling are equally likely, and all else goes to one other."""
    lead = max(2 * probability - 1, 0.0)
    return signals(probability, lead, probability, lead)


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(clipped / (1 - clipped))


def fit(
    rows: Vector, right: npt.NDArray[np.bool_], absent: npt.NDArray[np.bool_], least: float
) -> Calibration:
    """Learns from out-of-fold answers: shape (answers, signals), whether each was right, and
    whether the document has no such value at all."""
    believed = np.array([_of_ranker(float(one)) for one in _BELIEVED])
    many = np.ones(len(_BELIEVED), np.bool_)
    with threadpool_limits(1):
        model = LogisticRegression(C=1.0, max_iter=200).fit(
            np.concatenate([rows, believed, believed]),
            np.concatenate([right, many, ~many]),
            np.concatenate([np.ones(len(rows)), _EACH * _BELIEVED, _EACH * (1 - _BELIEVED)]),
        )
    weights = [float(model.intercept_[0]), *(float(w) for w in model.coef_[0])]
    calibration = Calibration(weights, 0.0)
    low = np.array([calibration(row) < least for row in rows], dtype=np.bool_)
    share = float(absent.mean()) if len(absent) else 1.0
    found = (float(absent[low].sum()) + share) / (float(low.sum()) + 1)
    return Calibration(weights, found)
