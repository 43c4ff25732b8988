"""What the gate saw of a version, read back from its evidence folder. Only reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.contracts.decision import StoredRequest
from pipelines.contracts.regression import REGRESSION, Regression
from pipelines.contracts.result import Comparison
from pipelines.contracts.verdict import Finding
from pipelines.settings import Settings

EVIDENCE, DIFFERENCES = "evidence.json", "differences.json"
SETS = ("golden", "recent")
ALL, OVERALL = "all", "overall"

State = Literal["whole", "altered", "gone"]


class Differing(BaseModel):
    """One answer in which champion and candidate differ, with the truth."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    row: str
    field: str
    champion: str | None
    candidate: str | None
    truth: str | None
    better: str


@dataclass(frozen=True)
class Line:
    """One comparison with the value that its score, or its difference, must stay above."""

    score: Comparison
    bound: float | None
    """None for what is shown and not judged."""


@dataclass(frozen=True)
class Case:
    """The comparison that a verdict stands on."""

    request: StoredRequest
    state: State
    """Whether the folder still holds the evidence whose hash was recorded."""
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    differences: tuple[Differing, ...]
    old_cases: Regression | None
    """Errors that reviewers settled, answered again; None where there were none."""
    interval: float | None
    """Coverage of the intervals, 0 to 1; None where the evidence that names it is gone."""
    unit: str
    files: tuple[str, ...]
    """Names in the evidence folder."""

    def of(self, rows: str, *, slices: bool) -> list[Line]:
        """Lines of one set: whole, or its slices."""
        found = [line for line in self.lines if line.score.rows == rows]
        return [line for line in found if (line.score.slice != ALL) == slices]


def read(request: StoredRequest, settings: Settings) -> Case:
    """The comparison of a request, from its folder; where that is gone, from the request alone.

    Only a whole evidence.json is believed: of one with another hash nothing is shown.
    """
    folder = (settings.root / request.evidence_dir).resolve()
    if not folder.is_relative_to(settings.runs):
        folder = settings.runs / "gone"  # somebody altered the request: nothing else is opened
    content, state = _content(folder / EVIDENCE, request.evidence_hash)
    policy = content.get("policy", {})
    kept = [Comparison.model_validate(line) for line in request.table]
    scores = _scores(content.get("signals", {})) or kept
    level = policy.get("level")
    signals = content.get("signals", {})
    units = [signals[name]["unit"] for name in SETS if signals.get(name)]
    return Case(
        request=request,
        state=state,
        lines=tuple(Line(one, _bound(one, policy)) for one in sorted(scores, key=_rank)),
        findings=tuple(Finding.model_validate(one) for one in content.get("findings", [])),
        differences=_differences(folder / DIFFERENCES) if state == "whole" else (),
        old_cases=_old_cases(folder / REGRESSION) if state == "whole" else None,
        interval=None if level is None else 1 - 2 * level,
        unit=units[0] if units else "rows",
        files=tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else (),
    )


def _content(path: Path, expected: str) -> tuple[dict[str, Any], State]:
    try:
        found = path.read_bytes()
    except OSError:
        return {}, "gone"
    if sha256(found).hexdigest() != expected:
        return {}, "altered"
    content: dict[str, Any] = json.loads(found)
    return content, "whole"


def _old_cases(path: Path) -> Regression | None:
    """None where no errors had been settled, or the file cannot be read."""
    try:
        return Regression.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _scores(signals: Mapping[str, Any]) -> list[Comparison]:
    known = set(Comparison.model_fields) - {"rows"}
    return [
        Comparison(rows=rows, **{name: one[name] for name in known})
        for rows in SETS
        for one in (signals.get(rows) or {}).get("compared", [])
        if one["n"]
    ]


def _bound(line: Comparison, policy: Mapping[str, Any]) -> float | None:
    """What the policy that judged it asked of a line: a first model's floor, else minus the margin.

    The gate judges more strictly than this shows: see the findings.
    """
    if not policy:
        return None
    first, overall = line.champion is None, line.field == OVERALL
    if line.slice != ALL:
        judged = overall and line.rows == SETS[0] and not first
        enough = line.n >= policy["min_slice_rows"]
        return -float(policy["slice_margin"]) if judged and enough else None
    if first:
        name, whole, single = "field_floors", "floor", "field_floor"
    else:
        name, whole, single = "field_margins", "margin", "field_margin"
    value = float(policy[whole] if overall else policy[name].get(line.field, policy[single]))
    return value if first else -value


def _differences(path: Path) -> tuple[Differing, ...]:
    try:
        found = json.loads(path.read_bytes())
        return tuple(Differing.model_validate(one) for one in found)
    except (OSError, ValueError, TypeError, ValidationError):
        return ()


def _rank(line: Comparison) -> tuple[int, bool, bool, str, str]:
    return (
        SETS.index(line.rows) if line.rows in SETS else len(SETS),
        line.slice != ALL,
        line.field != OVERALL,
        line.slice,
        line.field,
    )
