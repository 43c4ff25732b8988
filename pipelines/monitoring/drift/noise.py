"""How far apart two samples of one distribution are by chance alone, simulated: bins may be all but
empty, where no formula holds."""

import math
from dataclasses import dataclass, field

import numpy as np

from pipelines.monitoring.drift.distance import divergence
from pipelines.monitoring.drift.history import Floats

_DRAWS = 128
_STEPS = 4
"""Sizes of samples are told apart by quarters of a doubling."""


@dataclass(frozen=True)
class Noise:
    """Of one distribution; what was simulated once is kept."""

    shares: Floats
    """Of its bins."""
    seed: int
    _known: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)

    def of(self, rows: Floats, held: Floats) -> Floats:
        """Mean and variance of the divergence between samples of so many rows and others of so
        many: samples × 2."""
        return np.array([self._one(*pair) for pair in zip(rows, held, strict=True)]).reshape(-1, 2)

    def _one(self, rows: float, held: float) -> tuple[float, float]:
        if rows < 1 or held < 1:
            return 0.0, 0.0
        key = (_size(rows), _size(held))
        if key not in self._known:
            random = np.random.default_rng([self.seed, *key])
            one, other = (random.multinomial(size, self.shares, size=_DRAWS) / size for size in key)
            apart = divergence(one, other)
            self._known[key] = float(apart.mean()), float(apart.var())
        ratio = (1 / rows + 1 / held) / (1 / key[0] + 1 / key[1])
        mean, variance = self._known[key]
        return mean * ratio, variance * ratio**2


def _size(rows: float) -> int:
    return round(2 ** (round(math.log2(max(1.0, rows)) * _STEPS) / _STEPS))
