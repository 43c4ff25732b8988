"""How right a model was on one day, as measured or as estimated; days add up by their weight."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.contracts.names import NAMESPACE

Source = Literal["labels", "audit", "estimate"]
"""Where a figure is from: labels that came with the rows or later; the documents that reviewers
looked at because chance drew them; the model's own calibrated confidence."""


def quality_table(model: str) -> str:
    """Newest figures of every day; its earlier snapshots have what was known before."""
    return f"{NAMESPACE}.quality_{model}"


class Score(BaseModel):
    """One metric of some rows, in [0, 1]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    value: float
    low: float
    high: float
    """95 % interval; of an estimate where the measured value will lie if confidence is right."""
    weight: Annotated[float, Field(gt=0)]
    """How much it tells: the variance of days of one quality is inverse to it."""


class Figure(Score):
    """A score of one day."""

    day: str
    source: Source
    version: int
    """Whose predictions are shown."""
    labelled: int
    """Rows that it was measured on; of an estimate all."""
    rows: int
    """Rows of the day that have a prediction."""
    days_late: float | None = None
    """Days from when the rows were published to when their labels were known, the median."""
    made_of: str
    """Names what it was computed from: the same is not computed again."""
