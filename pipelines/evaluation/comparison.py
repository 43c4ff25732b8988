"""What a task supplies so that two of its models can be compared, and the tasks that do."""

import importlib
from collections.abc import Mapping
from typing import Protocol, cast

import pyarrow as pa
from pydantic import BaseModel

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError
from pipelines.evaluation.miscalibration import Miscalibration
from pipelines.evaluation.paired import Measure

_TASKS = {
    "classification": "pipelines.evaluation.compare_classification",
    "extraction": "pipelines.evaluation.compare_extraction",
}


class Difference(BaseModel, frozen=True):
    """One answer in which champion and candidate differ, with the truth."""

    row: str
    field: str
    champion: str | None
    candidate: str | None
    truth: str | None
    better: str
    """`candidate`, `champion` or `neither`."""


class Comparable(Protocol):
    """The functions of a task's module. `rows` are published rows with labels, predictions are
    what the model answered to them, one row each."""

    def measure(
        self, rows: pa.Table, predictions: pa.Table, spec: ModelSpec, parts: Mapping[str, str]
    ) -> Measure:
        """Outcomes by cluster. The claim (`all`, `overall`) is the score that must gain; the
        others of slice `all` are fields, those of field `overall` are slices. `parts` is the
        part of the split by key. The clusters do not depend on the predictions."""

    def unreadable(self, rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> int:
        """Answers that are none: a missing row, column or field, NaN."""

    def calibration_error(
        self, rows: pa.Table, predictions: pa.Table, spec: ModelSpec
    ) -> Miscalibration | None:
        """Expected calibration error; None where no confidence can be read."""

    def differences(
        self,
        rows: pa.Table,
        champion: pa.Table,
        candidate: pa.Table,
        spec: ModelSpec,
        most: int,
    ) -> list[Difference]:
        """Answers of at most `most` rows in which the two differ, changes of right and wrong
        first."""

    def compact(self, predictions: pa.Table) -> pa.Table:
        """The same predictions without what the other functions do not look at, to be kept."""

    def texts(self, rows: pa.Table) -> list[str]:
        """The words of each row, for near-duplicates; empty where the task has none."""


def comparable(name: str) -> Comparable:
    """The comparison of the task `name`; raises MisconfiguredError."""
    if name not in _TASKS:
        known = ", ".join(sorted(_TASKS))
        raise MisconfiguredError(
            f"models of task {name!r} cannot be compared; known: {known}. Mend `task:` in "
            "model.yaml."
        )
    return cast(Comparable, importlib.import_module(_TASKS[name]))
