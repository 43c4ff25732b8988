"""Quality of the task `extraction` on one day: which fields of its documents were right.

Documents that came with typed fields, then or later, are labels. What reviewers said of documents
that were put before them for being uncertain is not: they are the hard ones, and the model would
look worse than it is. The audit sample, which chance drew, stands for those without labels.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import names
from pipelines.contracts.quality import Score
from pipelines.contracts.spec import ModelSpec
from pipelines.measures.outcomes import outcomes
from pipelines.measures.rate import Rate, rate
from pipelines.monitoring.quality import estimate

HEADLINE = "overall"
"""All fields of a document, as the share of them that was right."""


def columns(spec: ModelSpec) -> tuple[str, ...]:
    """Published columns that are read: key and labels."""
    del spec
    return (names.DOCUMENT_ID, names.FIELDS)


def label_days(spec: ModelSpec) -> int:
    """Fields are typed when the document is: they are known at once."""
    del spec
    return 0


def importance(spec: ModelSpec) -> dict[str, float]:
    """How much a fall of each metric matters: of a field by what an error in it costs."""
    costs = {name: spec.review.cost(name) for name in spec.fields}
    most = max(costs.values(), default=0.0) or 1.0
    return {HEADLINE: 1.0} | {name: cost / most / 2 for name, cost in costs.items()}


def measured(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> tuple[list[Score], int]:
    """Share of right answers by field and overall, and the number of labelled documents.

    An answer is right that equals the label; an empty one where the document has no such field.
    """
    key = names.DOCUMENT_ID
    labelled = rows.filter(pa.array([bool(one) for one in rows[names.FIELDS].to_pylist()]))
    documents = labelled.filter(pc.is_in(labelled[key], predictions[key].combine_chunks()))
    if not documents.num_rows:
        return [], 0
    answers = predictions.filter(pc.is_in(predictions[key], documents[key].combine_chunks()))
    found = outcomes(documents, answers, spec.fields)
    right = found.right(found.exact) & found.known
    scores = []
    for column, name in enumerate(found.fields):
        scores += of_rate(name, rate([*right[found.known[:, column], column]]))
    asked = found.known.sum(axis=1)
    shares = right.sum(axis=1)[asked > 0] / asked[asked > 0]
    return [*scores, *of_rate(HEADLINE, rate([*shares]))], documents.num_rows


def expected(rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> list[Score]:
    """The same shares as the documents' own confidence has them."""
    del rows
    found = np.array(
        [
            [by_name.get(name, np.nan) for name in spec.fields]
            for by_name in (
                {one["name"]: one["confidence"] for one in fields or ()}
                for fields in predictions[names.FIELDS].to_pylist()
            )
        ],
        dtype=np.float64,
    ).reshape(-1, len(spec.fields))
    scores = [
        estimate.accuracy(name, found[np.isfinite(found[:, column]), column])
        for column, name in enumerate(spec.fields)
        if np.isfinite(found[:, column]).any()
    ]
    told = found[np.isfinite(found)]
    if not len(told):
        return []
    whole = estimate.accuracy(HEADLINE, told)
    return [*scores, whole.model_copy(update={"weight": whole.weight / len(spec.fields)})]


def of_rate(metric: str, found: Rate | None) -> list[Score]:
    """A rate with Wilson's interval as a score; nothing for none."""
    if found is None:
        return []
    low, high = found.interval()
    return [Score(metric=metric, value=found.share, low=low, high=high, weight=found.effective)]
