"""What reviewers are asked: tasks, what the model answered, and who holds a task."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.contracts.document import Box, Document
from pipelines.contracts.policy import FieldName

Reason = Literal["uncertain", "audit", "regime", "second", "adjudicate"]
"""Why a document is reviewed. `audit` documents are drawn by chance, before and without regard to
any confidence, and alone measure how right the model is. `regime` documents are drawn by chance
from what came since an incident began, where a training waits for labels of the new regime."""
TaskState = Literal["open", "done", "dropped"]

STAGE: Mapping[Reason, int] = {
    "uncertain": 1,
    "audit": 1,
    "regime": 1,
    "second": 2,
    "adjudicate": 3,
}
"""Which review of a document a reason makes. A content has one task a stage, for ever."""

Chance = Annotated[float, Field(gt=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Record):
    """A box on a page: where a value stands."""

    page: Annotated[int, Field(ge=0)]
    """From 0."""
    box: Box


class Predicted(_Record):
    """What the model answered for one field."""

    value: str | None
    confidence: Annotated[float, Field(ge=0, le=1)]
    """Calibrated probability that the answer, also an empty one, is right."""
    boxes: list[Place] = []


class ReviewTask(_Record):
    """A document that somebody is to look at, with all that the page needs to show it."""

    model: str
    model_version: int
    content_hash: Annotated[str, Field(min_length=1, max_length=64)]
    document: Document
    """Without its ground truth: a reviewer must not see what measures him."""
    predictions: dict[FieldName, Predicted]
    fields: Annotated[list[FieldName], Field(min_length=1)]
    """Fields to look at, in the order of the form; the others are shown and may be left."""
    reason: Reason
    priority: float
    """Higher is asked first: the expected cost of the errors in the document; of an `audit` a
    number that does not depend on the document, so that what is left over at night is by chance."""
    chance: Chance | None = None
    """With which probability an `audit` document was drawn; of no other reason."""
    created_at: AwareDatetime

    @field_validator("document")
    @classmethod
    def _without_truth(cls, document: Document) -> Document:
        return document.model_copy(update={"fields": None})

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.reason == "audit") != (self.chance is not None):
            raise ValueError("a chance is given for the reason `audit`, and for no other")
        strangers = set(self.fields) - set(self.predictions)
        if strangers:
            raise ValueError(f"fields without a prediction: {', '.join(sorted(strangers))}")
        return self


class StoredTask(ReviewTask):
    """A task as the operations database has it."""

    task_id: int
    state: TaskState
    reviewer: str | None
    """Who finished it."""
    finished_at: AwareDatetime | None


class TaskLine(_Record):
    """A task in a list: without its document and predictions."""

    task_id: int
    model: str
    model_version: int
    document_id: str
    reason: Reason
    state: TaskState
    priority: float
    created_at: AwareDatetime
    reviewer: str | None
    """Who finished it."""
    leased_by: str | None
    """Who took it last; he holds it until then, and may finish it until another takes it."""
    leased_until: AwareDatetime | None
    finished_at: AwareDatetime | None


class Lease(_Record):
    """One reviewer's hold on one task, until it expires or the task is finished.

    Who finishes after it expired still may, as long as nobody else has taken the task.
    """

    task_id: int
    reviewer: str
    expires_at: AwareDatetime
