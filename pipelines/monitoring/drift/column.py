"""A column against its own past: several statistics, and the one p-value that they give.

A number has its distance over all bins, its location and its spread (contrasts of the bins'
normal scores: van der Waerden 1952, Klotz 1962), which see small shifts that twenty bins drown,
its mean, which sees what goes on beyond the outermost edges, and the share that is missing. A
category has the distance, the share that is missing and that of values that the past lacks; one of
two values (a label, a flag) the proportion of the two besides, because a distance squares what
moves and so tells a doubled rate of rare rows from noise far later. The smallest p-value times
their number is the column's (Bonferroni, valid however they depend on each other).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from pipelines.contracts.monitoring import Bins, Signal
from pipelines.monitoring.drift import history, sentence
from pipelines.monitoring.drift.distance import divergence, shares
from pipelines.monitoring.drift.history import Bools, Floats, Likeness, Past, Window
from pipelines.monitoring.drift.noise import Noise
from pipelines.monitoring.drift.null import Reading, limit, times_limit
from pipelines.monitoring.drift.statistic import (
    DISTANCE,
    LOCATION,
    MEAN,
    MISSING,
    PROPORTION,
    SPREAD,
    TAILS,
    UNSEEN,
    contrast,
    mean,
    share,
    standard,
)
from pipelines.monitoring.drift.tempering import MODEL, Tempering

_TWO = 2


@dataclass(frozen=True)
class Judged:
    """What the tests say of some windows; arrays have an entry for each."""

    p: Floats
    """NaN where a window has too few rows."""
    by: dict[str, Floats]
    """P-value of each statistic alone."""
    readings: dict[str, Reading]
    counts: Floats
    """Rows by bin, missing last: windows × (bins + 1)."""
    references: Floats
    """The same of what each is compared with."""


@dataclass(frozen=True)
class Column:
    """One column and its past."""

    bins: Bins
    past: Past
    times: Floats
    """How often each past window is in each bootstrap draw: draws × windows."""
    min_rows: int
    seed: int
    tempering: Tempering = MODEL

    @property
    def name(self) -> str:
        """Of its signal."""
        return self.bins.name

    @cached_property
    def counts(self) -> Floats:
        """Rows of the past windows by bin, missing last: windows × (bins + 1)."""
        return history.counts(self.past.windows, self.bins)

    @cached_property
    def known(self) -> Bools:
        """Past windows with rows enough to say something."""
        found: Bools = self.counts.sum(axis=1) >= self.min_rows
        return found

    @property
    def long_enough(self) -> bool:
        """Whether the past holds two blocks at least: with one, nothing is left to compare."""
        return len(np.unique(self.past.blocks[self.known])) > 1

    @cached_property
    def likeness(self) -> Likeness:
        """What the reference of a window has in common with it."""
        apart = {
            one: divergence(
                shares(self.counts), shares(history.others(self.past, one) @ self.counts)
            )[self.known]
            for one in history.likenesses(self.past)
        }
        return history.likest(apart)

    @cached_property
    def pooled(self) -> Floats:
        """Shares over the whole past; half a row more in each bin, so that none is impossible."""
        return shares(self.counts.sum(axis=0) + 0.5)

    @cached_property
    def noise(self) -> Noise:
        """Of the distance between samples of the whole past."""
        return Noise(self.pooled, self.seed)

    @cached_property
    def scores(self) -> dict[str, Floats]:
        """Contrasts over the first of the bins, each of mean 0 and variance 1: location and spread
        of a number, the proportion of two categories."""
        if self.bins.kind == "category":
            if len(self.bins.categories) != _TWO:
                return {}
            return {PROPORTION: standard(np.arange(2.0), shares(self.pooled[:_TWO]))}
        inner = shares(self.pooled[:-1])
        location = standard(ndtri(np.cumsum(inner) - inner / 2), inner)
        square = location**2
        return {
            LOCATION: location,
            SPREAD: standard(square - (inner @ (square * location)) * location, inner),
        }

    @cached_property
    def totals(self) -> Floats:
        """Sum of the values of the past windows, of a number."""
        return history.totals(self.past.windows, self.bins)

    @cached_property
    def spread(self) -> float:
        """Standard deviation of a number over the whole past; 0 where it is always the same."""
        return sentence.moments(self.bins, self.past.windows)[1] or 0.0

    @cached_property
    def own(self) -> Bools:
        """References of the past windows: windows × windows."""
        return history.others(self.past, self.likeness)

    @cached_property
    def elsewhere(self) -> Floats:
        """Counts of all other blocks than that of each past window: windows × (bins + 1)."""
        return history.others(self.past, "any") @ self.counts

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """Every statistic of the past windows, each against windows of other blocks."""
        return self.read(self.counts, self.totals, self.own, self.elsewhere)

    def read(
        self, counts: Floats, totals: Floats, fits: Bools, whole: Floats
    ) -> dict[str, Reading]:
        """The statistics of windows (windows × (bins + 1), and their sums) against their references
        (windows × past windows) and, of what is new, against the whole past (as `counts`)."""
        references = fits @ self.counts
        rows, held = counts.sum(axis=1), references.sum(axis=1)
        noise = self.noise.of(rows, held)
        distance = divergence(shares(counts), shares(references))
        found = {
            DISTANCE: Reading(distance, noise[:, 0], noise[:, 1], rows),
            MISSING: share(counts[:, -1], rows, references[:, -1], held),
        }
        if self.bins.kind == "category":
            # Also of values with a bin that only the window's own block holds: no value of the
            # reference is without a bin while the bins are few, but each was new once.
            lacking = np.where(whole[:, :-2] > 0, 0.0, counts[:, :-2]).sum(axis=1)
            found[UNSEEN] = share(lacking + counts[:, -2], rows, whole[:, -2], whole.sum(axis=1))
        elif self.spread > 0:
            there, there_before = rows - counts[:, -1], held - references[:, -1]
            found[MEAN] = mean(there, totals, there_before, fits @ self.totals, self.spread)
        for name, scores in self.scores.items():
            if scores.any():
                first = scores.size
                found[name] = contrast(counts[:, :first], references[:, :first], scores)
        return found

    @cached_property
    def natural(self) -> dict[str, Floats]:
        """What differs from day to day, for each statistic: draws × 2."""
        return self._fit(self.known)

    @cached_property
    def natural_without(self) -> list[dict[str, Floats]]:
        """The same as the other blocks tell it, for each block."""
        blocks = range(int(self.past.blocks.max()) + 1)
        return [self._fit(self.known & (self.past.blocks != block)) for block in blocks]

    def _fit(self, which: Bools) -> dict[str, Floats]:
        times = self.times * which
        return {name: TAILS[name].fit(one, times) for name, one in self.readings.items()}

    def judge(self, of: Sequence[Window]) -> Judged:
        """Windows that are not of the past."""
        counts = history.counts(of, self.bins)
        fits = history.peers(self.past, of, self.likeness)
        whole = np.broadcast_to(self.counts.sum(axis=0), counts.shape)
        readings = self.read(counts, history.totals(of, self.bins), fits, whole)
        by = {name: TAILS[name].p(one, self.natural[name]) for name, one in readings.items()}
        return Judged(self._combined(by, counts), by, readings, counts, fits @ self.counts)

    def judge_past(self, moved: tuple[Floats, Floats] | None = None) -> Floats:
        """P-values of the past windows, or of what was made of them (counts by bin and sums), each
        by what the other blocks say; NaN where there are too few rows."""
        readings = self.readings if moved is None else self.read(*moved, self.own, self.elsewhere)
        by = {name: np.ones(len(self.counts)) for name in readings}
        for block, natural in enumerate(self.natural_without):
            which = self.past.blocks == block
            for name, one in readings.items():
                by[name][which] = TAILS[name].p(one.at(which), natural[name])
        return self._combined(by, self.counts)

    def _combined(self, by: dict[str, Floats], counts: Floats) -> Floats:
        least = np.minimum(len(by) * np.min(list(by.values()), axis=0), 1.0)
        enough = counts.sum(axis=1) >= self.min_rows
        return np.where(enough, self.tempering.of(least), np.nan)

    def limit(self, name: str, reading: Reading, level: float) -> Floats:
        """Value of a statistic at which the column's p-value falls to `level`, by window."""
        alone = np.full(len(reading.value), self.tempering.before(level) / len(self.readings))
        return reading.mean + limit(TAILS[name], reading, self.natural[name], alone)

    def signal(self, window: Window, judged: Judged, level: float) -> Signal:
        """What is to be said of the last of the judged windows, whose limit is at `level`."""
        by = min(judged.by, key=lambda name: float(judged.by[name][-1]))
        reading = judged.readings[by].at(np.array([-1]))
        counts, reference = judged.counts[-1], judged.references[-1]
        details = sentence.figures(self.bins, counts, reference)
        if self.bins.kind == "number":
            fits = history.peers(self.past, [window], self.likeness)[0]
            before = [one for one, fit in zip(self.past.windows, fits, strict=True) if fit]
            details["mean"], details["spread"] = sentence.moments(self.bins, [window])
            details["mean_before"], details["spread_before"] = sentence.moments(self.bins, before)
        p = judged.p[-1]
        return Signal(
            name=self.bins.name,
            topic=self.bins.side,
            value=times_limit(TAILS[by], reading, self.limit(by, reading, level)),
            limit=None if np.isnan(p) else 1.0,
            p=None if np.isnan(p) else float(p),
            sentence=sentence.of_column(self.bins, by, counts, reference, details, window),
            details=details,
        )
