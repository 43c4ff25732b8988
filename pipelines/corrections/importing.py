"""Takes in corrections that were made elsewhere: rows of a file or of the API, each judged alone.

A row says `document_id`, `field` and what stands there: `value`, or `verdict` `absent` or
`unreadable`; `verdict` `right` needs a prediction that it confirms. Optional are `key`, `reviewer`,
`boxes`, `at`, `content_hash` and `model`. What was predicted comes from the document's review
task; without one it is unknown. A row without a key has one made of its content, so that the
same file twice adds nothing.
"""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from pipelines.contracts.correction import Correction, FieldName, Key, Value, Verdict
from pipelines.contracts.decision import Person, storable
from pipelines.contracts.review import Place
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import RefusedError
from pipelines.opsdb import corrections, queue
from pipelines.opsdb.database import OpsDb, Session

ROWS_AT_ONCE = 200
"""Rows of one transaction of a file."""
MOST_REASONS = 20
"""Refused rows that are named one by one; all are counted."""


class Row(BaseModel):
    """One correction as a file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document_id: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(storable)]
    field: FieldName
    verdict: Verdict | None = None
    """None: told by `value`."""
    value: Value | None = None
    key: Key | None = None
    reviewer: Person | None = None
    boxes: list[Place] = []
    at: AwareDatetime | None = None
    content_hash: str | None = None
    model: str | None = None


@dataclass
class Imported:
    """What became of the rows: `added + known + refused` is all of them."""

    added: int = 0
    known: int = 0
    """Their key was there with the same content."""
    refused: int = 0
    reasons: list[str] = field(default_factory=list)
    """The first refused rows by their number from 1, each with the reason."""

    def add(self, more: "Imported") -> None:
        """Counts what became of the rows after these too."""
        self.added += more.added
        self.known += more.known
        self.refused += more.refused
        self.reasons += more.reasons[: MOST_REASONS - len(self.reasons)]

    def refuse(self, number: int, why: str) -> None:
        """Counts a refused row and names it if few were."""
        self.refused += 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(f"row {number}: {why}")


def take_in_all(
    db: OpsDb,
    spec: ModelSpec,
    rows: Sequence[Mapping[str, Any] | str],
    *,
    reviewer: str,
    documents: Container[str] | None,
    now: datetime,
) -> Imported:
    """The same as `take_in` for a whole file, in short transactions: nobody waits long for it.

    What a crash leaves out is added when the file is taken in again.
    """
    done = Imported()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        with db.write() as session:
            counts = take_in(
                session,
                spec,
                part,
                reviewer=reviewer,
                documents=documents,
                now=now,
                first=start + 1,
            )
        done.add(counts)
    return done


def take_in(
    session: Session,
    spec: ModelSpec,
    rows: Iterable[Mapping[str, Any] | str],
    *,
    reviewer: str,
    documents: Container[str] | None,
    now: datetime,
    first: int = 1,
) -> Imported:
    """Writes the rows that are sound, in one transaction, and says what became of each.

    `rows` as they were read, or for a row that could not be read the reason as text. `reviewer`
    spoke where a row does not say who; `documents` are those that exist, beside the ones with a
    task (None: any); `now` is the time of a row without one; `first` numbers the first row.
    """
    corrections.lock(session, spec.name)
    done = Imported()
    for number, raw in enumerate(rows, start=first):
        try:
            said = raw if isinstance(raw, str) else _said(session, spec, raw, reviewer, now)
        except ValidationError as error:
            said = _in_words(error)
        if isinstance(said, Correction) and not _exists(session, said, documents):
            said = f"there is no document {said.document_id!r}: ingest or score it first"
        if isinstance(said, str):
            done.refuse(number, said)
            continue
        before = corrections.find(session, spec.name, said.key)
        try:
            corrections.write(session, said)
        except RefusedError as error:
            done.refuse(number, str(error))
            continue
        if before is None:
            done.added += 1
        else:
            done.known += 1
    return done


def content_key(prefix: str, content: Mapping[str, Any]) -> str:
    """A key made of a content: the same for the same content, in any order of its names."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return f"{prefix}-{sha256(text.encode()).hexdigest()[:40]}"


def _said(
    session: Session, spec: ModelSpec, raw: Mapping[str, Any], reviewer: str, now: datetime
) -> Correction | str:
    row = Row.model_validate(raw)
    if row.model not in {None, spec.name}:
        return f"it is of the model {row.model!r}, expected {spec.name!r}"
    if row.field not in spec.fields:
        return f"{spec.name} has no field {row.field!r}; it has {', '.join(spec.fields)}"
    known = corrections.find(session, spec.name, row.key) if row.key else None
    told = queue.predicted(session, spec.name, row.document_id, row.field)
    if known is not None:
        # What was predicted may be another since; what was said then is compared.
        version, before, content = known.model_version, known.before, known.content_hash
    elif told is not None:
        version, before, content = told
    else:
        version, before, content = None, None, row.content_hash
    verdict, after = row.verdict, row.value
    if verdict is None and after is None:
        return "it has neither a value nor a verdict `absent` or `unreadable`"
    if verdict == "right" and after is None:
        if version is None:
            return "it confirms a prediction that is not known: give the value"
        after = before
    if verdict in {"right", "wrong", None}:
        verdict = "right" if after == before and version is not None else "wrong"
    if known is not None and after is None and {verdict, known.verdict} == {"right", "absent"}:
        verdict = known.verdict  # two words for the same: nothing stands there
    who = row.reviewer or reviewer
    return Correction(
        key=row.key or content_key("import", {**row.model_dump(mode="json"), "reviewer": who}),
        model=spec.name,
        document_id=row.document_id,
        content_hash=content or row.content_hash,
        field=row.field,
        model_version=version,
        before=before,
        after=after,
        verdict=verdict,
        boxes=row.boxes,
        reviewer=who,
        task_id=known.task_id if known else None,
        adjudicates=known.adjudicates if known else False,
        at=row.at or now,
    )


def _exists(session: Session, said: Correction, documents: Container[str] | None) -> bool:
    if documents is None or said.document_id in documents or said.model_version is not None:
        return True
    return bool(corrections.find(session, said.model, said.key))


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
