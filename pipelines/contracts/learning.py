"""Labels that came of reviews, as a training names them."""

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.names import NAMESPACE

REGIME = "regime"
"""Tag of a version: the `Regime` that its training answers, as JSON; it has none otherwise."""

LABELS = "labels"
"""Tag of a version: the `Labels` it learnt from, as JSON; it has none where it needed none."""


def labels_table(model: str) -> str:
    """What reviewers said of documents, as labels; a snapshot is all of it up to a correction."""
    return f"{NAMESPACE}.labels_{model}"


class Labels(BaseModel):
    """One state of a model's labels: small enough to travel, and enough to read it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    snapshot_id: int
    key: str
    """SHA-256 of the labels: equal for equal labels, in any home."""
    until: int
    """Corrections up to this one are in it."""
    batches: list[int]
    """Batches that the training was asked for; earlier ones are in the labels too."""
    documents: int
    labels: int
    """Fields that somebody has looked at, over all documents."""


class Regime(BaseModel):
    """The new state of the world that a training answers: what came since an incident began."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: str
    """First window past the limit; of several incidents the latest: all of them hold since."""
    incidents: list[int]
    """Their numbers, rising."""

    @property
    def named(self) -> str:
        """`incident 4`, or `incidents 4 and 7`."""
        numbers = " and ".join(str(one) for one in self.incidents)
        return f"incident{'s' if len(self.incidents) > 1 else ''} {numbers}"


class Case(BaseModel):
    """An error of a model that reviewers settled: it must not come back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document_id: str
    content_hash: str | None
    field: str
    before: str | None
    """What was answered then."""
    wanted: str | None
    """What really stands there; None where the document has no such field."""
    model_version: int | None
    """Who was wrong; None where a label was imported."""
    correction_id: int
    adjudicated: bool
    """Settled by an adjudicator, not by agreement."""
