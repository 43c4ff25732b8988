"""Who may use the reviewers' pages and their API: people with a role, programs with scopes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.contracts.decision import Person

Role = Literal["reviewer", "adjudicator", "supervisor"]
"""Each may do what the ones before it may: a reviewer answers, an adjudicator also decides
between two answers, a supervisor also sees the whole queue and everybody's work."""
ROLES: tuple[Role, ...] = ("reviewer", "adjudicator", "supervisor")

FIRST_USERS: Mapping[str, Role] = {
    "rio": "reviewer",
    "ren": "reviewer",
    "ana": "adjudicator",
    "sam": "supervisor",
}
"""The named users of a fresh home: two reviewers, because a share of documents takes two."""

Scope = Literal["corrections:read", "corrections:write", "tasks:read", "metrics:read"]
SCOPES: tuple[Scope, ...] = (
    "corrections:read",
    "corrections:write",
    "tasks:read",
    "metrics:read",
)


class _Account(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class User(_Account):
    """A person who signs in."""

    name: Person
    role: Role
    active: bool
    """One who left cannot sign in; what he or she answered stays."""
    created_at: datetime

    def may(self, role: Role) -> bool:
        """Whether the person's role includes `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


class ApiKey(_Account):
    """What a program shows instead of a password; the secret itself is kept nowhere."""

    key_id: Annotated[str, Field(pattern=r"^[a-z0-9]{12}$")]
    """Public part, by which it is found and revoked."""
    name: Person
    """The program's name: the author of what comes in with the key."""
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked_at: datetime | None
