"""How right a version is, from the documents that were drawn by chance for the audit.

Shares are the Hájek estimator: each document weighs as the inverse of the chance with which it
was drawn, so that days of a larger audit do not count for more than they are. Intervals are
Wilson's (E. B. Wilson 1927; recommended over the plain one by Brown, Cai and DasGupta,
Statistical Science 16, 2001) with the effective number of documents in place of the count, which is
what the estimated variance stands for (E. L. Korn and B. I. Graubard, Survey Methodology 24,
1998). With equal chances that is the count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import state
from pipelines.corrections.settle import Key
from pipelines.opsdb import queue
from pipelines.opsdb.database import Session

TWO_SIDED = 0.05
"""Level of the intervals that people are shown."""


@dataclass(frozen=True)
class Rate:
    """A share of right answers among documents drawn by chance."""

    share: float
    effective: float
    """Documents drawn alike that would tell as much."""
    documents: int

    def interval(self, level: float = TWO_SIDED) -> tuple[float, float]:
        """Wilson's two-sided interval that misses the truth with the chance `level`."""
        z = NormalDist().inv_cdf(1 - level / 2)
        n, share = self.effective, self.share
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def error_at_least(self, level: float) -> float:
        """Share of wrong answers that is passed with the confidence 1 - `level`, one-sided."""
        return 1 - self.interval(2 * level)[1]


@dataclass(frozen=True)
class Accuracy:
    """What the audit says of one version."""

    version: int
    fields: Mapping[str, Rate]
    """Of fields that somebody judged; what nobody could read is left out."""
    whole: Rate | None
    """Documents of which every judged field was right; None before the first."""


def rate(right: Sequence[bool], weights: Sequence[float]) -> Rate | None:
    """Weighted share of right answers; None without any."""
    if not right:
        return None
    total = sum(weights)
    share = min(1.0, sum(weight * hit for hit, weight in zip(right, weights, strict=True)) / total)
    spread = sum((weight * (hit - share)) ** 2 for hit, weight in zip(right, weights, strict=True))
    if 0 < share < 1:
        # No sample tells more than its documents, whatever a lucky estimate of the variance says.
        effective = min(float(len(right)), share * (1 - share) * total * total / spread)
    else:
        # All alike shows no variance: Kish's number, by the weights alone.
        effective = total * total / sum(weight * weight for weight in weights)
    return Rate(share, effective, len(right))


def measure(session: Session, spec: ModelSpec, version: int) -> Accuracy:
    """Accuracy of a version on its reviewed audit documents.

    An answer is right where the reviewers' value is the predicted one, letter by letter but for
    what `right` says. While reviewers differ, the first one's word counts: leaving the disputed
    out would leave out the hard ones.
    """
    chances = queue.audited(session, spec.name, version)
    items = state.read(session, spec, documents=chances.keys()).items
    judged: dict[Key, bool] = {}
    for key, item in items.items():
        said = item.answer or next(iter(item.opinions), None)
        if said is not None and said.verdict != "unreadable":
            judged[key] = not said.changes
    fields = {
        field: rate(
            *_weighed({key[0]: hit for key, hit in judged.items() if key[1] == field}, chances)
        )
        for field in spec.fields
    }
    whole: dict[str, bool] = {}
    for (document, _), hit in judged.items():
        whole[document] = whole.get(document, True) and hit
    return Accuracy(
        version,
        {field: found for field, found in fields.items() if found is not None},
        rate(*_weighed(whole, chances)),
    )


def _weighed(
    right: Mapping[str, bool], chances: Mapping[str, float]
) -> tuple[list[bool], list[float]]:
    return list(right.values()), [1 / chances[document] for document in right]
