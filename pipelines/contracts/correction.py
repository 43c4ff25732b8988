"""What reviewers say, and how that becomes a training.

The path of one correction: a scored document becomes a `ReviewTask`; a reviewer holds a `Lease`
on it, says a `Judgement` of each field and so writes a `Correction` a field; where needed a second
reviewer and an adjudicator follow. Settled corrections are claimed in a `Batch`, whose
`RetrainRequest` one training takes. Corrections, batches and their members never change: an undo
is a new row.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from pipelines.contracts.decision import PLATFORM, Person
from pipelines.contracts.policy import FieldName
from pipelines.contracts.review import Place
from pipelines.contracts.text import storable

Verdict = Literal["right", "wrong", "absent", "unreadable"]
"""What a reviewer says of a predicted field: the value stands there so; another one does; the
document has no such field; it has one that nobody can read, which teaches nothing."""
RetrainState = Literal["open", "running", "done", "failed", "merged"]
RetrainKind = Literal["corrections", "drift", "schedule", "data", "hand"]

Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
"""An idempotency key: the same key again is the same row. Printable ASCII without spaces."""
Value = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(storable),
]
"""Text of a field as it is printed on the page."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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

    @property
    def undecided(self) -> bool:
        """Held back by what was measured; a supervisor has not said yet whether it stays so."""
        return self.held and self.by == PLATFORM


class ThresholdVerdict(_Record):
    """Whether corrections are to start a training now, and why in sentences."""

    decision: Literal["fire", "wait"]
    reasons: Annotated[list[str], Field(min_length=1)]
    missing: int | None
    """Corrections until the count alone would fire; None where it cannot be said."""
