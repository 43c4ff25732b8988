"""What a learning library must do to be used: fit, predict, save, load, describe.

Files are in the library's native format; nothing is pickled. The same features, spec and
seed give the same files, byte for byte.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from pipelines.contracts.spec import ModelSpec

Progress = Callable[[str], None]


class FittedModel(Protocol):
    """A model that answers; rows out are rows in, in the same order."""

    def predict(self, features: pa.Table) -> pa.Table:
        """Predictions of a features table; BadDataError on a wrong or missing column.

        A row's prediction does not depend on the other rows of the table, bit for bit.
        """

    def save(self, folder: Path) -> None:
        """Writes the model's files into an empty folder."""

    def describe(self) -> dict[str, Any]:
        """What people want to know of it: sizes, parameters, feature importance (JSON types)."""


class Estimator(Protocol):
    """Makes fitted models."""

    def fit(
        self, features: pa.Table, spec: ModelSpec, *, seed: int, progress: Progress
    ) -> FittedModel:
        """Learns from labelled features; BadDataError where they cannot be learned from."""

    def load(self, folder: Path) -> FittedModel:
        """Reads what `save` wrote; BadDataError where it is not that."""
