"""Rendering: which spelling of the likeliest values people would have typed.

Candidates are the spellings of the two likeliest places on the page and, for spans, strings
that people typed for the same or nearly the same letters in the training documents.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipelines.extraction.batch import Batch
from pipelines.extraction.folds import Ensemble, Matrix, Plan, Vector, fit_ensemble, out_of_fold
from pipelines.extraction.labels import Label
from pipelines.extraction.memory import Memory, shares
from pipelines.extraction.spellings import SPAN_RULES, VALUE_RULES, of_span, of_value
from pipelines.extraction.text import BUCKET_BITS, Ints, characters, ngrams
from pipelines.extraction.values import letters_and_digits

_HEAD = 10
"""Lines from the head of a document that say whose it is."""
_NEAR_STRINGS = 3
_NEAR = 0.6
"""Least cosine of n-grams at which a known string is taken to be the same value."""


@dataclass(frozen=True)
class Pick:
    """One likely place of a value: words (a span) or a candidate value of the batch."""

    document: int
    first: int
    last: int
    """Last word of a span; -1 for a value, whose `first` is the candidate."""
    probability: float
    lead: float
    """Its probability over that of the best other place."""


@dataclass(frozen=True)
class Options:
    """Spellings to choose from, document by document."""

    document: Ints
    pick: Ints
    """Index of the pick that each spells."""
    text: list[str]
    features: Matrix


@dataclass(frozen=True)
class Known:
    """Strings that people typed, how often, and their letters for finding near ones."""

    counts: dict[str, int]

    def near(self, texts: list[str]) -> list[list[tuple[str, float]]]:
        """For each text the known strings that are close, best first, with their cosine."""
        strings = sorted(self.counts)
        if not strings or not texts:
            return [[] for _ in texts]
        cosine = (_bags(texts) @ _bags(strings).T).tocsr()
        found = []
        for row in range(len(texts)):
            span = slice(cosine.indptr[row], cosine.indptr[row + 1])
            scores, places = cosine.data[span], cosine.indices[span]
            order = np.lexsort((places, -scores))[:_NEAR_STRINGS]
            found.append([
                (strings[places[at]], float(scores[at])) for at in order if scores[at] >= _NEAR
            ])
        return found


def _bags(texts: list[str]) -> sparse.csr_matrix:
    """N-grams of each text's letters and digits, of length one."""
    buckets, counts = ngrams(characters([letters_and_digits(text) for text in texts]))
    bag = sparse.csr_matrix(
        (
            np.ones(len(buckets), np.float64),
            buckets,
            np.concatenate(([0], np.cumsum(counts))),
        ),
        shape=(len(texts), 1 << BUCKET_BITS),
    )
    bag.sum_duplicates()
    norm = np.sqrt(np.asarray(bag.multiply(bag).sum(axis=1)).ravel())
    return sparse.diags_array(1 / np.where(norm > 0, norm, 1.0)).tocsr() @ bag


@dataclass(frozen=True)
class Rendering:
    """Fitted ranker of one field's spellings."""

    rules: tuple[str, ...]
    known: Known
    habits: Memory
    """By line at the head of a document: how often each rule wrote what people typed."""
    ranker: Ensemble

    def __call__(self, batch: Batch, picks: list[Pick]) -> tuple[Options, Vector]:
        """Spellings of the picks and the probability that each is what people would type."""
        habits = _habits(batch, self.habits(_head_keys(batch)[1]))
        options = _options(batch, picks, self.rules, self.known, habits, None)
        return options, self.ranker(options.features)


def fit(
    batch: Batch,
    picks: list[Pick],
    label: Label,
    plan: Plan,
    *,
    span: bool,
) -> tuple[Rendering, Options, Vector]:
    """The ranker, the spellings of the out-of-fold `picks` and their out-of-fold probability."""
    rules = SPAN_RULES if span else VALUE_RULES
    counts: dict[str, int] = {}
    for text in label.text:
        if span and text:
            counts[text] = counts.get(text, 0) + 1
    known = Known(counts)
    own = [
        Counter(label.text[other] or "" for other in np.flatnonzero(plan.unit == unit).tolist())
        for unit in plan.unit.tolist()
    ]
    document, keys = _head_keys(batch)
    used = _used_rules(batch, picks, label, rules)
    typed = np.asarray(used.any(axis=1))
    habits, habit_counts = Memory.learn_out(
        keys, plan.unit[document], used[document], typed[document]
    )
    options = _options(batch, picks, rules, known, _habits(batch, habit_counts), own)
    target = np.array(
        [
            text == label.text[at]
            for text, at in zip(options.text, options.document.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )
    learn = np.array([text is not None for text in label.text])[options.document]

    def learn_from(rows: npt.NDArray[np.bool_]) -> Ensemble:
        return fit_ensemble(
            options.features,
            target,
            plan.weight[options.document],
            rows,
            feature_names(rules),
            seeds=[plan.seed],
            trees=plan.parameters.render_trees,
            num_leaves=12,
            learning_rate=plan.parameters.learning_rate,
            feature_fraction=0.6,
            min_data_in_leaf=10,
            lambda_l2=1.0,
        )

    ranker, predicted = out_of_fold(
        learn_from, options.features, learn, plan.fold[options.document]
    )
    return Rendering(rules, known, habits.seen_twice(), ranker), options, predicted


def _spellings(batch: Batch, pick: Pick) -> dict[str, frozenset[str]]:
    return of_value(batch, pick.first) if pick.last < 0 else of_span(batch, pick.first, pick.last)


def _used_rules(batch: Batch, picks: list[Pick], label: Label, rules: tuple[str, ...]) -> Matrix:
    """Of each document, which rules write a pick as people typed it: shape (documents, rules)."""
    used = np.zeros((len(batch), len(rules)), dtype=np.float32)
    for pick in picks:
        bits = _spellings(batch, pick).get(label.text[pick.document] or "", frozenset())
        for rule in bits:
            used[pick.document, rules.index(rule)] = 1
    return used


def _head_keys(batch: Batch) -> tuple[Ints, Ints]:
    """Document and letters (hash) of each line at the head of a document."""
    place = np.arange(int(batch.n_lines.sum())) - batch.line_begin[batch.line_document]
    lines = np.flatnonzero((place < _HEAD) & (batch.lists["line_hash"] != 0))
    return batch.line_document[lines], batch.lists["line_hash"][lines].astype(np.int64)


def _habits(batch: Batch, counts: Matrix) -> Matrix:
    """Rules used in documents with the same lines at their head: shape (documents, 1 + rules)."""
    document, _ = _head_keys(batch)
    summed = np.zeros((len(batch), counts.shape[1]), dtype=np.float32)
    np.add.at(summed, document, counts)  # whole numbers: the order does not matter
    return shares(summed, prior=0.5)


def feature_names(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns of the options' matrix."""
    return (
        "place_probability", "place_lead", "place_rank", "on_page", "known", "known_share",
        "known_same_letters", "similarity", "length", "length_ratio", "commas", "spaces", "marks",
        "ends_with_mark", "lines", "habit", "options", "seen_heads",
        *(f"rule_{rule}" for rule in rules),
        *(f"habit_{rule}" for rule in rules),
    )  # fmt: skip


def _options(
    batch: Batch,
    picks: list[Pick],
    rules: tuple[str, ...],
    known: Known,
    habits: Matrix,
    own: list[Counter[str]] | None,
) -> Options:
    """All spellings of the picks with their measures; the strings that `own` counts for a
    document, those of its unit, are left out of the memory."""
    spelled = [_spellings(batch, pick) for pick in picks]
    base = [next(iter(spelling), "") for spelling in spelled]
    near = known.near(base)
    seen: set[tuple[int, str]] = set()
    document: list[int] = []
    pick_index: list[int] = []
    texts: list[str] = []
    rows: list[list[float]] = []
    rank: dict[int, int] = {}
    for index, (pick, spelling) in enumerate(zip(picks, spelled, strict=True)):
        mine = own[pick.document] if own is not None else Counter[str]()
        counts = {text: known.counts[text] - mine[text] for text, _ in near[index]}
        similarity = {text: score for text, score in near[index] if counts[text] > 0}
        place = rank[pick.document] = rank.get(pick.document, -1) + 1
        key = letters_and_digits(base[index])
        same = {text: counts[text] for text in similarity if letters_and_digits(text) == key}
        total = sum(counts[text] for text in similarity)
        habit = habits[pick.document]
        for text in (*spelling, *(text for text in similarity if text not in spelling)):
            if (pick.document, text) in seen:
                continue
            seen.add((pick.document, text))
            bits = spelling.get(text, frozenset())
            flags = [float(rule in bits) for rule in rules]
            count = counts.get(text, 0)
            agreed = sum(f * h for f, h in zip(flags, habit[1:], strict=True))
            rows.append([
                pick.probability, pick.lead, place, bool(bits), count, count / max(total, 1),
                sum(same.values()), similarity.get(text, 0.0), len(text),
                len(text) / max(len(base[index]), 1), text.count(","), text.count(" "),
                sum(not c.isalnum() and c != " " for c in text), not text[-1:].isalnum(),
                0 if pick.last < 0 else batch.token_line[pick.last] - batch.token_line[pick.first],
                agreed / max(sum(flags), 1.0), len(spelling), habit[0], *flags, *habit[1:],
            ])  # fmt: skip
            document.append(pick.document)
            pick_index.append(index)
            texts.append(text)
    matrix = np.array(rows, dtype=np.float32).reshape(len(rows), len(feature_names(rules)))
    return Options(
        np.array(document, dtype=np.int64), np.array(pick_index, dtype=np.int64), texts, matrix
    )
