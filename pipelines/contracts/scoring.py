"""Which versions a scoring run answers with, fixed once when it starts."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Role = Literal["champion", "shadow"]
CHAMPION: Role = "champion"
SHADOW: Role = "shadow"
"""Scored beside the champion, never shown."""


class Pinned(BaseModel):
    """One version with all that a job needs to answer with it, and no registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    role: Role
    since: int = Field(ge=0)
    """Ledger row that gave it the role, so that a later word wins over an earlier one; 0 for a
    version that nobody gave a role."""
    location: str
    """URI of the folder of the model's files."""
    artefact_hash: str


PINNED = TypeAdapter(list[Pinned])
"""Reads and writes the versions of a run as JSON."""
