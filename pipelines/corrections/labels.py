"""Labels from corrections: what a training may learn of each document, field by field.

A field has a value, is absent, or is masked. Masked is all that nobody looked at, that nobody
could read, that reviewers differ about or still wait for each other on, and what reviewers who
are held back said alone: it is unknown, never taken as right.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import state
from pipelines.corrections.settle import Item
from pipelines.opsdb import corrections
from pipelines.opsdb.database import Session

LabelState = Literal["value", "absent", "masked"]


class Label(NamedTuple):
    """What is known of one field of one document."""

    state: LabelState
    value: str | None
    adjudicated: bool


MASKED = Label("masked", None, False)


@dataclass(frozen=True)
class Labels:
    """Labels of every document that anybody looked at, each with every declared field."""

    until: int
    """Number of the last correction that is in them."""
    documents: Mapping[str, Mapping[str, Label]]
    contents: Mapping[str, str | None]
    """Content hash by document; None where it is not known."""

    def table(self, key: str) -> pa.Table:
        """Rows for `pipelines.lake.labels.publish`: one a document of which anything is known.

        Columns `key`, the content hash and a map of the fields: a null value says absent, a
        field that is missing is masked.
        """
        rows = [
            {key: document, names.CONTENT_HASH: self.contents[document], names.FIELDS: known}
            for document, fields in sorted(self.documents.items())
            if (known := [(name, one.value) for name, one in fields.items() if one != MASKED])
        ]
        return pa.Table.from_pylist(
            rows,
            schema=pa.schema([
                (key, pa.string()),
                (names.CONTENT_HASH, pa.string()),
                (names.FIELDS, pa.map_(pa.string(), pa.string())),
            ]),
        )


def build(
    session: Session,
    spec: ModelSpec,
    *,
    golden: Container[str],
    until: int | None = None,
    standings_until: int | None = None,
    without: Collection[str] = (),
) -> Labels:
    """Labels of all corrections, batched or not, rejected candidate or not: they are cumulative.

    `golden` are the keys of the golden set (`lake.golden.golden_keys`), which no training sees.
    `until` and `standings_until` are those of a retrain request (`labels_until` and
    `standings_until`): the same labels again, whatever was said since. `without` gives them as
    if these reviewers were held back.
    """
    until = corrections.last(session, spec.name) if until is None else until
    found = state.read(session, spec, until=until, standings_until=standings_until, without=without)
    documents: dict[str, dict[str, Label]] = {}
    contents: dict[str, str | None] = {}
    for (document, field), item in found.items.items():
        if document in golden or field not in spec.fields:
            continue
        fields = documents.setdefault(document, dict.fromkeys(spec.fields, MASKED))
        fields[field] = _label(item)
        hashes = [one.content_hash for one in item.opinions if one.content_hash]
        contents[document] = contents.get(document) or (hashes[0] if hashes else None)
    return Labels(until, documents, contents)


def _label(item: Item) -> Label:
    if item.answer is None or item.answer.verdict == "unreadable":
        return MASKED
    value = item.answer.after
    return Label("absent" if value is None else "value", value, item.adjudicated)
