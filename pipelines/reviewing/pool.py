"""Documents that could be asked about after a scoring run, as the lake has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.document import Document
from pipelines.contracts.review import Predicted
from pipelines.contracts.scoring import CHAMPION
from pipelines.contracts.spec import ModelSpec
from pipelines.lake import predictions
from pipelines.lake.golden import golden_keys
from pipelines.lake.lake import Lake

VOLUME_DAYS = 7
"""Newest days of documents from which it is told how many a day brings."""
MOST = 20_000
"""Documents that are looked at, those of the newest days; bounds time and memory."""

_ENVELOPE = (names.PAGES, names.IMAGE, names.SOURCE, names.RECEIVED_AT)


@dataclass(frozen=True)
class Scored:
    """One document as the champion has answered it."""

    key: str
    content: str
    day: str
    answers: Mapping[str, Predicted]
    labelled: frozenset[str]
    """Fields whose truth came with the document."""
    fresh: bool
    """This run was the first to score its content."""


@dataclass(frozen=True)
class Pool:
    """Documents of one scoring run, by content and one for each."""

    version: int
    input_snapshot_id: int
    documents: list[Scored]

    @property
    def documents_a_day(self) -> float:
        """Mean of the newest days that brought any."""
        counted: dict[str, int] = {}
        for one in self.documents:
            counted[one.day] = counted.get(one.day, 0) + 1
        newest = sorted(counted)[-VOLUME_DAYS:]
        return sum(counted[day] for day in newest) / max(1, len(newest))


def read(lake: Lake, spec: ModelSpec) -> Pool | None:
    """All that the champion has answered, whatever run it was; None before the first.

    Left out are golden documents and those that came with the truth of every field: it is known,
    and a word on a golden one would be a proposal and no lesson.
    """
    states = predictions.states(lake, spec.name)
    made = predictions.last_run(lake, spec.name)
    champions = [
        (one.since, version) for (version, _), one in states.items() if one.role == CHAMPION
    ]
    if made is None or not champions:
        return None
    version, key = max(champions)[1], specs.key(spec)
    days = _newest_days(states, version)
    rows = predictions.read(lake, spec.name, days=days).to_pylist()
    rows = [row for row in rows if row[names.MODEL_VERSION] == version]
    golden = golden_keys(lake, spec.name, key)
    published = _published(lake, spec, key, made.input_snapshot_id, days)
    earlier = _scored_earlier(lake, spec, version, made.input_snapshot_id)
    found: dict[str, Scored] = {}
    for row in sorted(rows, key=lambda one: str(one[key])):
        name, content = row[key], row[names.CONTENT_HASH]
        now, known = published.get(name, (None, frozenset()))
        if now != content or content in found:
            continue  # gone or another one since, or the same under another id
        if name in golden or known >= spec.fields.keys():
            continue
        found[content] = Scored(
            key=name,
            content=content,
            day=row[names.DAY],
            answers=_answers(row[names.FIELDS], spec),
            labelled=known,
            fresh=content not in earlier,
        )
    return Pool(version, made.input_snapshot_id, [found[one] for one in sorted(found)])


def documents(
    lake: Lake, spec: ModelSpec, input_snapshot_id: int, keys: Sequence[str]
) -> dict[str, Document]:
    """The published documents of these keys, without their truth."""
    if not keys:
        return {}
    key = specs.key(spec)
    rows = lake.read(
        names.published_table(spec.dataset),
        snapshot_id=input_snapshot_id,
        where={key: list(keys)},
        columns=[key, *_ENVELOPE],
    )
    return {row[key]: _document(row, key) for row in rows.to_pylist()}


def text(document: Document) -> str:
    """All the text of a document, in reading order."""
    return "\n".join(line.text for page in document.pages for line in page.lines)


def _newest_days(states: predictions.States, version: int) -> list[str]:
    """The newest days of a version that hold `MOST` documents together, or one day."""
    counted = {day: one.rows_in for (own, day), one in states.items() if own == version}
    kept: list[str] = []
    for day in sorted(counted, reverse=True):
        if kept and sum(counted[one] for one in kept) + counted[day] > MOST:
            break
        kept.append(day)
    return kept


def _published(
    lake: Lake, spec: ModelSpec, key: str, snapshot: int, days: Sequence[str]
) -> dict[str, tuple[str, frozenset[str]]]:
    """Content of each published document, and the fields whose truth came with it."""
    rows = lake.read(
        names.published_table(spec.dataset),
        snapshot_id=snapshot,
        where={names.DAY: list(days)},
        columns=[key, names.CONTENT_HASH, names.FIELDS],
    )
    columns = (rows[one].to_pylist() for one in (key, names.CONTENT_HASH, names.FIELDS))
    return {
        name: (content, frozenset(dict(fields or ())))
        for name, content, fields in zip(*columns, strict=True)
    }


def _scored_earlier(lake: Lake, spec: ModelSpec, version: int, snapshot: int) -> set[str]:
    """Contents that a champion answered before this run: they had their chance in the draw."""
    columns = (names.CONTENT_HASH, names.MODEL_VERSION, names.INPUT_SNAPSHOT_ID)
    rows = lake.read(
        names.predictions_table(spec.name), where={names.ROLE: CHAMPION}, columns=[*columns]
    )
    now = pc.and_(
        pc.equal(rows[names.MODEL_VERSION], version),
        pc.equal(rows[names.INPUT_SNAPSHOT_ID], snapshot),
    )
    earlier = rows.filter(pc.invert(now))
    return set(pc.unique(earlier[names.CONTENT_HASH]).to_pylist())


def _answers(found: Sequence[Mapping[str, Any]], spec: ModelSpec) -> dict[str, Predicted]:
    return {
        one["name"]: Predicted(
            value=one["value"] or None, confidence=one["confidence"], boxes=one["boxes"] or []
        )
        for one in found
        if one["name"] in spec.fields
    }


def _document(row: Mapping[str, Any], key: str) -> Document:
    content = {name: row[name] for name in (names.PAGES, names.IMAGE, names.SOURCE)}
    received = row[names.RECEIVED_AT]
    return Document.model_validate({
        **content,
        names.DOCUMENT_ID: row[key],
        names.RECEIVED_AT: None if received is None else received.isoformat(),
    })
