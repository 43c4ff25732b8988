"""The rule: which columns of a window have moved, and which of them long enough for an alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.contracts.monitoring import (
    Binning,
    Bins,
    Calibration,
    Day,
    Limit,
    MonitorPolicy,
    Signal,
)
from pipelines.monitoring.drift import history, sentence
from pipelines.monitoring.drift.column import Column, Judged
from pipelines.monitoring.drift.discovery import adjusted, persistent
from pipelines.monitoring.drift.history import Bools, Floats, Past, Window
from pipelines.monitoring.drift.tempering import MODEL, THRESHOLD, Tempering, fit
from pipelines.monitoring.drift.volume import QUARANTINED, ROWS, Volume

DRAWS = 100
"""Bootstrap draws of the past's weeks that a tail is the mean of."""
SEED = 7


@dataclass(frozen=True)
class Watched:
    """All that is watched of a model and has a past to be held against."""

    past: Past
    columns: tuple[Column, ...]
    volumes: tuple[Volume, ...]

    @property
    def names(self) -> list[str]:
        """Names of their signals, in the same order."""
        return [one.name for one in self.every]

    @property
    def every(self) -> list[Column | Volume]:
        """All of them, in the order of the p-values."""
        return [*self.columns, *self.volumes]


def watched(
    days: Sequence[Day],
    binning: Binning,
    policy: MonitorPolicy,
    limits: Sequence[Limit] = (),
    seed: int = SEED,
) -> Watched:
    """What is watched, with its past. What has less than two blocks of past is left out."""
    found = {
        one.name: Tempering(one.past.get("tail_share", THRESHOLD), one.past.get("tail_power", 1.0))
        for one in limits
    }
    past = history.past(days, policy.window_days)
    times = history.draws(past, DRAWS, seed)
    columns = (
        Column(bins, past, times, policy.min_rows, seed, found.get(bins.name, MODEL))
        for bins in binning.columns
    )
    volumes = (Volume(name, past, times, found.get(name, MODEL)) for name in (ROWS, QUARANTINED))
    return Watched(
        past,
        tuple(one for one in columns if one.long_enough),
        tuple(one for one in volumes if one.long_enough),
    )


def tempered(known: Watched) -> Watched:
    """The same with p-values corrected by those of their own past."""
    return replace(
        known,
        columns=tuple(replace(one, tempering=fit(one.judge_past())) for one in known.columns),
        volumes=tuple(replace(one, tempering=fit(one.judge_past())) for one in known.volumes),
    )


@dataclass(frozen=True)
class Judgement:
    """Windows in a row, held against the past; arrays are windows × what is watched."""

    judged: list[Judged]
    exceeded: Bools
    alarms: Bools
    level: float
    """P-value at which a column of the last window is past its limit: more than one that moves
    makes it easier for the next (Benjamini and Hochberg)."""


def judge(calibration: Calibration, known: Watched, of: Sequence[Window]) -> Judgement:
    """Which columns of windows in a row are past their limit, and which of those are in alarm."""
    every = [one.judge(of) for one in known.every]
    p = np.stack([one.p for one in every], axis=1) if every else np.ones((len(of), 0))
    past = exceeded(p, calibration.level)
    tests = max(1, int(np.isfinite(p[-1]).sum()))
    return Judgement(
        every,
        past,
        persistent(past, calibration.policy.alarm_windows, calibration.policy.of_windows),
        calibration.level * max(1, int(past[-1].sum())) / tests,
    )


def exceeded(p: Floats, level: float) -> Bools:
    """Which columns of each window (windows × columns) are past their limit; NaN never is."""
    found: Bools = np.nan_to_num(adjusted(p), nan=1.0) <= level
    return found


def signals(
    calibration: Calibration, known: Watched, recent: Sequence[Day], importance: Mapping[str, float]
) -> list[Signal]:
    """A signal for each column and for the volume, of the last window of `recent`.

    `known` is what is watched of the days that `calibration` was made of, by its limits: made once
    for many windows. `recent` ends with the judged window and holds the windows before it that k
    of n asks for, as far as there are any. `importance` is by the signals' names; what it does not
    name has none. `value` is how many times its limit a statistic is, so that every limit is 1;
    `details` has the figures in their own units. A value of None could not be read: rows came, and
    none was counted in this column.
    """
    of = history.windows(recent, calibration.policy.window_days)
    if not of:
        return []
    verdict = judge(calibration, known, of[-calibration.policy.of_windows :])
    found = {}
    for at, (one, judged) in enumerate(zip(known.every, verdict.judged, strict=True)):
        signal = one.signal(of[-1], judged, verdict.level)
        found[signal.name] = signal.model_copy(
            update={
                "exceeded": bool(verdict.exceeded[-1, at]),
                "alarm": bool(verdict.alarms[-1, at]),
            }
        )
    for bins in calibration.binning.columns:
        told = _untold(bins, of[-1], long_enough=bins.name in found)
        if told is not None:
            found[bins.name] = told
    # What was not scored has no outputs, and nothing is to be said of them.
    silent = {
        bins.name
        for bins in calibration.binning.columns
        if bins.side == "output" and all(day.version is None for day in of[-1].days)
    }
    return [
        one.model_copy(update={"importance": importance.get(name, 0.0)})
        for name, one in found.items()
        if name not in silent
    ]


def _untold(bins: Bins, window: Window, *, long_enough: bool) -> Signal | None:
    """A signal of what cannot be judged: nothing was counted, or it has no past."""
    counted = any(bins.name in day.sketches for day in window.days)
    if counted and long_enough:
        return None
    if counted or not window.rows:
        return Signal(
            name=bins.name,
            topic=bins.side,
            value=0.0,
            limit=None,
            sentence=sentence.no_past(bins) if counted else sentence.no_rows(bins),
        )
    return Signal(
        name=bins.name, topic=bins.side, value=None, limit=1.0, sentence=sentence.unread(bins)
    )
