"""Span ranker: the best starts times the best ends of a document, and which pair is right."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.extraction.batch import Batch
from pipelines.extraction.folds import Ensemble, Matrix, Plan, Vector, fit_ensemble, out_of_fold
from pipelines.extraction.labels import Label
from pipelines.extraction.measures import LINE_FEATURES, TOKEN_FEATURES
from pipelines.extraction.memory import Memory, of_unit
from pipelines.extraction.text import Hasher, Hashes, Ints, characters, mix, words

_STARTS, _ENDS = 5, 6
_MOST_LINES = 12
_SCALE = float(1 << 24)  # probabilities are summed as whole numbers, so exactly

_DIGITS = TOKEN_FEATURES.index("digits")
_LENGTH = TOKEN_FEATURES.index("length")
_FROM_END = TOKEN_FEATURES.index("index_from_end")

FEATURES = (
    "start", "end", "start_rank", "end_rank", "start_lead", "end_lead", "inside", "doubtful",
    "inside_before", "inside_after", "missed", "words", "lines", "characters", "digits",
    "text_mean", "text_before", "text_after", "starts_line", "ends_line", "top", "known",
    "known_here", "rank", "candidates", "off_centre", "height",
)  # fmt: skip


@dataclass(frozen=True)
class Spans:
    """Candidate spans, document by document; `first` and `last` are words over the batch."""

    document: Ints
    first: Ints
    last: Ints
    features: Matrix
    key: Ints
    """Hash of the words."""


@dataclass(frozen=True)
class SpanModel:
    """Fitted ranker of one field."""

    known: Memory
    """How often a sequence of words was a label."""
    ranker: Ensemble

    def __call__(
        self, batch: Batch, logits: Vector, tokens: Ints, roles: Vector, most: int
    ) -> tuple[Spans, Vector]:
        """Candidates and the probability that each is the value."""
        spans = _spans(batch, logits, tokens, roles, most)
        _set_known(spans, self.known(spans.key))
        return spans, self.ranker(spans.features)


def fit(
    batch: Batch,
    logits: Vector,
    tokens: Ints,
    roles: Vector,
    label: Label,
    plan: Plan,
) -> tuple[SpanModel, Spans, Vector]:
    """The ranker of one field, its candidates and their out-of-fold probabilities."""
    spans = _spans(batch, logits, tokens, roles, plan.parameters.candidates)
    labelled = np.flatnonzero(label.known & np.array([text is not None for text in label.text]))
    keys = text_keys([label.text[row] or "" for row in labelled.tolist()])
    known = Memory.learn(keys, np.zeros((len(keys), 0), np.float32))
    counts = known(spans.key)
    mine = Memory.learn(of_unit(keys, plan.unit[labelled]), np.zeros((len(keys), 0), np.float32))
    counts -= mine(of_unit(spans.key, plan.unit[spans.document]))
    _set_known(spans, counts)
    exact = _keys(batch, label.first[spans.document], label.last[spans.document])
    target = (exact == spans.key) & (label.first[spans.document] >= 0)
    in_text = [text is None for text in label.text]
    learn = (label.known & ((label.first >= 0) | np.array(in_text)))[spans.document]

    def learn_from(rows: npt.NDArray[np.bool_]) -> Ensemble:
        return fit_ensemble(
            spans.features,
            target,
            plan.weight[spans.document],
            rows,
            FEATURES,
            seeds=[plan.seed],
            trees=plan.parameters.rank_trees,
            num_leaves=7,
            learning_rate=plan.parameters.learning_rate,
            feature_fraction=0.5,
            min_data_in_leaf=10,
            lambda_l2=1.0,
        )

    ranker, predicted = out_of_fold(learn_from, spans.features, learn, plan.fold[spans.document])
    return SpanModel(known, ranker), spans, predicted


def text_keys(texts: list[str]) -> Ints:
    """Hash of the words of each text, as `Spans.key` has it; 0 without words."""
    chars = characters(texts)
    found = words(chars)
    hashes = Hasher(chars, chars.is_word)(found.start, found.end)
    counts = np.bincount(found.line, minlength=len(texts)).astype(np.int64)
    last = np.cumsum(counts)
    return _Sequence(hashes)(last - counts, last)


class _Sequence:
    """Hashes of stretches of words, whatever the words are cut by."""

    _FACTOR = 0xD6E8FEB86659FD93

    def __init__(self, hashes: Hashes) -> None:
        n = len(hashes)
        powers = np.full(n + 1, self._FACTOR, dtype=np.uint64)
        inverse = np.full(n + 1, pow(self._FACTOR, -1, 1 << 64), dtype=np.uint64)
        powers[0] = inverse[0] = 1
        self._inverse = np.cumprod(inverse, dtype=np.uint64)
        terms = hashes * np.cumprod(powers, dtype=np.uint64)[:n]
        self._sum = np.concatenate((np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)))

    def __call__(self, first: Ints, end: Ints) -> Ints:
        return mix((self._sum[end] - self._sum[first]) * self._inverse[first]).view(np.int64)


def _keys(batch: Batch, first: Ints, last: Ints) -> Ints:
    hashes = batch.lists["token_hash"].view(np.uint64)
    return _Sequence(hashes)(np.maximum(first, 0), np.maximum(last, -1) + 1)


def _top(
    document: Ints, probability: Vector, most: int, documents: int
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Positions of the `most` likeliest of each document: shape (documents, most), and which
    of the places are filled. Equals keep their order on the page."""
    order = np.lexsort((-probability, document))
    counts = np.bincount(document, minlength=documents)
    begin = np.cumsum(counts) - counts
    place = np.arange(most)
    filled = place < counts[:, None]
    return order[np.where(filled, begin[:, None] + place, 0)] if len(order) else np.zeros(
        (documents, most), np.int64
    ), filled


def _spans(batch: Batch, logits: Vector, tokens: Ints, roles: Vector, most: int) -> Spans:
    """Pairs of a likely start and a likely end behind it, the `most` best of each document."""
    document = batch.token_document[tokens]
    starts, has_start = _top(document, roles[:, 0], _STARTS, len(batch))
    ends, has_end = _top(document, roles[:, 2], _ENDS, len(batch))
    row, s, e = np.nonzero(has_start[:, :, None] & has_end[:, None, :])
    start, end = starts[row, s], ends[row, e]
    first, last = tokens[start], tokens[end]
    lines = batch.token_line[last] - batch.token_line[first]
    fits = (first <= last) & (lines < _MOST_LINES)
    row, s, e, start, end = (values[fits] for values in (row, s, e, start, end))
    inside = _Inside(batch, tokens, roles[:, 1])
    mean = inside.total(tokens[start], tokens[end]) / (tokens[end] - tokens[start] + 1)
    score = roles[start, 0] * roles[end, 2] * mean
    order = np.lexsort((-score, row))
    counts = np.bincount(row, minlength=len(batch))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = order[rank < most]
    rank = rank[rank < most]
    row, s, e, start, end = (values[kept] for values in (row, s, e, start, end))
    first, last = tokens[start], tokens[end]
    measured = _features(batch, logits, inside, first, last)
    measured |= {
        "start": roles[start, 0], "end": roles[end, 2], "start_rank": s, "end_rank": e,
        "start_lead": roles[start, 0] / np.maximum(roles[starts[row, 0], 0], 1e-9),
        "end_lead": roles[end, 2] / np.maximum(roles[ends[row, 0], 2], 1e-9),
        "rank": rank, "candidates": np.bincount(row, minlength=len(batch))[row],
    }  # fmt: skip
    matrix = np.zeros((len(row), len(FEATURES)), dtype=np.float32)
    for name, values in measured.items():
        matrix[:, FEATURES.index(name)] = values
    return Spans(row, first, last, matrix, _keys(batch, first, last))


class _Inside:
    """Sums over words of the probability of being inside, exact whatever the batch is."""

    def __init__(self, batch: Batch, tokens: Ints, probability: Vector) -> None:
        self.each = np.zeros(int(batch.n_tokens.sum()) + 1)
        self.each[tokens] = probability
        whole = np.rint(self.each * _SCALE).astype(np.int64)
        self._sum = np.concatenate(([0], np.cumsum(whole)))
        self._doubtful = np.concatenate(([0], np.cumsum(self.each < 0.5)))

    def total(self, first: Ints, last: Ints) -> Vector:
        return (self._sum[last + 1] - self._sum[first]) / _SCALE

    def doubtful(self, first: Ints, last: Ints) -> Ints:
        count: Ints = self._doubtful[last + 1] - self._doubtful[first]
        return count


def _features(
    batch: Batch, logits: Vector, inside: _Inside, first: Ints, last: Ints
) -> dict[str, npt.NDArray[np.generic]]:
    document = batch.token_document[first]
    begin, end = batch.token_begin[document], (batch.token_begin + batch.n_tokens)[document] - 1
    first_line, last_line = batch.token_line[first], batch.token_line[last]
    digits = np.concatenate(([0], np.cumsum(batch.token_features[:, _DIGITS], dtype=np.int64)))
    length = np.concatenate(([0], np.cumsum(batch.token_features[:, _LENGTH], dtype=np.int64)))
    whole = np.concatenate(([0], np.cumsum(np.rint(logits * _SCALE).astype(np.int64))))
    padded = np.append(logits, np.nan)
    n_words = last - first + 1
    total = inside.total(first, last)
    return {
        "inside": total / n_words,
        "doubtful": inside.doubtful(first, last),
        "inside_before": np.where(first > begin, inside.each[first - 1], 0.0),
        "inside_after": np.where(last < end, inside.each[last + 1], 0.0),
        "missed": inside.total(begin, end) - total,
        "words": n_words,
        "lines": last_line - first_line + 1,
        "characters": length[last + 1] - length[first],
        "digits": digits[last + 1] - digits[first],
        "text_mean": (whole[last_line + 1] - whole[first_line])
        / _SCALE
        / (last_line - first_line + 1),
        "text_before": padded[batch.line_at(first_line, -1)],
        "text_after": padded[batch.line_at(last_line, 1)],
        "starts_line": batch.token_in_line[first] == 0,
        "ends_line": batch.token_features[last, _FROM_END] == 0,
        "top": batch.line_features[first_line, LINE_FEATURES.index("middle_of_text")],
        "off_centre": batch.line_features[first_line, LINE_FEATURES.index("off_centre")],
        "height": batch.line_features[first_line, LINE_FEATURES.index("height")],
    }


def _set_known(spans: Spans, counts: Matrix) -> None:
    """Fills in how often the words were a label, and whether any candidate's were."""
    known = counts[:, 0]
    best = np.zeros(int(spans.document.max(initial=-1)) + 1, dtype=np.float32)
    np.maximum.at(best, spans.document, known)
    spans.features[:, FEATURES.index("known")] = known
    spans.features[:, FEATURES.index("known_here")] = best[spans.document]
