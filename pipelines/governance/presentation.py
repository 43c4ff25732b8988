"""A request for a decision as the approver reads it: Markdown for Airflow's page."""

import re
from collections.abc import Mapping, Sequence

from pipelines.contracts.decision import Preflight, StoredRequest
from pipelines.errors import NotFoundError
from pipelines.governance import comparison, heldback, standing
from pipelines.governance.comparison import Case
from pipelines.governance.evidence import MADE_OF
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Settings

PAGES = "/millrace"
"""Where Airflow serves the evidence and the reports of the home."""

_SHOWN_DIFFERENCES = 10
_SHOWN_REIGNS = 5
_SHOWN_CHARACTERS = 80
# Text of documents is hostile: nothing of it may become a link, a table cell or markup.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&:@/])")


def words(request: StoredRequest, settings: Settings) -> tuple[str, str]:
    """Subject and body of a request."""
    registry = Registry.open(settings)
    candidate = registry.resolve(request.model, request.version)
    champion = _version(request.model, request.champion, registry)
    case = comparison.read(request, settings)
    subject = f"{request.model} version {request.version}: the gate says {request.verdict.decision}"
    against = f"champion version {request.champion}" if request.champion else "no champion yet"
    parts = [
        f"Version {request.version} of **{request.model}**, started by `{request.author}`, "
        f"against {against}. Without an answer by {request.expires_at:%Y-%m-%d %H:%M} UTC it is "
        "rejected.",
        "### What the gate saw\n\n" + "\n".join(f"- {one}" for one in request.verdict.reasons),
        "### Candidate against champion\n\n" + _table(case),
        "### What changed\n\n" + _changes(candidate, champion),
        _reviewers(candidate, settings),
        _differences(case),
        _old_cases(case),
        _links(request),
    ]
    return subject, "\n\n".join(part for part in parts if part)


def rollback_words(
    prepared: Preflight, wisher: str, why: str, settings: Settings
) -> tuple[str, str]:
    """Subject and body of a rollback that waits for its word."""
    registry = Registry.open(settings)
    champion = _version(prepared.model, prepared.champion, registry)
    earlier = registry.resolve(prepared.model, prepared.version)
    with OpsDb.open(settings).read() as session:
        rows = ledger.rows(session, prepared.model)
    subject = (
        f"{prepared.model}: back to version {prepared.version} from version {prepared.champion}?"
    )
    parts = [
        f"**{_plain(wisher)}** asks for it: {_plain(why)}. Without an answer version "
        f"{prepared.champion} stays the champion.",
        "### What the pre-flight saw\n\n" + "\n".join(f"- {_plain(one)}" for one in prepared.seen),
        "### What would change\n\n" + _changes(earlier, champion),
        "### What was live\n\n" + _lived(standing.reigns(rows)),
    ]
    return subject, "\n\n".join(parts)


def _lived(reigns: Sequence[standing.Reign]) -> str:
    head = "| version | since | change | who | why |\n|--:|---|---|---|---|"
    lines = [
        f"| {one.version} | {one.since:%Y-%m-%d %H:%M} | {one.row.kind} | {one.row.person} | "
        f"{_cell(one.row.why)} |"
        for one in reversed(reigns[-_SHOWN_REIGNS:])
    ]
    return "\n".join([head, *lines])


def _version(model: str, version: int | None, registry: Registry) -> ModelVersion | None:
    if version is None:
        return None
    try:
        return registry.resolve(model, version)
    except NotFoundError:
        return None


def _table(case: Case) -> str:
    request = case.request
    rows = [line for line in request.table if line["slice"] == "all"]
    body = [
        f"| {line['rows']} | {line['field']} | {line['n']} | {_score(line['champion'])} | "
        f"{_score(line['candidate'])} | {_score(line['low'])} to {_score(line['high'])} |"
        for line in rows
    ]
    coverage = "" if case.interval is None else f", {100 * case.interval:.0f} %"
    what = ("difference" if request.champion else "interval") + coverage
    head = f"| rows | field | n | champion | candidate | {what} |\n|---|---|--:|--:|--:|---|"
    return "\n".join([head, *body])


def _changes(candidate: ModelVersion, champion: ModelVersion | None) -> str:
    before: Mapping[str, str] = champion.tags if champion else {}
    lines = [
        f"- {name.replace('_', ' ')}: {_short(before.get(name))} → {_short(candidate.tags[name])}"
        for name in MADE_OF
        if name in candidate.tags and candidate.tags[name] != before.get(name)
    ]
    return "\n".join(lines) or "- nothing that is recorded"


def _reviewers(candidate: ModelVersion, settings: Settings) -> str:
    found = heldback.read(candidate, settings)
    if found is None:
        return ""
    lines = [
        f"- {_plain(one.standing.reviewer)}, held back by {_plain(one.standing.by)} on "
        f"{one.standing.at:%Y-%m-%d}: {_plain(one.standing.why)}. "
        f"Corrections: {one.fate}."
        for one in found.held
    ]
    return "### What reviewers said\n\n" + "\n".join([found.summary, "", *lines])


def _differences(case: Case) -> str:
    if not case.differences:
        return ""
    rows = [
        f"| {_cell(one.row)} | {_cell(one.field)} | {_cell(one.champion)} | "
        f"{_cell(one.candidate)} | {_cell(one.truth)} |"
        for one in case.differences[:_SHOWN_DIFFERENCES]
    ]
    head = "| row | field | champion | candidate | truth |\n|---|---|---|---|---|"
    return "\n".join(["### Where the two differ\n", head, *rows])


def _old_cases(case: Case) -> str:
    found = case.old_cases
    if found is None or not found.overall.cases:
        return ""
    whole = found.overall
    before = "" if whole.champion is None else f", the champion {whole.champion}"
    said = (
        f"### Errors that reviewers settled\n\nOf {whole.cases} the candidate answers "
        f"{whole.candidate} right{before}; {len(found.came_back)} came back."
    )
    if not found.came_back:
        return said
    rows = [
        f"| {_cell(one.case.document_id)} | {_cell(one.case.field)} | {_cell(one.champion)} | "
        f"{_cell(one.candidate)} |"
        for one in found.came_back[:_SHOWN_DIFFERENCES]
    ]
    head = "| row | field | champion, right | candidate |\n|---|---|---|---|"
    return "\n".join([said, "", head, *rows])


def _links(request: StoredRequest) -> str:
    page = f"{PAGES}/evidence/{request.model}"
    return (
        f"[Evidence and history]({page}?version={request.version}) · "
        f"[Model card]({page}/{request.version}/card/card.html) · "
        f"[Scores with intervals]({PAGES}/files/{request.evidence_dir}/scores.png)"
    )


def _cell(value: object) -> str:
    if value is None:
        return "–"
    text = " ".join(str(value).split())
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return _plain(text)


def _plain(text: str) -> str:
    """Text of one line in which no sign means anything."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _short(value: str | None) -> str:
    return "–" if not value else value if len(value) <= 20 else value[:12]


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
