"""Labels as they come: which days can be measured anew, how late their labels were, what misses.

A day is measured when its labels count as known, and again whenever what it was measured on has
changed: rows delivered again with their labels, predictions of another champion, a reviewer's word.
The figures of a day are the newest; the verdict that was given without them stays as it was.
"""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Protocol, cast

import pyarrow as pa

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.quality import Figure, Score, Source
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import accuracy
from pipelines.errors import MisconfiguredError
from pipelines.lake import predictions, quality
from pipelines.lake.lake import Lake
from pipelines.lake.published import NOTE
from pipelines.measures.rate import rate
from pipelines.monitoring.days import earlier
from pipelines.monitoring.quality.extraction import HEADLINE, of_rate
from pipelines.opsdb import corrections
from pipelines.opsdb.database import OpsDb
from pipelines.publication import digest
from pipelines.settings import Settings

_TASKS = {
    "classification": "pipelines.monitoring.quality.classification",
    "extraction": "pipelines.monitoring.quality.extraction",
}
_DAY_SECONDS = 86_400


class Quality(Protocol):
    """What a task's module has."""

    HEADLINE: str

    def columns(self, spec: ModelSpec) -> tuple[str, ...]: ...
    def label_days(self, spec: ModelSpec) -> int: ...
    def importance(self, spec: ModelSpec) -> dict[str, float]: ...
    def measured(
        self, rows: pa.Table, predictions: pa.Table, spec: ModelSpec
    ) -> tuple[list[Score], int]: ...
    def expected(self, rows: pa.Table, predictions: pa.Table, spec: ModelSpec) -> list[Score]: ...


def of_task(name: str) -> Quality:
    """How quality is measured in the task `name`; raises MisconfiguredError."""
    if name not in _TASKS:
        raise MisconfiguredError(
            f"quality of the task {name!r} cannot be watched; known: {', '.join(sorted(_TASKS))}. "
            "Mend `task:` in model.yaml."
        )
    return cast(Quality, importlib.import_module(_TASKS[name]))


@dataclass(frozen=True)
class _Day:
    """One scored day and what it is made of."""

    day: str
    version: int
    rows: int
    first: datetime
    """When its rows were first published, and below last."""
    last: datetime
    made_of: str


def refresh(
    spec: ModelSpec, *, since: str, until: str, lake: Lake, db: OpsDb, settings: Settings
) -> list[Figure]:
    """Measures what can be measured now of the days from `since` to `until`; all figures there are.

    A label counts as known `split.gap_days` after its day, however early it was delivered: so a
    judged day of the past knows no more than it did then.
    """
    days = _scored(spec, since, until, lake)
    known = quality.read(lake, spec.name)
    done = {(one.day, one.made_of) for one in known if one.source != "audit"}
    new = [
        figure
        for day in days
        if (day.day, day.made_of) not in done
        for figure in _measured(spec, day, until, lake)
    ]
    new += _audited(spec, days, {one.made_of for one in known if one.source == "audit"}, lake, db)
    return quality.write(lake, settings, spec.name, new) if new else known


def _scored(spec: ModelSpec, since: str, until: str, lake: Lake) -> list[_Day]:
    """Days whose predictions people are shown."""
    states = predictions.states(lake, spec.name)
    shown = {
        day: version for day, version in predictions.shown(states).items() if since <= day <= until
    }
    written = _written(lake, spec.dataset) if shown else {}
    late = of_task(spec.task).label_days(spec)
    found = []
    for day, version in sorted(shown.items()):
        state, commits = states[version, day], written.get(day)
        if commits is None:
            continue
        mature = _is_known(day, late, until)
        basis = digest(str(version), str(state.published), str(commits[-1][1]), str(mature))
        found.append(
            _Day(
                day=day,
                version=version,
                rows=state.rows_in - state.refused,
                first=commits[0][0],
                last=commits[-1][0],
                made_of=basis[:16],
            )
        )
    return found


def _measured(spec: ModelSpec, day: _Day, until: str, lake: Lake) -> list[Figure]:
    """Estimate of a day, and what its labels say where they count as known."""
    quality_of = of_task(spec.task)
    rows = lake.read(
        names.published_table(spec.dataset),
        where={names.DAY: day.day},
        columns=quality_of.columns(spec),
    )
    answers = lake.read(
        names.predictions_table(spec.name),
        where={names.DAY: day.day, names.MODEL_VERSION: day.version},
    )
    found = [
        _figure(day, "estimate", one, answers.num_rows)
        for one in quality_of.expected(rows, answers, spec)
    ]
    late = quality_of.label_days(spec)
    if _is_known(day.day, late, until):
        scores, labelled = quality_of.measured(rows, answers, spec)
        waited = max(float(late), _days(day.last - day.first))
        found += [_figure(day, "labels", one, labelled, waited) for one in scores]
    return found


def _audited(
    spec: ModelSpec, days: list[_Day], known: set[str], lake: Lake, db: OpsDb
) -> list[Figure]:
    """What reviewers said of documents that chance drew, by the day of the document."""
    with db.read() as session:
        last = corrections.last(session, spec.name)
        basis = digest(str(last), *(day.made_of for day in days))[:16]
        if not last or not days or basis in known:
            return []
        audits = {
            version: accuracy.audit(session, spec, version)
            for version in sorted({day.version for day in days})
        }
    key, found = specs.key(spec), []
    for day in days:
        audit = audits[day.version]
        if not audit.right:
            continue
        rows = lake.read(
            names.predictions_table(spec.name),
            where={names.DAY: day.day, names.MODEL_VERSION: day.version},
            columns=[key],
        )
        found += _of_audit(spec, day, audit, set(rows[key].to_pylist()), basis)
    return found


def _of_audit(
    spec: ModelSpec, day: _Day, audit: accuracy.Audit, documents: set[str], basis: str
) -> list[Figure]:
    judged: dict[str, dict[str, bool]] = {}
    for (document, field), right in audit.right.items():
        if document in documents:
            judged.setdefault(document, {})[field] = right
    if not judged:
        return []
    waited = median(max(0.0, _days(audit.said_at[one] - day.first)) for one in judged)
    shares: dict[str, dict[str, float]] = {
        HEADLINE: {one: sum(said.values()) / len(said) for one, said in judged.items()}
    } | {
        field: {one: float(said[field]) for one, said in judged.items() if field in said}
        for field in spec.fields
    }
    return [
        _figure(day, "audit", score, len(judged), waited).model_copy(update={"made_of": basis})
        for metric, said in shares.items()
        for score in of_rate(
            metric, rate([*said.values()], [1 / audit.chances[one] for one in said])
        )
    ]


def _is_known(day: str, late: int, until: str) -> bool:
    """Whether the labels of a day, which count as known so many days after it, are."""
    return day <= earlier(until, late)


def _figure(
    day: _Day, source: Source, score: Score, labelled: int, waited: float | None = None
) -> Figure:
    return Figure(
        **score.model_dump(),
        day=day.day,
        source=source,
        version=day.version,
        labelled=labelled,
        rows=day.rows,
        days_late=waited,
        made_of=day.made_of,
    )


def _written(lake: Lake, dataset: str) -> dict[str, list[tuple[datetime, int]]]:
    """Commits that wrote each day of a published table, the first one first."""
    found: dict[str, list[tuple[datetime, int]]] = {}
    for snapshot in reversed(lake.history(names.published_table(dataset))):
        at = datetime.fromtimestamp(snapshot.committed_ms / 1000, UTC)
        for key in snapshot.summary:
            if key.startswith(NOTE):
                found.setdefault(key.removeprefix(NOTE), []).append((at, snapshot.snapshot_id))
    return found


def _days(span: timedelta) -> float:
    return span.total_seconds() / _DAY_SECONDS


def of_days(figures: Iterable[Figure], source: Source, metric: str) -> list[Figure]:
    """Figures of one source and metric, by day."""
    return sorted(
        (one for one in figures if one.source == source and one.metric == metric),
        key=lambda one: one.day,
    )
