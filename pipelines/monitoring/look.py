"""Looks at one window from all sides: what came in, what was answered, how right it was."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from pipelines import specs
from pipelines.contracts.monitor_result import MonitorPlan
from pipelines.contracts.monitoring import Calibration, Day, Signal, Topic, WindowRecord
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MillraceError
from pipelines.lake import windows
from pipelines.lake.lake import Lake
from pipelines.lake.published import PublishedDay, published_days
from pipelines.monitoring import causes, freshness, groups, report, system
from pipelines.monitoring.days import span
from pipelines.monitoring.drift import rule
from pipelines.monitoring.drift.rule import Watched
from pipelines.monitoring.plan import looked_at
from pipelines.monitoring.quality import signals as quality
from pipelines.monitoring.subject import Subject
from pipelines.monitoring.verdict import Kind, evaluate
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.settings import Settings

log = logging.getLogger(__name__)

Found = TypeVar("Found")
Otherwise = TypeVar("Otherwise")


@dataclass(frozen=True)
class Deps:
    """Stores of one home, and the time."""

    lake: Lake
    db: OpsDb
    registry: Registry
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class Look:
    """One run's look at a model; what all its windows share is read and computed once."""

    model: ModelSpec
    calibration: Calibration
    days: Mapping[str, Day]
    """What was seen of the windows' days and of the reference's, as `seen` reads it."""
    champion: Subject
    plan: MonitorPlan
    deps: Deps

    @cached_property
    def reference(self) -> list[Day]:
        """The days that windows are held against, rising."""
        return [self.days[day] for day in self.calibration.days if day in self.days]

    @cached_property
    def watched(self) -> Watched:
        """All that is watched, with its past drawn anew a hundred times."""
        made = self.calibration
        return rule.watched(self.reference, made.binning, made.policy, made.limits)

    @cached_property
    def published(self) -> dict[str, PublishedDay]:
        """Every published day."""
        return published_days(self.deps.lake, self.model.dataset)

    def judge(self, window: str) -> tuple[WindowRecord, dict[Kind, list[str]]]:
        """One window with its verdict, and likely causes by kind of incident."""
        policy, deps = self.model.monitoring, self.deps
        days = span(window, policy.window_days)
        recent = self._recent(window)
        of = [day for day in recent if day.day in days]
        rows, quarantined = sum(day.rows for day in of), sum(day.quarantined for day in of)
        signals = self._signals(window, days, recent)
        record = WindowRecord(
            model=self.model.name,
            window=window,
            days=policy.window_days,
            version=max((day.version for day in of if day.version is not None), default=None),
            reference=self.calibration.reference,
            rows=rows,
            verdict=evaluate(signals, policy, rows=rows, quarantined=quarantined),
            signals=signals,
            judged_at=deps.now,
            report=report.written(self.model, window, deps.settings),
        )
        why = causes.causes(
            signals,
            self.calibration.binning,
            of,
            self.reference,
            groups=_read_or(
                lambda: groups.sentences(
                    self.model, signals, days, self.calibration.days, deps.lake
                ),
                [],
            ),
            refused=_refused(self.published, days),
        )
        return record, why

    def _recent(self, window: str) -> list[Day]:
        """Days that k of n looks at; the last one is there also where nothing came."""
        found = [self.days[day] for day in looked_at(self.model, window) if day in self.days]
        if not found or found[-1].day != window:
            found.append(Day(day=window, version=None, rows=0, quarantined=0, sketches={}))
        return found

    def _signals(
        self,
        window: str,
        days: Sequence[str],
        recent: Sequence[Day],
    ) -> list[Signal]:
        deps, weights = self.deps, self.champion.weights(self.calibration.binning)
        found = rule.signals(self.calibration, self.watched, recent, weights)
        if self.plan.settles is not None:
            found = [_settling(one, self.plan.settles) for one in found]
        came = [day for day, state in self.published.items() if state.rows_in]
        fresh = freshness.signal(self.model, specs.dataset(self.model.dataset), window, came)
        found += [fresh] if fresh else []
        found += self._of(
            "quality",
            lambda: quality.signals(
                self.model,
                days=days,
                lake=deps.lake,
                db=deps.db,
                settings=deps.settings,
                calibration=self.calibration,
            ),
        )
        if window == self.plan.windows[-1]:
            # How long the steps took says nothing of the windows before.
            found += self._of(
                "system", lambda: system.signals(self.model, db=deps.db, now=deps.now)
            )
        return found

    def draw(self, window: str, signals: Sequence[Signal]) -> str | None:
        """Evidently's page of a window, relative to the home; None where there is nothing to draw
        or it cannot be drawn."""
        days = span(window, self.model.monitoring.window_days)
        return report.write(
            self.model,
            days=days,
            reference_days=self.calibration.days,
            lake=self.deps.lake,
            settings=self.deps.settings,
            calibration=self.calibration,
            signals=signals,
        )

    def _of(self, topic: Topic, read: Callable[[], list[Signal]]) -> list[Signal]:
        """Signals of a topic; one that says so where they could not be read, never none."""
        found = _read_or(read, None)
        return _lost(topic) if found is None else found


def seen(
    model: ModelSpec, plan: MonitorPlan, binning: str, champion: Subject, lake: Lake
) -> dict[str, Day]:
    """What was seen of every day that the plan's windows and their past need, by day."""
    wanted = {day for window in plan.windows for day in looked_at(model, window)}
    found = windows.read(lake, model.name, binning=binning, days=wanted.union(plan.reference_days))
    return {one.day: one for one in _without_learnt(found, champion)}


def _without_learnt(days: Sequence[Day], champion: Subject) -> list[Day]:
    """Days without the answers to rows that the champion has learnt from."""
    return [
        day.model_copy(
            update={
                "version": None,
                "sketches": {
                    name: one
                    for name, one in day.sketches.items()
                    if not name.startswith(f"{windows.OUTPUT}/")
                },
            }
        )
        if day.day in champion.trained_days
        else day
        for day in days
    ]


def _settling(one: Signal, since: str) -> Signal:
    """Shown and not judged: the champion has learnt what the reference has not seen."""
    if one.topic not in {"input", "output"} or one.limit is None:
        return one
    said = f"{one.sentence} (not judged: the reference is older than {since})"
    return one.model_copy(
        update={"limit": None, "exceeded": False, "alarm": False, "sentence": said}
    )


def _refused(published: Mapping[str, PublishedDay], days: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for day in days:
        if day in published:
            for name, count in published[day].quarantine_reasons.items():
                found[name] = found.get(name, 0) + count
    return found


def _lost(topic: Topic) -> list[Signal]:
    said = f"{topic} could not be read; the log of the run says why"
    return [Signal(name=f"{topic}/read", topic=topic, value=None, limit=1.0, sentence=said)]


def _read_or(read: Callable[[], Found], otherwise: Otherwise) -> Found | Otherwise:
    """What can be read; our own errors are logged and do not hide the rest of the window."""
    try:
        return read()
    except MillraceError as error:
        log.warning("%s", error)
        return otherwise
