"""What reviewers are asked, what they say, and how that becomes a training.

The path of one correction: a scored document becomes a `ReviewTask`; a reviewer holds a `Lease`
on it, says a `Judgement` of each field and so writes a `Correction` a field; where needed a second
reviewer and an adjudicator follow. Settled corrections are claimed in a `Batch`, whose
`RetrainRequest` one training takes. Corrections, batches and their members never change: an undo
is a new row.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from pipelines.contracts.decision import Person
from pipelines.contracts.document import Box, Document
from pipelines.contracts.text import storable

Verdict = Literal["right", "wrong", "absent", "unreadable"]
"""What a reviewer says of a predicted field: the value stands there so; another one does; the
document has no such field; it has one that nobody can read, which teaches nothing."""
Reason = Literal["uncertain", "audit", "regime", "second", "adjudicate"]
"""Why a document is reviewed. `audit` documents are drawn by chance, before and without regard to
any confidence, and alone measure how right the model is. `regime` documents are drawn by chance
from what came since an incident began, where a training waits for labels of the new regime."""
TaskState = Literal["open", "done", "dropped"]
RetrainState = Literal["open", "running", "done", "failed", "merged"]
RetrainKind = Literal["corrections", "drift", "schedule", "data", "hand"]

STAGE: Mapping[Reason, int] = {
    "uncertain": 1,
    "audit": 1,
    "regime": 1,
    "second": 2,
    "adjudicate": 3,
}
"""Which review of a document a reason makes. A content has one task a stage, for ever."""

Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
"""An idempotency key: the same key again is the same row. Printable ASCII without spaces."""
Value = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(storable),
]
"""Text of a field as it is printed on the page."""
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
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


class Judgement(_Record):
    """What a reviewer says of one field of a leased task."""

    field: FieldName
    verdict: Verdict
    value: Value | None = None
    """What really stands there, for `wrong` alone."""
    boxes: list[Place] = []
    key: Key

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.verdict == "wrong") != (self.value is not None):
            raise ValueError("a value is given for the verdict `wrong`, and for no other")
        return self


class Correction(_Record):
    """A reviewer's word on one field of one document; also on a field that was right."""

    key: Key
    model: str
    document_id: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(storable)]
    content_hash: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")] | None = None
    """None where it was imported and the content is not known."""
    field: FieldName
    model_version: int | None = None
    """Version that predicted; None where nothing did (imported labels)."""
    before: str | None
    """The predicted value."""
    after: str | None
    """The value that stands there: `before` for `right`, None for `absent` and `unreadable`."""
    verdict: Verdict
    boxes: list[Place] = []
    reviewer: Person
    task_id: int | None = None
    """None for an import."""
    adjudicates: bool = False
    """Settles what others differed about."""
    at: AwareDatetime

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.verdict == "right" and self.after != self.before:
            raise ValueError("`right` leaves the value as it was predicted")
        if self.verdict == "wrong" and (self.after is None or self.after == self.before):
            raise ValueError("`wrong` needs another value than the predicted one")
        if self.verdict in {"absent", "unreadable"} and self.after is not None:
            raise ValueError(f"`{self.verdict}` has no value")
        return self

    @property
    def changes(self) -> bool:
        """Whether a model learns another answer from it than it gave."""
        return self.verdict != "unreadable" and self.after != self.before


class StoredCorrection(Correction):
    """A correction as the operations database has it."""

    correction_id: int
    """Grows in the order of writing, so that a number names the state of all labels."""
    undoes: int | None = None
    """Correction that this row takes back; the rest of the row repeats it."""


class Batch(_Record):
    """Corrections that were claimed together; each correction is in one batch at most."""

    batch_id: int
    model: str
    key: str
    """Who claimed, e.g. the run of the sensor: the same key again is the same batch."""
    request_id: int
    counted: int
    """Distinct corrected fields, by which the threshold counts."""
    rows: int
    claimed_at: AwareDatetime


class RetrainReason(_Record):
    """One of the reasons of a training."""

    key: str
    kind: RetrainKind
    detail: str
    """In words."""
    person: str
    """Who asked: a named person, or `millrace`."""
    at: AwareDatetime


class RetrainRequest(_Record):
    """A wish for a training of a model: one is open at most, so reasons at once make one."""

    request_id: int
    model: str
    state: RetrainState
    requested_at: AwareDatetime
    reasons: list[RetrainReason]
    batches: list[int]
    run_id: str | None
    """The training that took it."""
    started_at: AwareDatetime | None
    labels_until: int | None
    """The training uses the corrections up to this one."""
    standings_until: int | None
    """Who was held back then: by the standings up to this one."""
    finished_at: AwareDatetime | None
    version: int | None
    """What came of it."""
    cost: float | None
    """In the unit of `corrections.weekly_cost`."""
    merged_into: int | None
    """The open request that took over its reasons, where its own training failed."""
    note: str | None


class Proposal(_Record):
    """A correction of a golden document: the golden set changes by a person's word alone."""

    proposal_id: int
    model: str
    document_id: str
    field: FieldName
    correction_id: int
    after: str | None
    verdict: Verdict
    reviewer: str
    proposed_at: AwareDatetime
    state: Literal["open", "accepted", "refused"]
    decided_by: str | None
    why: str | None
    decided_at: AwareDatetime | None


class Standing(_Record):
    """Whether a reviewer's corrections count; the newest row of a reviewer holds."""

    standing_id: int
    model: str
    reviewer: str
    held: bool
    why: str
    by: str
    """`millrace`, or the supervisor who decided."""
    at: AwareDatetime


class ThresholdVerdict(_Record):
    """Whether corrections are to start a training now, and why in sentences."""

    decision: Literal["fire", "wait"]
    reasons: Annotated[list[str], Field(min_length=1)]
    missing: int | None
    """Corrections until the count alone would fire; None where it cannot be said."""
