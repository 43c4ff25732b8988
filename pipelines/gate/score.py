"""Champion and candidate answer the same rows, batch by batch in turns, and are timed."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from pipelines.estimators.artefact import Artefact

BATCH_ROWS = 64
"""Rows of one turn: small, so that both models meet the same state of the machine."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Answered:
    """Answers to some rows, and the CPU time they took in seconds."""

    predictions: pa.Table
    seconds: float


def answer(models: list[Artefact], rows: pa.Table, clock: Clock) -> list[Answered]:
    """What each model answers to the rows, one row each in the same order.

    The first batch is answered once before, untimed: what is loaded on first use costs whoever
    comes first.
    """
    tables: list[list[pa.Table]] = [[] for _ in models]
    seconds = [0.0] * len(models)
    for model in models:
        model.answer(rows.slice(0, BATCH_ROWS))
    for turn, start in enumerate(range(0, rows.num_rows, BATCH_ROWS)):
        order = range(len(models)) if turn % 2 == 0 else reversed(range(len(models)))
        for which in order:
            begun = clock()
            tables[which].append(models[which].answer(rows.slice(start, BATCH_ROWS)))
            seconds[which] += clock() - begun
    return [
        Answered(pa.concat_tables(parts), spent)
        for parts, spent in zip(tables, seconds, strict=True)
    ]
