"""Labels as they come: which days can be measured anew, how late their labels were, what misses.

A day is measured when its labels count as known, and again whenever what it was measured on has
changed: rows delivered again with their labels, predictions of another champion, a reviewer's word.
The figures of a day are the newest; the verdict that was given without them stays as it was.
"""

import importlib
from collections.abc import Iterable
from typing import Protocol, cast

import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.quality import Figure, Score, Source
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError
from pipelines.lake import quality
from pipelines.lake.lake import Lake
from pipelines.monitoring.quality.audited import audited
from pipelines.monitoring.quality.scored import ScoredDay, figure, in_days, scored
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

_TASKS = {
    "classification": "pipelines.monitoring.quality.classification",
    "extraction": "pipelines.monitoring.quality.extraction",
}


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


def refresh(
    spec: ModelSpec, *, since: str, until: str, lake: Lake, db: OpsDb, settings: Settings
) -> list[Figure]:
    """Measures what can be measured now of the days from `since` to `until`; all figures there are.

    A label counts as known `split.gap_days` after its day, however early it was delivered: so a
    judged day of the past knows no more than it did then.
    """
    late = of_task(spec.task).label_days(spec)
    days = scored(spec, since=since, until=until, late=late, lake=lake)
    known = quality.read(lake, spec.name)
    done = {(one.day, one.made_of) for one in known if one.source != "audit"}
    new = [
        one
        for day in days
        if (day.day, day.made_of) not in done
        for one in _measured(spec, day, late, lake)
    ]
    new += audited(spec, days, {one.made_of for one in known if one.source == "audit"}, lake, db)
    return quality.write(lake, settings, spec.name, new) if new else known


def _measured(spec: ModelSpec, day: ScoredDay, late: int, lake: Lake) -> list[Figure]:
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
        figure(day, "estimate", one, answers.num_rows)
        for one in quality_of.expected(rows, answers, spec)
    ]
    if day.labels_known:
        scores, labelled = quality_of.measured(rows, answers, spec)
        waited = max(float(late), in_days(day.last - day.first))
        found += [figure(day, "labels", one, labelled, waited) for one in scores]
    return found


def of_days(figures: Iterable[Figure], source: Source, metric: str) -> list[Figure]:
    """Figures of one source and metric, by day."""
    return sorted(
        (one for one in figures if one.source == source and one.metric == metric),
        key=lambda one: one.day,
    )
