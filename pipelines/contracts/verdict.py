"""The shape of a decision about a model: what was decided, and why, in sentences."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Decision = Literal["promote", "reject", "inconclusive"]
Outcome = Literal["passed", "failed", "undecided"]


class Finding(BaseModel):
    """One thing that was looked at; `sentence` says what was seen and what was required."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Stable identifier, e.g. `check/artefact` or `golden/all/total`."""
    outcome: Outcome
    sentence: str
    more_rows: int | None = None
    """Further labelled rows that would decide an undecided finding, where a number can be said."""


class Verdict(BaseModel):
    """`promote` only where every finding passed; `inconclusive` never promotes by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Decision
    reasons: Annotated[list[str], Field(min_length=1)]
    """Sentences: what was seen, what was required. Of a block, only what blocks."""
    more_rows: int | None = None
    """Further labelled documents (transactions: clusters) that would decide; of an
    `inconclusive` alone, and None there too where no number can be said."""
