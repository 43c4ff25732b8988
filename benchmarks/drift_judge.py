"""Our rule and Evidently's defaults on one stream: its alarms, and the shifts that are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import polars as pl

from benchmarks import drift_evidently
from benchmarks.drift_page import Alarms, Found
from benchmarks.drift_shifts import Shift
from benchmarks.drift_streams import Stream
from pipelines.contracts.monitoring import Calibration, Day, Limit
from pipelines.monitoring.drift import history
from pipelines.monitoring.drift.calibrate import calibrate
from pipelines.monitoring.drift.rule import Judgement, Watched, judge, watched

SEED = 2_027
"""Of what is reported; all tuning was done with others."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ("fraud", "rank_of_fraud")
"""Columns that are known only when labels come."""


@dataclass(frozen=True)
class Judge:
    """The rule in production, calibrated once for many windows."""

    stream: Stream

    @cached_property
    def calibration(self) -> Calibration:
        """The stream's reference."""
        one = self.stream
        return calibrate(one.past, one.binning, one.policy, model=one.name, now=NOW)

    @cached_property
    def known(self) -> Watched:
        """What is watched, with its past."""
        made = self.calibration
        return watched(self.stream.past, made.binning, made.policy, made.limits)

    def alarms(self, days: Sequence[Day]) -> list[set[str]]:
        """Columns in alarm in each window of some days."""
        return [
            {name for name, one in zip(self.known.names, line, strict=True) if one}
            for line in self._judged(days).alarms
        ]

    def exceeded(self, days: Sequence[Day]) -> int:
        """Windows in which anything is past its limit."""
        return int(self._judged(days).exceeded.any(axis=1).sum())

    def _judged(self, days: Sequence[Day]) -> Judgement:
        of = history.windows(days, self.stream.policy.window_days)
        return judge(self.calibration, self.known, of)

    @cached_property
    def limits(self) -> dict[str, Limit]:
        """What calibration says of each column."""
        return {one.name: one for one in self.calibration.limits}


def alarms(stream: Stream, windows: int) -> Alarms:
    """Every window without a shift by our rule, and some of them by Evidently's defaults."""
    rule = Judge(stream)
    days = [stream.sketched(day) for day in stream.judged]
    every = history.windows(days, stream.policy.window_days)
    alarm = np.array([bool(one) for one in rule.alarms(days)])
    columns = [one.column for one in stream.binning.columns]
    known = drift_evidently.reference(stream, columns, SEED)
    others = []
    for at in np.linspace(0, len(every) - 1, min(windows, len(every))).astype(int):
        rows = pl.concat([stream.days[day.day] for day in every[at].days])
        others.append(drift_evidently.judge(known, stream.derive(rows).select(columns)))
    return Alarms(
        stream=stream.name,
        columns=len(columns),
        rows=int(np.median([one.rows for one in every])),
        windows=len(every),
        expected=rule.calibration.false_alarms_per_month,
        exceeded=rule.exceeded(days),
        in_alarm=int(alarm.sum()),
        alarms=int((alarm & ~np.append(False, alarm[:-1])).sum()),
        evidently=len(others),
        any_column=sum(bool(one.drifted) for one in others),
        dataset=sum(one.dataset for one in others),
    )


def found(stream: Stream, shifts: Sequence[Shift], *, evidently: bool = True) -> list[Found]:
    """Each shift in every pair of windows in a row; Evidently judges one shifted window."""
    rule = Judge(stream)
    columns = [one.column for one in stream.binning.columns]
    known = drift_evidently.reference(stream, columns, SEED)
    lines = []
    for number, shift in enumerate(shifts):
        pairs = _grown(rule, shift, number) if shift.grows else _pairs(rule, shift, number)
        moved = [{name.partition("/")[2] for name in one} for one in pairs]
        said = []
        if evidently:
            size = stream.policy.window_days
            days = stream.judged[-size:]
            rows = pl.concat([_shifted(stream, shift, day, number) for day in days])
            said = [drift_evidently.judge(known, stream.derive(rows).select(columns))]
        lines.append(
            Found(
                stream=stream.name,
                kind=shift.kind,
                size=shift.size,
                promised=shift.promised,
                tries=len(pairs),
                found=sum(bool(one) for one in moved),
                of_column=sum(bool(one & {*shift.columns, "rows"}) for one in moved),
                without_labels=sum(bool(one - set(LABELS)) for one in moved),
                evidently=len(said),
                any_column=sum(bool(one.drifted & set(shift.columns)) for one in said),
                dataset=sum(one.dataset for one in said),
            )
        )
    return lines


def _shifted(
    stream: Stream, shift: Shift, day: str, number: int, part: float = 1.0
) -> pl.DataFrame:
    """A day's rows with the shift; the same ones each time."""
    random = np.random.default_rng([SEED, number, stream.judged.index(day)])
    return shift.apply(stream.days[day], random, part)


def _pairs(rule: Judge, shift: Shift, number: int) -> list[set[str]]:
    """Columns in alarm after each two shifted windows in a row."""
    stream = rule.stream
    days = [stream.sketched(day, _shifted(stream, shift, day, number)) for day in stream.judged]
    return rule.alarms(days)[1:]


def _grown(rule: Judge, shift: Shift, number: int) -> list[set[str]]:
    """Columns in alarm up to two windows after the shift has its full size, for each start."""
    stream, steps = rule.stream, shift.grows + 1
    seen = []
    for start in range(len(stream.judged) - steps + 1):
        days = [
            stream.sketched(
                day, _shifted(stream, shift, day, number, min(1.0, (at + 1) / shift.grows))
            )
            for at, day in enumerate(stream.judged[start : start + steps])
        ]
        seen.append(set().union(*rule.alarms(days)) & {f"input/{one}" for one in shift.columns})
    return seen
