"""Champion and candidate answer the same rows, batch by batch in turns, and are timed."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from pipelines import specs
from pipelines.errors import BadDataError
from pipelines.estimators.artefact import Artefact
from pipelines.scoring.batch import History, predict

BATCH_ROWS = 64
"""Rows of one turn: small, so that both models meet the same state of the machine."""

Clock = Callable[[], float]
"""Seconds; CPU time of the process, so that what else the machine does has no say."""


@dataclass(frozen=True)
class Answered:
    """Answers to some rows, and the CPU time they took in seconds."""

    predictions: pa.Table
    seconds: float


def answer(
    models: list[Artefact], rows: pa.Table, clock: Clock, history: History | None
) -> list[Answered]:
    """What each model answers to the rows, one row each in the same order.

    The first batch is answered once before, untimed: what is loaded on first use costs whoever
    comes first. Models that look at earlier rows get all rows at once. Raises BadDataError where
    a row is left without an answer.
    """
    batch = BATCH_ROWS if all(model.spec.history is None for model in models) else rows.num_rows
    tables: list[list[pa.Table]] = [[] for _ in models]
    seconds = [0.0] * len(models)
    for model in models:
        predict(model, rows.slice(0, BATCH_ROWS), history=history)
    for turn, start in enumerate(range(0, max(1, rows.num_rows), max(1, batch))):
        order = range(len(models)) if turn % 2 == 0 else reversed(range(len(models)))
        for which in order:
            begun = clock()
            tables[which].append(predict(models[which], rows.slice(start, batch), history=history))
            seconds[which] += clock() - begun
    found = [pa.concat_tables(parts) for parts in tables]
    for model, answers in zip(models, found, strict=True):
        _require_all(answers, rows, specs.key(model.spec))
    return [Answered(one, spent) for one, spent in zip(found, seconds, strict=True)]


def _require_all(answers: pa.Table, rows: pa.Table, key: str) -> None:
    """Raises BadDataError unless the answers are of the rows, in their order."""
    if key not in answers.column_names or answers[key].to_pylist() != rows[key].to_pylist():
        raise BadDataError(
            f"{answers.num_rows} answers with the columns {', '.join(answers.column_names)} to "
            f"{rows.num_rows} rows; expected one answer for each, named by {key!r}, in their "
            "order. Mend the estimator."
        )
