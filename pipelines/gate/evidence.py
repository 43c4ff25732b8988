"""What a verdict leaves behind: figures, table, pictures and rows, all a person may ask for."""

import json
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.result import Comparison
from pipelines.contracts.spec import GatePolicy
from pipelines.contracts.verdict import Finding, Verdict
from pipelines.evaluation.comparison import Difference
from pipelines.evaluation.paired import Compared
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.claims import GOLDEN, sets
from pipelines.gate.pictures import draw_differences, draw_scores
from pipelines.gate.signals import Signals

EVIDENCE, TABLE, DIFFERENCES = "evidence.json", "table.md", "differences.json"
_SHOWN_LINES = 40
_SHOWN_REASONS = 12
_SHOWN_LETTERS = 400


class Facts(BaseModel):
    """All that the verdict was made of; its JSON is what the evidence hash covers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    version: int
    champion: int | None
    tags: dict[str, str]
    golden_snapshot_id: int | None
    policy: GatePolicy
    signals: Signals
    findings: list[Finding]
    verdict: Verdict


def write(folder: Path, facts: Facts, differences: list[Difference]) -> str:
    """Fills `folder` and gives the SHA-256 of evidence.json."""
    text = facts.model_dump_json(indent=1) + "\n"
    (folder / EVIDENCE).write_text(text, encoding="utf-8")
    lines = table(facts.signals)
    (folder / TABLE).write_text(markdown(lines), encoding="utf-8")
    rows = [one.model_dump(mode="json") for one in differences]
    (folder / DIFFERENCES).write_text(
        json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    if lines:
        draw_scores(lines, folder / "scores.png")
    if any(line.difference is not None for line in lines):
        draw_differences(lines, folder / "differences.png")
    return sha256(text.encode()).hexdigest()


def table(signals: Signals) -> list[Comparison]:
    """Candidate against champion: overall, fields and slices of golden, then of recent."""
    return [
        _line(rows, one)
        for rows, found in sets(signals)
        for one in sorted(found.compared, key=_rank)
        if one.n
    ]


def shown(signals: Signals) -> list[Comparison]:
    """The table as far as a result carries it: the slices of the recent set go first."""
    lines = table(signals)
    kept = [line for line in lines if line.rows == GOLDEN or line.slice == ALL]
    return [line.model_copy(update=_rounded(line)) for line in kept[:_SHOWN_LINES]]


def shortened(verdict: Verdict) -> Verdict:
    """The verdict as far as a result carries it; the evidence has every word."""
    reasons = [reason[:_SHOWN_LETTERS] for reason in verdict.reasons]
    if len(reasons) > _SHOWN_REASONS:
        # The last sentence of an undecided verdict says what would decide it.
        left = len(reasons) - _SHOWN_REASONS
        count = "1 more reason is" if left == 1 else f"{left} more reasons are"
        more = f"{count} in the evidence."
        reasons = [*reasons[: _SHOWN_REASONS - 1], reasons[-1], more]
    return verdict.model_copy(update={"reasons": reasons})


def markdown(lines: list[Comparison]) -> str:
    """The table as people read it."""
    head = "| set | slice | field | n | champion | candidate | difference | interval |\n"
    body = "".join(
        f"| {one.rows} | {one.slice} | {one.field} | {one.n} | {_score(one.champion)} | "
        f"{_score(one.candidate)} | {_signed(one.difference)} | {_between(one)} |\n"
        for one in lines
    )
    return f"{head}|---|---|---|--:|--:|--:|--:|---|\n{body}"


def _line(rows: str, one: Compared) -> Comparison:
    return Comparison(
        rows=rows,
        slice=one.slice,
        field=one.field,
        n=one.n,
        champion=one.champion,
        candidate=one.candidate,
        difference=one.difference,
        low=one.low,
        high=one.high,
    )


def _rank(one: Compared) -> tuple[bool, bool, str, str]:
    return one.slice != ALL, one.field != OVERALL, one.slice, one.field


def _rounded(line: Comparison) -> dict[str, float | None]:
    figures = ("champion", "candidate", "difference", "low", "high")
    found = {name: getattr(line, name) for name in figures}
    return {name: None if value is None else round(value, 4) for name, value in found.items()}


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"


def _between(line: Comparison) -> str:
    if line.low is None or line.high is None:
        return "–"
    sign = "" if line.difference is None else "+"
    return f"{line.low:{sign}.3f} to {line.high:{sign}.3f}"
