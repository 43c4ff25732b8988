"""Value model: which date, amount or code of the page is the field's."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.extraction.batch import Batch, gather
from pipelines.extraction.candidates import VALUE_FEATURES
from pipelines.extraction.folds import Ensemble, Matrix, Plan, Vector, fit_ensemble, out_of_fold
from pipelines.extraction.labels import Label
from pipelines.extraction.measures import LINE_FEATURES
from pipelines.extraction.memory import Memory, shares
from pipelines.extraction.text import Ints

_NEAR = tuple(
    LINE_FEATURES.index(name)
    for name in ("index", "index_from_end", "middle", "middle_of_text", "left", "right", "height",
                 "gap_before", "gap_after", "characters", "letters", "digits", "values",
                 "has_left")
)  # fmt: skip


@dataclass(frozen=True)
class ValueModel:
    """Fitted model of one field."""

    kind: str
    contexts: Memory
    """How often the words before a candidate stood before the right one."""
    trees: Ensemble

    def __call__(self, batch: Batch, logits: Matrix) -> tuple[Ints, Vector]:
        """Candidates (over the batch) and the probability that each is the value."""
        index = np.flatnonzero(batch.value_kind == self.kind)
        matrix = _matrix(
            batch,
            logits,
            index,
            self.contexts(batch.lists["value_context"][index]),
        )
        return index, self.trees(self.trees.known(matrix, feature_names(logits.shape[1])))


def fit(
    batch: Batch,
    logits: Matrix,
    label: Label,
    kind: str,
    plan: Plan,
) -> tuple[ValueModel, Ints, Vector]:
    """The model of one field, its candidates and their out-of-fold probabilities."""
    index = np.flatnonzero(batch.value_kind == kind)
    document = batch.value_document[index]
    target = label.value_right[index]
    learn = label.known[document]
    right = target[:, None].astype(np.float32)
    contexts, context_counts = Memory.learn_out(
        batch.lists["value_context"][index], plan.unit[document], right, learn
    )
    matrix = _matrix(batch, logits, index, context_counts)
    names = feature_names(logits.shape[1])

    def learn_from(rows: npt.NDArray[np.bool_]) -> Ensemble:
        return fit_ensemble(
            matrix,
            target,
            plan.weight[document],
            rows,
            names,
            seeds=[plan.seed + 101 * member for member in range(plan.parameters.word_models)],
            trees=plan.parameters.value_trees,
            num_leaves=plan.parameters.word_leaves,
            learning_rate=plan.parameters.learning_rate,
            feature_fraction=0.4,
            min_data_in_leaf=5,
            lambda_l2=1.0,
        )

    trees, predicted = out_of_fold(learn_from, matrix, learn, plan.fold[document])
    return ValueModel(kind, contexts.seen_twice(), trees), index, predicted


def feature_names(fields: int) -> tuple[str, ...]:
    """Names of the columns of the value matrix."""
    return (
        *(f"value_{name}" for name in VALUE_FEATURES),
        *(f"line_{LINE_FEATURES[at]}" for at in _NEAR),
        *(f"{where}_text_{field}" for where in _WHERE for field in range(fields)),
        *(f"best_copy_text_{field}" for field in range(fields)),
        *(f"context_{name}" for name in ("seen", "right")),
        *(f"best_copy_context_{name}" for name in ("seen", "right")),
    )


_WHERE = ("own", "left", "above", "before", "behind")


def _matrix(batch: Batch, logits: Matrix, index: Ints, context_counts: Matrix) -> Matrix:
    line = batch.value_line[index]
    own, contexts = logits[line], shares(context_counts)
    copies = _copies(batch, index)
    return np.concatenate(
        [
            batch.value_features[index],
            batch.line_features[line][:, _NEAR],
            own,
            gather(logits, batch.line_left[line]),
            gather(logits, batch.line_above[line]),
            gather(logits, batch.line_at(line, -1)),
            gather(logits, batch.line_at(line, 1)),
            _best(own, copies),
            contexts,
            _best(contexts, copies),
        ],
        axis=1,
        dtype=np.float32,
    )


def _copies(batch: Batch, index: Ints) -> Ints:
    """A number for each value of a document, the same for its copies on the page."""
    document = batch.value_document[index]
    numbers: dict[tuple[int, str], int] = {}
    return np.array(
        [
            numbers.setdefault((at, batch.value_text[value]), len(numbers))
            for at, value in zip(document.tolist(), index.tolist(), strict=True)
        ],
        dtype=np.int64,
    )


def _best(matrix: Matrix, group: Ints) -> Matrix:
    """Largest value of each column in the row's group."""
    best = np.full((int(group.max(initial=-1)) + 1, matrix.shape[1]), -np.inf, np.float32)
    np.maximum.at(best, group, matrix)
    return best[group]
