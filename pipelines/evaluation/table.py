"""Tasks that can be evaluated, as model.yaml names them. A new one is a line here and a module."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import pyarrow as pa

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError
from pipelines.evaluation.figures import Table

_TASKS = {
    "classification": "pipelines.evaluation.classification",
    "extraction": "pipelines.evaluation.extraction",
}
_REPORTS = {
    "classification": "pipelines.evaluation.report_classification",
    "extraction": "pipelines.evaluation.report",
}


class Evaluation(Protocol):
    """All that is measured of one set of predictions."""

    @property
    def unit(self) -> str:
        """What is counted, e.g. `documents`."""

    @property
    def count(self) -> int:
        """How many of them count."""

    def metrics(self) -> dict[str, float]:
        """Every figure by a flat name."""

    def figures(self) -> dict[str, float]:
        """The few that decide, small enough for XCom."""

    def headline(self) -> dict[str, list[float]]:
        """Score and ends of its interval by name; `overall` is the one that decides."""

    def summary(self) -> dict[str, Any]:
        """What `millrace evaluate --json` prints."""

    def table(self) -> Table:
        """The same for people."""


class Evaluating(Protocol):
    """What a task's module has. `rows` have the task's label columns."""

    def evaluate(
        self,
        rows: pa.Table,
        predictions: pa.Table,
        spec: ModelSpec,
        parts: Mapping[str, str] | None = None,
    ) -> Evaluation:
        """Scores; `parts` is the part of the split by key. BadDataError without any label."""

    def importance(self, described: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """Gain by feature by stage, of what a fitted model says of itself."""


class Reporting(Protocol):
    """What a task's report has."""

    def write_report(
        self,
        folder: Path,
        found: Any,
        rows: pa.Table,
        predictions: pa.Table,
        spec: ModelSpec,
        importance: Mapping[str, Mapping[str, float]],
    ) -> None:
        """Fills `folder` with index.html, the pictures, metrics.json and scores.json."""


def task(name: str) -> Evaluating:
    """The module that evaluates the task `name`; raises MisconfiguredError."""
    return cast(Evaluating, _module(name, _TASKS))


def report(name: str) -> Reporting:
    """The module that writes the report of the task `name`; raises MisconfiguredError."""
    return cast(Reporting, _module(name, _REPORTS))


def _module(name: str, known_modules: Mapping[str, str]) -> ModuleType:
    if name not in known_modules:
        known = ", ".join(sorted(known_modules))
        raise MisconfiguredError(
            f"there is no evaluation for task {name!r}; known: {known}. Mend `task:` in model.yaml."
        )
    return importlib.import_module(known_modules[name])
