"""How right a version is, from the documents that were drawn by chance for the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import state
from pipelines.corrections.settle import Key
from pipelines.measures.rate import Rate, rate
from pipelines.opsdb import queue
from pipelines.opsdb.database import Session


@dataclass(frozen=True)
class Accuracy:
    """What the audit says of one version."""

    version: int
    fields: Mapping[str, Rate]
    """Of fields that somebody judged; what nobody could read is left out."""
    whole: Rate | None
    """Documents of which every judged field was right; None before the first."""


@dataclass(frozen=True)
class Audit:
    """What reviewers said of the audit documents of one version."""

    right: Mapping[Key, bool]
    """By document and field; what nobody could read is left out."""
    said_at: Mapping[str, datetime]
    """When the last word on a document was said."""
    chances: Mapping[str, float]
    """With which a document was drawn."""


def audit(session: Session, spec: ModelSpec, version: int) -> Audit:
    """The reviewed audit documents of a version.

    An answer is right where the reviewers' value is the predicted one, letter by letter but for
    what `right` says. While reviewers differ, the first one's word counts: leaving the disputed
    out would leave out the hard ones.
    """
    chances = queue.audited(session, spec.name, version)
    items = state.read(session, spec, documents=chances.keys()).items
    right: dict[Key, bool] = {}
    said_at: dict[str, datetime] = {}
    for key, item in items.items():
        said = item.answer or next(iter(item.opinions), None)
        if said is not None and said.verdict != "unreadable":
            right[key] = not said.changes
            said_at[key[0]] = max(said_at.get(key[0], said.at), said.at)
    return Audit(right, said_at, chances)


def measure(session: Session, spec: ModelSpec, version: int) -> Accuracy:
    """Accuracy of a version on its reviewed audit documents."""
    found = audit(session, spec, version)
    fields = {
        field: rate(
            *_weighed(
                {key[0]: hit for key, hit in found.right.items() if key[1] == field}, found.chances
            )
        )
        for field in spec.fields
    }
    whole: dict[str, bool] = {}
    for (document, _), hit in found.right.items():
        whole[document] = whole.get(document, True) and hit
    return Accuracy(
        version,
        {field: one for field, one in fields.items() if one is not None},
        rate(*_weighed(whole, found.chances)),
    )


def _weighed(
    right: Mapping[str, bool], chances: Mapping[str, float]
) -> tuple[list[bool], list[float]]:
    return list(right.values()), [1 / chances[document] for document in right]
