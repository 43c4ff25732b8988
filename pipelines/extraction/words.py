"""Word model of a span field: the probability that a word starts, is inside, or ends it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.extraction.batch import Batch, gather
from pipelines.extraction.folds import Ensemble, Matrix, Plan, Vector, fit_ensemble, out_of_fold
from pipelines.extraction.labels import Label
from pipelines.extraction.measures import LINE_FEATURES, TOKEN_FEATURES
from pipelines.extraction.memory import Memory, combine, shares
from pipelines.extraction.text import Ints

ROLES = ("start", "inside", "end")
_AROUND = (-3, -2, -1, 1, 2, 3)
_SIDE = (-2, -1, 1, 2)
_NEAR = tuple(
    LINE_FEATURES.index(name)
    for name in ("left", "off_centre", "height", "gap_after", "words", "letters", "digits",
                 "ends_with_comma", "colons", "values")
)  # fmt: skip


@dataclass(frozen=True)
class WordModel:
    """Fitted model of one field."""

    words: Memory
    """Roles counted by the word."""
    places: Memory
    """Roles counted by the line it stands in (its letters) and its index there."""
    known_lines: Memory
    """How often a line, by its letters, held the value or a part of it."""
    roles: tuple[Ensemble, Ensemble, Ensemble]

    def __call__(self, batch: Batch, logits: Matrix, tokens: Ints) -> Vector:
        """Probabilities of the roles for the words `tokens`: shape (tokens, 3)."""
        matrix = _matrix(
            batch,
            logits,
            tokens,
            self.words(batch.lists["token_hash"]),
            self.places(_place_keys(batch)),
            self.known_lines(batch.lists["line_hash"]),
        )
        return np.stack([role(matrix) for role in self.roles], axis=1)


def gate(batch: Batch, logits: Vector, lines: int) -> Ints:
    """Words of the `lines` likeliest lines of each document; `logits` has one entry a line."""
    order = np.lexsort((-logits, batch.line_document))
    rank = np.arange(len(order)) - batch.line_begin[batch.line_document[order]]
    passes = np.zeros(len(order), dtype=np.bool_)
    passes[order[rank < lines]] = True
    return np.flatnonzero(passes[batch.token_line])


def fit(
    batch: Batch,
    logits: Matrix,
    tokens: Ints,
    label: Label,
    plan: Plan,
) -> tuple[WordModel, Vector]:
    """The model of one field and its out-of-fold probabilities of `tokens`, shape (tokens, 3)."""
    roles = _roles(batch, label)
    known = label.known & ((label.first >= 0) | np.array([t is None for t in label.text]))
    learn = known[batch.token_document]
    unit = plan.unit[batch.token_document]
    line_known = known[batch.line_document]
    line_target = label.line_right[:, None].astype(np.float32)
    words, word_counts = Memory.learn_out(batch.lists["token_hash"], unit, roles, learn)
    places, place_counts = Memory.learn_out(_place_keys(batch), unit, roles, learn)
    known_lines, line_counts = Memory.learn_out(
        batch.lists["line_hash"], plan.unit[batch.line_document], line_target, line_known
    )
    matrix = _matrix(batch, logits, tokens, word_counts, place_counts, line_counts)
    document = batch.token_document[tokens]
    names = feature_names(logits.shape[1])
    fitted: list[Ensemble] = []
    predicted = np.empty((len(tokens), len(ROLES)), dtype=np.float64)
    for role in range(len(ROLES)):
        target = roles[tokens, role] > 0

        def learn_from(
            rows: npt.NDArray[np.bool_],
            target: npt.NDArray[np.bool_] = target,
            role: int = role,
        ) -> Ensemble:
            return fit_ensemble(
                matrix,
                target,
                plan.weight[document],
                rows,
                names,
                seeds=[
                    plan.seed + 101 * member + role for member in range(plan.parameters.word_models)
                ],
                trees=plan.parameters.word_trees,
                num_leaves=plan.parameters.word_leaves,
                learning_rate=plan.parameters.learning_rate,
                feature_fraction=plan.parameters.word_feature_fraction,
                min_data_in_leaf=5,
                lambda_l2=1.0,
            )

        ensemble, predicted[:, role] = out_of_fold(
            learn_from, matrix, learn[tokens], plan.fold[document]
        )
        fitted.append(ensemble)
    model = WordModel(words.seen_twice(), places, known_lines, (fitted[0], fitted[1], fitted[2]))
    return model, predicted


def _roles(batch: Batch, label: Label) -> Matrix:
    """Which role each word of the batch has: shape (words, 3)."""
    roles = np.zeros((int(batch.n_tokens.sum()), len(ROLES)), dtype=np.float32)
    found = label.first >= 0
    roles[label.first[found], 0] = 1
    roles[label.last[found], 2] = 1
    for first, last in zip(label.first[found], label.last[found], strict=True):
        roles[first : last + 1, 1] = 1
    return roles


def _place_keys(batch: Batch) -> Ints:
    return combine(batch.lists["line_hash"][batch.token_line], batch.token_in_line)


def feature_names(fields: int) -> tuple[str, ...]:
    """Names of the columns of the word matrix."""
    return (
        *(f"word_{name}" for name in TOKEN_FEATURES),
        *(f"line_{name}" for name in LINE_FEATURES),
        *(f"line{at:+d}_{LINE_FEATURES[name]}" for at in _AROUND for name in _NEAR),
        *(f"line{at:+d}_text_{field}" for at in (0, *_AROUND) for field in range(fields)),
        *(f"word{at:+d}_{role}" for at in (0, *_SIDE) for role in ("seen", *ROLES)),
        *(f"place_{role}" for role in ("seen", *ROLES)),
        *(f"line{at:+d}_known_{role}" for at in (0, -1, 1) for role in ("seen", "inside")),
    )


def _matrix(
    batch: Batch,
    logits: Matrix,
    tokens: Ints,
    word_counts: Matrix,
    place_counts: Matrix,
    line_counts: Matrix,
) -> Matrix:
    line = batch.token_line[tokens]
    around = [batch.line_at(line, shift) for shift in _AROUND]
    words, lines = shares(word_counts), shares(line_counts)
    beside = [_beside(batch, tokens, shift) for shift in _SIDE]
    near = batch.line_features[:, _NEAR]
    return np.concatenate(
        [
            batch.token_features[tokens],
            batch.line_features[line],
            *(gather(near, index) for index in around),
            logits[line],
            *(gather(logits, index) for index in around),
            words[tokens],
            *(gather(words, index) for index in beside),
            shares(place_counts)[tokens],
            lines[line],
            *(gather(lines, batch.line_at(line, shift)) for shift in (-1, 1)),
        ],
        axis=1,
        dtype=np.float32,
    )


def _beside(batch: Batch, tokens: Ints, shift: int) -> Ints:
    """Index of the word `shift` further in the same document, -1 outside it."""
    document = batch.token_document[tokens]
    moved = tokens + shift
    begin = batch.token_begin[document]
    inside = (moved >= begin) & (moved < begin + batch.n_tokens[document])
    return np.where(inside, moved, -1)
