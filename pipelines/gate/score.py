"""Champion and candidate answer the same rows, batch by batch in turns, and are timed."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

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
    comes first. Models that look at earlier rows get all rows at once.
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
    return [
        Answered(pa.concat_tables(parts), spent)
        for parts, spent in zip(tables, seconds, strict=True)
    ]
