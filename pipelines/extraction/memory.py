"""What was counted in the training documents, looked up by hash.

In training a document is never counted for itself: the share of its own unit (itself, or
itself and its group) is taken off, so that a feature is what it would be for a new document.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.extraction.text import Ints, mix

Counts = npt.NDArray[np.float32]
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Memory:
    """Counts by key: column 0 how often the key was seen, then one column a target."""

    keys: Ints
    """Sorted, distinct."""
    counts: Counts
    """Shape (keys, 1 + targets)."""

    @classmethod
    def learn(cls, keys: Ints, targets: npt.NDArray[np.float32]) -> "Memory":
        """Counts of each key; `targets` has shape (rows, targets)."""
        distinct, index = np.unique(keys, return_inverse=True)
        return cls(distinct, _sums(index, targets, len(distinct)))

    def seen_twice(self) -> "Memory":
        """Without the keys that were seen once, which tell little and fill the files."""
        kept = self.counts[:, 0] > 1
        return Memory(self.keys[kept], self.counts[kept])

    def __call__(self, keys: Ints) -> Counts:
        """Counts of the keys, zeros for unknown ones: shape (rows, 1 + targets)."""
        if not len(self.keys):
            return np.zeros((len(keys), self.counts.shape[1]), dtype=np.float32)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found: Counts = self.counts[place]
        found[self.keys[place] != keys] = 0
        return found

    @classmethod
    def learn_out(
        cls,
        keys: Ints,
        unit: Ints,
        targets: npt.NDArray[np.float32],
        learn: npt.NDArray[np.bool_],
    ) -> tuple["Memory", Counts]:
        """Counts over the rows that `learn` marks; and for every row those without its own
        unit's (document's or group's), shape (rows, 1 + targets)."""
        memory = cls.learn(keys[learn], targets[learn])
        pairs = of_unit(keys[learn], unit[learn])
        own = cls.learn(pairs, targets[learn])(pairs)
        counts = memory(keys)
        counts[learn] = np.maximum(counts[learn] - own, 0)
        return memory, counts


def _sums(index: Ints, targets: npt.NDArray[np.float32], size: int) -> Counts:
    sums = np.empty((size, 1 + targets.shape[1]), dtype=np.float32)
    sums[:, 0] = np.bincount(index, minlength=size)
    for column in range(targets.shape[1]):
        sums[:, 1 + column] = np.bincount(index, targets[:, column], minlength=size)
    return sums


def shares(counts: Counts, prior: float = 0.1, strength: float = 1.0) -> Counts:
    """Smoothed share of each target, with the count before it: same shape as `counts`."""
    smoothed = counts.copy()
    smoothed[:, 1:] = (counts[:, 1:] + np.float32(prior * strength)) / (
        counts[:, :1] + np.float32(strength)
    )
    return smoothed


def of_unit(keys: Ints, unit: Ints) -> Ints:
    """One key of a hash and the unit it was seen in.

    `combine` will not do: the hash of a word of one letter is `mix` of a small number, as is what
    it makes of a unit, so that two such pairs would be one key. It stays as it is because saved
    models hold its keys; these here live as long as a training.
    """
    return mix(keys.view(np.uint64) * _ODD ^ mix(unit.astype(np.uint64))).view(np.int64)


def combine(keys: Ints, other: npt.NDArray[np.integer]) -> Ints:
    """One key of a hash and a number."""
    return mix(keys.view(np.uint64) ^ mix(other.astype(np.uint64) + np.uint64(7))).view(np.int64)
