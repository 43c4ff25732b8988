"""A person's decision about a version, and the ledger row of every change of champion."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

from pipelines.contracts.result import StepResult
from pipelines.contracts.text import storable
from pipelines.contracts.verdict import Verdict

Choice = Literal["promote", "reject", "shadow"]
Via = Literal["ui", "cli", "timeout", "gate"]
"""Where a decision came from; `gate` is its own rejection, that no person may overrule."""
RequestState = Literal["waiting", "decided", "expired"]
ChangeKind = Literal["promote", "rollback", "adopt", "shadow"]

NOBODY = "nobody"
"""Who decided where a request ran out of time."""
GATE = "gate"
"""Who decided where the gate rejected."""
PLATFORM = "millrace"
"""Author of what a schedule or new data started."""

ASK, VERSION = "ask", "version"
"""Task in Airflow that waits for a decision, and its XCom that says about which version."""


Person = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=2_000),
    AfterValidator(storable),
]
"""A reason in a person's words; at least three letters."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Request(_Record):
    """A version that waits for a person's word, with what the gate said of it."""

    model: str
    version: int
    champion: int | None
    """Champion that it was compared with: the promotion expects it to be champion still."""
    author: str
    """Who started the training; never the approver."""
    verdict: Verdict
    table: list[dict[str, Any]]
    """Candidate against champion, one object a line."""
    evidence_hash: str
    evidence_dir: str
    artefact_hash: str
    """Hash of the model's files that were judged."""
    requested_at: AwareDatetime
    expires_at: AwareDatetime
    """From then on it counts as rejected."""


class StoredRequest(Request):
    """A request as the operations database has it."""

    request_id: int
    state: RequestState
    note: str | None = None
    """Why it is no longer waiting, where no person decided."""


class Answer(_Record):
    """What somebody chose, before the rules have looked at it."""

    model: str
    version: int
    choice: Choice
    person: Person
    why: Why
    via: Literal["ui", "cli"]
    os_user: str | None = None
    """Account of the operating system, where the person is not signed in anywhere."""
    override: bool = False
    """Promotes an `inconclusive` version all the same; said explicitly, and recorded."""


class Decided(_Record):
    """A decision on record."""

    request_id: int
    model: str
    version: int
    choice: Choice
    person: str
    """`nobody` for a time-out, `gate` for its own rejection."""
    why: str
    via: Via
    os_user: str | None = None
    override: bool = False
    at: AwareDatetime


class Change(_Record):
    """What a ledger row says; the chain is added when it is written."""

    kind: ChangeKind
    model: str
    from_version: int | None
    to_version: int
    person: str
    why: str
    via: str
    os_user: str | None
    at: AwareDatetime
    request_id: int | None
    """The request it answers; None for a rollback or an adoption."""
    evidence_hash: str | None
    artefact_hash: str
    code_revision: str
    lock_hash: str
    snapshots: dict[str, str]
    """Identifier of each snapshot that the version was made from, by its name."""


class LedgerRow(Change):
    """One row of the ledger: `hash` covers all the rest, and `previous` the row before."""

    sequence: int
    previous: str
    hash: str


class Head(_Record):
    """The newest row of the ledger, kept apart from it: so the last row cannot vanish unseen."""

    sequence: int
    hash: str


class Preflight(StepResult):
    """What was looked at before an earlier champion may come back."""

    model: str
    champion: int
    """The champion then: the rollback expects it to be champion still."""
    version: int
    """The version to go back to."""
    author: str
    """Who started its training; never the approver."""
    artefact_hash: str
    """Hash of the model's files that were looked at."""
    seen: list[str]
    """What was found, in sentences."""


class DecisionResult(StepResult):
    """What came of a decision."""

    model: str
    version: int
    choice: Choice
    person: str
    why: str
    via: Via
    sequence: int | None
    """Row of the ledger; None where nothing changed."""
    champion: int | None
    """The champion after it."""


class Turned(_Record):
    """What a person says who stops scoring of a model, or lets it go on."""

    person: Person
    why: Why
