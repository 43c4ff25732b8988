"""The model card of a version: made from its run and the ledger, as Markdown and HTML."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt

from pipelines import specs
from pipelines.contracts.decision import Decided, LedgerRow, StoredRequest
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError
from pipelines.opsdb import decisions, ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.store import AUTHOR

FOLDER = "card"
"""Where the card is kept with a version's run: card.md and card.html."""
CARD_HASH = "card_hash"
"""Tag of a version that has a card: SHA-256 of its Markdown."""

NOTES = "card.md"
"""File of a model's folder with the owner's words on use and limits, as Markdown."""

_INTERVAL = "_interval"
_LINEAGE = (
    "dataset",
    "input_snapshot_id",
    "features_snapshot_id",
    "feature_key",
    "train_key",
    "seed",
    "code_revision",
    "code_dirty",
    "lock_hash",
    "artefact_hash",
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&:@])")


@dataclass(frozen=True)
class Measure:
    """One score with its interval, where it has one."""

    where: str
    metric: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Facts:
    """All that a card says."""

    spec: ModelSpec
    version: ModelVersion
    headline: list[Measure]
    slices: list[Measure]
    requests: list[StoredRequest]
    decided: list[Decided]
    changes: list[LedgerRow]
    notes: str
    """What the model's owner wrote of its use and limits, Markdown."""

    @property
    def limits(self) -> list[str]:
        """What the figures say against it."""
        rows = self.version.tags.get("rows_test", "unknown")
        found = [f"Measured on {rows} rows of {self.spec.dataset}; other data may differ."]
        for name, group in (("field", self.headline), ("slice", self.slices)):
            if worst := min(group, key=lambda one: one.value, default=None):
                found.append(
                    f"Weakest {name}: {worst.where}, {worst.metric} {worst.value:.3f}"
                    + ("" if worst.low is None else f" ({worst.low:.3f} to {worst.high:.3f})")
                    + "."
                )
        if self.version.tags.get("code_dirty") == "true":
            found.append("Trained on code that was not committed: it cannot be reproduced surely.")
        return found


def write(
    version: ModelVersion,
    *,
    spec: ModelSpec,
    db: OpsDb,
    registry: Registry,
) -> str:
    """Makes the card anew and keeps it with the version; gives its hash."""
    facts = gather(version, spec=spec, db=db, registry=registry)
    markdown = as_markdown(facts)
    digest = sha256(markdown.encode()).hexdigest()
    with tempfile.TemporaryDirectory() as aside:
        (Path(aside) / "card.md").write_text(markdown, encoding="utf-8")
        (Path(aside) / "card.html").write_text(as_html(markdown, facts), encoding="utf-8")
        registry.keep(version, Path(aside), FOLDER)
    registry.tag(version, CARD_HASH, digest)
    return digest


def missing(version: ModelVersion, registry: Registry) -> bool:
    """Whether a version has no card, or none that is the one that was made."""
    try:
        found = registry.file(version, f"{FOLDER}/card.md").read_bytes()
    except (NotFoundError, OSError):
        return True
    return sha256(found).hexdigest() != version.tags.get(CARD_HASH)


def gather(version: ModelVersion, *, spec: ModelSpec, db: OpsDb, registry: Registry) -> Facts:
    """What is known of a version today."""
    headline = json.loads(version.tags.get("headline", "{}"))
    with db.read() as session:
        rows = ledger.rows(session, version.model)
        requests = decisions.requests(session, version.model)
        decided = decisions.decisions(session, version.model)
    return Facts(
        spec=spec,
        version=version,
        headline=[Measure(name, "score", *ends) for name, ends in headline.items()],
        slices=_slices(version, registry),
        requests=[one for one in requests if one.version == version.version],
        decided=[one for one in decided if one.version == version.version],
        changes=[row for row in rows if row.to_version == version.version],
        notes=_notes(spec.name),
    )


def as_markdown(facts: Facts) -> str:
    """The card. Texts of data and people stay text, whatever signs are in them."""
    return (
        _environment(autoescape=False)
        .get_template("card.md")
        .render(
            facts=facts,
            tags=facts.version.tags,
            author=facts.version.tags.get(AUTHOR, "unknown"),
            lineage=[(name, facts.version.tags.get(name, "unknown")) for name in _LINEAGE],
        )
    )


def as_html(markdown: str, facts: Facts) -> str:
    """The same as a page of its own; raw HTML in the Markdown is shown as text."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    title = f"{facts.spec.name} {facts.version.version}"
    return _environment(autoescape=True).get_template("card.html").render(title=title, body=body)


def _notes(model: str) -> str:
    path = specs.MODELS / model / NOTES
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _slices(version: ModelVersion, registry: Registry) -> list[Measure]:
    """Every score with an interval in the slices of the run's scores.json."""
    try:
        scores = json.loads(registry.file(version, "evaluation/scores.json").read_bytes())
    except (NotFoundError, OSError, ValueError):
        return []
    return list(_measures(scores.get("slices", {}), ()))


def _measures(found: Any, path: Sequence[str]) -> Iterator[Measure]:
    """Scores of any task: wherever `x_interval` stands beside `x`, x is a score."""
    if not isinstance(found, Mapping):
        return
    for name, value in found.items():
        ends = found.get(f"{name}{_INTERVAL}")
        if isinstance(value, int | float) and isinstance(ends, list) and len(ends) == 2:
            yield Measure(" / ".join(path), name, value, *ends)
        else:
            yield from _measures(value, path if name == "scores" else (*path, name))


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("pipelines.governance"),
        autoescape=autoescape,  # noqa: S701 - Markdown is escaped by its own filter
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = _text
    environment.filters["figure"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["when"] = lambda at: f"{at:%Y-%m-%d %H:%M}Z"
    return environment


def _text(value: object) -> str:
    """A value as plain text of one line in Markdown: no sign of it means anything."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))
