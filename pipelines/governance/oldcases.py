"""Whether errors that reviewers settled came back, as the gate found it. Only reads."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

REGRESSION = "regression.json"


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Tally(_Read):
    """Cases, and how many of them each version answers right."""

    cases: int
    candidate: int
    champion: int | None


class Settled(_Read):
    """What people found to be right."""

    document_id: str
    field: str
    wanted: str | None


class Returned(_Read):
    """A case that the champion reads and the candidate does not."""

    case: Settled
    candidate: str | None
    champion: str | None


class OldCases(_Read):
    """The regression set as both versions answer it."""

    overall: Tally
    fields: dict[str, Tally]
    untrained: Tally
    gone: int
    came_back: tuple[Returned, ...]


def read(folder: Path) -> OldCases | None:
    """Of an evidence folder; None where no errors had been settled, or the file cannot be read."""
    try:
        return OldCases.model_validate_json((folder / REGRESSION).read_bytes())
    except (OSError, ValidationError):
        return None
