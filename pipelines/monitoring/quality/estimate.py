"""Quality before labels, from calibrated confidence. Pure.

Where a probability means what it says, the rows themselves tell how right the model is: an answer
of confidence 0.9 is right nine times in ten, whoever checks it. The mean confidence is therefore
the expected accuracy (average confidence: Guillory et al. 2021, ICCV, section 3), and a ranking's
expected scores are those of labels that are drawn with the rows' own probabilities. Draws also say
how far a measured score may lie from it by chance alone.

The estimate trusts the confidence, and a shift may spoil that: concept change is not seen at all.
`corrected` takes off the error of the past (difference of confidences, Guillory et al. 2021;
compare Garg et al. 2022, ICLR, whose thresholds need no calibration and tell no interval).
"""

import numpy as np

from pipelines.contracts.quality import Score
from pipelines.measures.bootstrap import Floats, percentiles
from pipelines.measures.ranking import Ints

DRAWS = 200
_Z = 1.96
_SEED = 7


def accuracy(metric: str, confidence: Floats) -> Score:
    """Expected share of right answers of one confidence each, at least one.

    The interval holds the share that will be measured on these answers, by the normal law of a sum
    of independent answers (Poisson binomial).
    """
    n = len(confidence)
    mean = float(confidence.mean())
    half = _Z * float(np.sqrt((confidence * (1 - confidence)).sum())) / n
    return Score(
        metric=metric, value=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), weight=n
    )


def ranking(probability: Floats, cards: Ints, per_day: int) -> dict[str, Score]:
    """Expected `average_precision`, `auroc` and `precision` among the `per_day` top cards.

    Arrays of the rows of one day: the probability that a row is true, and the number of its card.
    Empty where no draw has a true row, or each has nothing else.
    """
    random = np.random.default_rng(_SEED)
    order = np.argsort(-probability, kind="stable")
    chance, rank = probability[order], np.arange(1, len(order) + 1)
    top, place = _top_cards(cards[order], per_day)
    drawn = np.full((DRAWS, 3), np.nan)
    for draw in range(DRAWS):
        true = random.random(len(chance)) < chance
        drawn[draw] = (*_scores(true, rank), _precision(true[top], place))
    weights = (float(chance.sum()), float(chance.sum()), float(place.max() + 1))
    found = {}
    for column, metric in enumerate(("average_precision", "auroc", "precision")):
        ends = percentiles(drawn[:, column])
        if ends is not None and weights[column] > 0:
            found[metric] = Score(
                metric=metric,
                value=float(np.nanmean(drawn[:, column])),
                low=ends[0],
                high=ends[1],
                weight=weights[column],
            )
    return found


def corrected(estimate: float, confident: float, measured: float) -> float:
    """The estimate less its error in the reference, where it said `confident` and the labels
    `measured`: what is left is the difference of confidences."""
    return min(1.0, max(0.0, measured + estimate - confident))


def _scores(true: np.ndarray, rank: Ints) -> tuple[float, float]:
    """Average precision and AUROC of labels in the order of falling scores."""
    places = rank[true]
    count, others = len(places), len(rank) - len(places)
    if not count or not others:
        return np.nan, np.nan
    nth = np.arange(1, count + 1)
    below = others - (places - nth)
    return float((nth / places).mean()), float(below.sum() / (count * others))


def _top_cards(cards: Ints, per_day: int) -> tuple[Ints, Ints]:
    """Rows of the first `per_day` cards in the order of the rows, and each one's place."""
    _, first, code = np.unique(cards, return_index=True, return_inverse=True)
    ranked = np.argsort(np.argsort(first))[code]
    rows = np.flatnonzero(ranked < per_day)
    return rows, ranked[rows]


def _precision(true: np.ndarray, place: Ints) -> float:
    """Share of the cards with a true row."""
    return float((np.bincount(place, weights=true) > 0).mean())
