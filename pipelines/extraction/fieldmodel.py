"""All stages of one field, from places on the page to an answer with its confidence."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipelines.extraction import confidence, render, spans, valuefields, words
from pipelines.extraction.batch import Batch
from pipelines.extraction.confidence import Calibration
from pipelines.extraction.folds import Ensemble, Matrix, Plan, Vector
from pipelines.extraction.labels import Label
from pipelines.extraction.parameters import Parameters
from pipelines.extraction.render import Known, Options, Pick, Rendering
from pipelines.extraction.spans import SpanModel
from pipelines.extraction.spellings import cased, printed
from pipelines.extraction.store import Store
from pipelines.extraction.text import Ints
from pipelines.extraction.valuefields import ValueModel
from pipelines.extraction.values import GENERATORS
from pipelines.extraction.words import ROLES, WordModel


@dataclass(frozen=True)
class Answer:
    """The answer for one field of one document; `lines` (over the batch) hold the value."""

    value: str | None
    confidence: float
    lines: tuple[int, ...] = ()


class Places(Protocol):
    """Finds the likely places of a value."""

    def picks(self, batch: Batch, logits: Matrix, column: int) -> list[Pick]:
        """The likeliest places of each document, best first; `column` is the field's."""

    def put(self, store: Store, name: str) -> None:
        """Adds itself to the files."""

    def ensembles(self) -> dict[str, Ensemble]:
        """Its trees by stage."""


@dataclass(frozen=True)
class SpanPlaces:
    """Places of a span field."""

    words: WordModel
    spans: SpanModel
    parameters: Parameters

    def picks(self, batch: Batch, logits: Matrix, column: int) -> list[Pick]:
        of_field = logits[:, column].astype(np.float64)
        tokens = words.gate(batch, of_field, self.parameters.gate_lines)
        roles = self.words(batch, logits, tokens)
        found, chance = self.spans(batch, of_field, tokens, roles, self.parameters.candidates)
        return _span_picks(found, chance)

    def put(self, store: Store, name: str) -> None:
        store.put_memory(f"{name}.words", self.words.words)
        store.put_memory(f"{name}.places", self.words.places)
        store.put_memory(f"{name}.lines", self.words.known_lines)
        store.put_memory(f"{name}.known", self.spans.known)

    def ensembles(self) -> dict[str, Ensemble]:
        return {
            **dict(zip(ROLES, self.words.roles, strict=True)),
            "span": self.spans.ranker,
        }

    @classmethod
    def get(cls, store: Store, name: str, parameters: Parameters) -> "SpanPlaces":
        start, inside, end = (store.ensemble(f"{name}.{role}") for role in ROLES)
        return cls(
            WordModel(
                store.memory(f"{name}.words"),
                store.memory(f"{name}.places"),
                store.memory(f"{name}.lines"),
                (start, inside, end),
            ),
            SpanModel(store.memory(f"{name}.known"), store.ensemble(f"{name}.span")),
            parameters,
        )


@dataclass(frozen=True)
class ValuePlaces:
    """Places of a value field."""

    model: ValueModel

    def picks(self, batch: Batch, logits: Matrix, column: int) -> list[Pick]:
        del column
        return _value_picks(batch, *self.model(batch, logits))

    def put(self, store: Store, name: str) -> None:
        store.put_memory(f"{name}.contexts", self.model.contexts)

    def ensembles(self) -> dict[str, Ensemble]:
        return {"value": self.model.trees}

    @classmethod
    def get(cls, store: Store, name: str, kind: str) -> "ValuePlaces":
        return cls(
            ValueModel(kind, store.memory(f"{name}.contexts"), store.ensemble(f"{name}.value"))
        )


@dataclass(frozen=True)
class FieldModel:
    """Fitted model of one field."""

    kind: str
    places: Places
    rendering: Rendering
    calibration: Calibration
    least: float

    def __call__(self, batch: Batch, logits: Matrix, column: int) -> list[Answer]:
        """One answer a document; `logits` are the line model's, `column` this field's."""
        picks = self.places.picks(batch, logits, column)
        options, chance = self.rendering(batch, picks)
        answers = [Answer(None, self.calibration.absent)] * len(batch)
        for document, best, signals in _best(options, chance, picks):
            sure = self.calibration(signals)
            if sure >= self.least:
                pick = picks[options.pick[best]]
                value = cased(options.text[best], printed(batch, pick.first, pick.last))
                answers[document] = Answer(value, sure, _lines(batch, pick))
        return answers

    def put(self, store: Store, name: str) -> None:
        """Adds itself to the files."""
        self.places.put(store, name)
        store.put_memory(f"{name}.habits", self.rendering.habits)
        for stage, ensemble in self.ensembles().items():
            store.put_ensemble(f"{name}.{stage}", ensemble)
        store.facts.setdefault("fields", {})[name] = {
            "kind": self.kind,
            "rules": list(self.rendering.rules),
            "known": self.rendering.known.counts,
            "calibration": self.calibration.weights,
            "absent": self.calibration.absent,
        }

    @classmethod
    def get(cls, store: Store, name: str, parameters: Parameters) -> "FieldModel":
        """Reads itself from the files."""
        facts: dict[str, Any] = store.facts["fields"][name]
        places: Places = (
            ValuePlaces.get(store, name, facts["kind"])
            if facts["kind"] in GENERATORS
            else SpanPlaces.get(store, name, parameters)
        )
        rendering = Rendering(
            tuple(facts["rules"]),
            Known(facts["known"]),
            store.memory(f"{name}.habits"),
            store.ensemble(f"{name}.spelling"),
        )
        calibration = Calibration(facts["calibration"], facts["absent"])
        return cls(facts["kind"], places, rendering, calibration, parameters.least_confidence)

    def ensembles(self) -> dict[str, Ensemble]:
        """All trees by stage."""
        return {**self.places.ensembles(), "spelling": self.rendering.ranker}


def fit(
    batch: Batch,
    logits: Matrix,
    column: int,
    kind: str,
    label: Label,
    plan: Plan,
) -> FieldModel:
    """All stages of one field; `logits` are the line model's out-of-fold ones."""
    places: Places
    if kind in GENERATORS:
        model, index, chance = valuefields.fit(batch, logits, label, kind, plan)
        places, picks = ValuePlaces(model), _value_picks(batch, index, chance)
    else:
        of_field = logits[:, column].astype(np.float64)
        tokens = words.gate(batch, of_field, plan.parameters.gate_lines)
        word_model, roles = words.fit(batch, logits, tokens, label, plan)
        span_model, found, chance = spans.fit(batch, of_field, tokens, roles, label, plan)
        places = SpanPlaces(word_model, span_model, plan.parameters)
        picks = _span_picks(found, chance)
    rendering, options, chance = render.fit(batch, picks, label, plan, span=kind not in GENERATORS)
    best = _best(options, chance, picks)
    # How often an answer is right is told by the own documents alone.
    judged = label.known & plan.own
    known = [row for row in best if judged[row[0]]]
    right = np.array([options.text[at] == label.text[d] for d, at, _ in known], np.bool_)
    absent = np.array([label.text[d] is None for d, _, _ in known], np.bool_)
    rows = np.array([signals for _, _, signals in known]).reshape(len(known), -1)
    calibration = confidence.fit(rows, right, absent, plan.parameters.least_confidence)
    return FieldModel(kind, places, rendering, calibration, plan.parameters.least_confidence)


def _best(options: Options, chance: Vector, picks: list[Pick]) -> list[tuple[int, int, Vector]]:
    """Of each document with options: the likeliest one and its signals for confidence."""
    order = np.lexsort((-chance, options.document))
    firsts = np.flatnonzero(np.diff(options.document[order], prepend=-1))
    best = []
    for at in firsts.tolist():
        top = int(order[at])
        document = int(options.document[top])
        follows = at + 1 < len(order) and options.document[order[at + 1]] == document
        second = float(chance[order[at + 1]]) if follows else 0.0
        pick = picks[options.pick[top]]
        signals = confidence.signals(
            float(chance[top]), float(chance[top]) - second, pick.probability, pick.lead
        )
        best.append((document, top, signals))
    return best


def _lines(batch: Batch, pick: Pick) -> tuple[int, ...]:
    if pick.last < 0:
        return (int(batch.value_line[pick.first]),)
    first, last = batch.token_line[pick.first], batch.token_line[pick.last]
    return tuple(range(int(first), int(last) + 1))


def _span_picks(found: spans.Spans, chance: Vector) -> list[Pick]:
    return _two_best(found.document, found.key, found.first, found.last, chance)


def _value_picks(batch: Batch, index: Ints, chance: Vector) -> list[Pick]:
    text = [batch.value_text[at] for at in index.tolist()]
    numbers = {value: number for number, value in enumerate(dict.fromkeys(text))}
    key = np.array([numbers[value] for value in text], dtype=np.int64)
    nowhere = np.full(len(index), -1, dtype=np.int64)
    return _two_best(batch.value_document[index], key, index, nowhere, chance)


def _two_best(
    document: Ints, key: npt.NDArray[np.int64], first: Ints, last: Ints, chance: Vector
) -> list[Pick]:
    """The likeliest place of each document and the likeliest with another value."""
    order = np.lexsort((-chance, document)).tolist()
    picks: list[Pick] = []
    at = 0
    while at < len(order):
        top = order[at]
        same = at
        while same < len(order) and document[order[same]] == document[top]:
            same += 1
        other = next((o for o in order[at + 1 : same] if key[o] != key[top]), None)
        best, rest = float(chance[top]), float(chance[other]) if other is not None else 0.0
        where = int(document[top])
        picks.append(Pick(where, int(first[top]), int(last[top]), best, best - rest))
        if other is not None:
            picks.append(Pick(where, int(first[other]), int(last[other]), rest, rest - best))
        at = same
    return picks
