"""Tasks as model.yaml names them. A new kind of task is a line here and a module."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import pyarrow as pa

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError

_TASKS = {
    "classification": "pipelines.tasks.classification",
    "extraction": "pipelines.tasks.extraction",
}


@dataclass(frozen=True)
class Examples:
    """The labelled ones of some rows, by what keeps rows apart, all in the same order."""

    keys: list[str]
    groups: Sequence[str | None]
    """None where the group of a row is not known."""
    contents: Sequence[str]
    """What makes two rows the same one for a split by content; empty for a split by time."""
    times: Sequence[datetime]
    """Empty for a split by content."""


class Task(Protocol):
    """What a module of this room has."""

    def label_columns(self, spec: ModelSpec) -> tuple[str, ...]:
        """Published columns that hold labels, groups, times and slices; the key is the first."""

    def truth_column(self, spec: ModelSpec) -> str:
        """Published column that is null or empty in a row that nobody has labelled."""

    def input_columns(self, spec: ModelSpec) -> tuple[str, ...]:
        """Published columns that a prediction is made of; the key is the first."""

    def example(self, rows: pa.Table, spec: ModelSpec) -> pa.Table:
        """Some rows with `input_columns` as they come to be predicted, for the model's page."""

    def examples(self, rows: pa.Table, spec: ModelSpec) -> Examples:
        """The labelled ones among `rows`, which have `label_columns`."""

    def answer(self, prediction: dict[str, Any]) -> dict[str, Any]:
        """One prediction without its key, as people read it in a JSON line."""

    def watched_columns(self, spec: ModelSpec) -> tuple[str, ...]:
        """Published columns that `watched_inputs` looks at; the key is the first."""

    def watched_inputs(self, rows: pa.Table, spec: ModelSpec) -> pa.Table:
        """What is watched of rows: flat columns, one row each in the same order.

        `rows` have those of `watched_columns` that are published, and what the functions of the
        groups added.
        """

    def watched_outputs(self, predictions: pa.Table, spec: ModelSpec) -> pa.Table:
        """The same of predictions; REVIEWED holds that by which people are asked."""

    def review_threshold(self, reviewed: pa.Array, rows_a_day: float, spec: ModelSpec) -> float:
        """From which value of REVIEWED a prediction is one that people look at.

        `reviewed` are values of the reference, which has so many rows a day.
        """


def task(name: str) -> Task:
    """The task `name`; raises MisconfiguredError."""
    if name not in _TASKS:
        known = ", ".join(sorted(_TASKS))
        raise MisconfiguredError(
            f"there is no task {name!r}; known: {known}. Mend `task:` in model.yaml."
        )
    return cast(Task, importlib.import_module(_TASKS[name]))
