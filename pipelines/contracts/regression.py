"""Errors that reviewers settled, as the versions of a gate's comparison answer them now."""

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.learning import Case

REGRESSION = "regression.json"
"""File of an evidence folder that holds a `Regression`; none where no errors had been settled."""


class Answered(BaseModel):
    """One case with what the two models say now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: Case
    candidate: str | None
    champion: str | None


class Tally(BaseModel):
    """Cases, and how many of them each model answers right, by value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: int
    candidate: int
    champion: int | None
    """None where there is no champion."""


class Regression(BaseModel):
    """The regression set as candidate and champion answer it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    overall: Tally
    fields: dict[str, Tally]
    """By field, those that have cases."""
    untrained: Tally
    """Of documents that the candidate was not trained on."""
    gone: int
    """Cases whose document is not published any more, or has another content."""
    came_back: list[Answered]
    """Right by the champion and wrong by the candidate; the first of them."""
