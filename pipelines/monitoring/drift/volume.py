"""How many rows came, and how many of them were refused, against the same weekdays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.contracts.monitoring import Signal
from pipelines.monitoring.drift import history, sentence
from pipelines.monitoring.drift.column import Judged
from pipelines.monitoring.drift.history import Bools, Floats, Likeness, Past, Window
from pipelines.monitoring.drift.null import Contrast, Reading, Share, Tail, limit, times_limit
from pipelines.monitoring.drift.statistic import share
from pipelines.monitoring.drift.tempering import MODEL, Tempering

ROWS, QUARANTINED = "volume/rows", "volume/quarantined"


@dataclass(frozen=True)
class Volume:
    """One of the two figures and its past."""

    name: str
    past: Past
    times: Floats
    """How often each past window is in each bootstrap draw: draws × windows."""
    tempering: Tempering = MODEL

    @property
    def tail(self) -> Tail:
        """The logarithm of rows is normal; refused ones are a share."""
        return Contrast() if self.name == ROWS else Share()

    @property
    def long_enough(self) -> bool:
        """Whether the past holds two blocks at least."""
        return len(np.unique(self.past.blocks)) > 1

    @cached_property
    def likeness(self) -> Likeness:
        """What the reference of a window has in common with it."""
        apart = {}
        for one in history.likenesses(self.past):
            reading = self._read(self.past.windows, history.others(self.past, one))
            apart[one] = np.abs(reading.value - reading.mean)
        return history.likest(apart)

    @cached_property
    def readings(self) -> Reading:
        """The past windows, each against windows of other blocks."""
        return self._read(self.past.windows, history.others(self.past, self.likeness))

    @cached_property
    def natural(self) -> Floats:
        """What differs from day to day: draws × 2."""
        return self.tail.fit(self.readings, self.times)

    def _read(self, of: Sequence[Window], fits: Bools, lost: float = 0.0) -> Reading:
        """The figure of windows of which a share of the rows is lost, or refused."""
        rows = (1 - lost) * np.array([float(one.rows) for one in of])
        held = np.array([float(one.rows) for one in self.past.windows])
        if self.name == ROWS:
            mean = fits @ np.log1p(held) / fits.sum(axis=1)
            return Reading(np.log1p(rows), mean, np.exp(-mean) + 1 / (1 + fits @ held), rows)
        whole = np.array([float(one.rows + one.quarantined) for one in of])
        before = np.array([float(one.quarantined) for one in self.past.windows])
        return share(whole - rows, whole, fits @ before, fits @ (held + before))

    def judge(self, of: Sequence[Window]) -> Judged:
        """Windows that are not of the past."""
        reading = self._read(of, history.peers(self.past, of, self.likeness))
        p = self.tempering.of(self.tail.p(reading, self.natural))
        nothing = np.empty((len(of), 0))
        return Judged(p, {self.name: p}, {self.name: reading}, nothing, nothing)

    def judge_past(self, lost: float = 0.0) -> Floats:
        """P-value of each past window, of which a share of the rows is lost, by what the other
        blocks say."""
        reading = self._read(self.past.windows, history.others(self.past, self.likeness), lost)
        found = np.ones(len(self.past.blocks))
        for block in np.unique(self.past.blocks):
            natural = self.tail.fit(self.readings, self.times * (self.past.blocks != block))
            which = self.past.blocks == block
            found[which] = self.tail.p(reading.at(which), natural)
        return self.tempering.of(found)

    def limit(self, reading: Reading, level: float) -> Floats:
        """Value of the figure, on the upper side, at which its p-value falls to `level`."""
        alone = np.full(len(reading.value), self.tempering.before(level))
        return reading.mean + limit(self.tail, reading, self.natural, alone)

    def signal(self, window: Window, judged: Judged, level: float) -> Signal:
        """What is to be said of the last of the judged windows, whose limit is at `level`."""
        reading = judged.readings[self.name].at(np.array([-1]))
        value, usual = float(reading.value[0]), float(reading.mean[0])
        if self.name == ROWS:
            value, usual = float(window.rows), float(np.expm1(usual))
        said = sentence.of_rows if self.name == ROWS else sentence.of_quarantined
        return Signal(
            name=self.name,
            topic="volume",
            value=times_limit(self.tail, reading, self.limit(reading, level)),
            limit=1.0,
            p=float(judged.p[-1]),
            sentence=said(value, usual),
            details={"value": value, "usual": usual},
        )
