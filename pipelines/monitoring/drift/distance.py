"""How far two distributions over the same bins are apart."""

import numpy as np
from scipy.special import rel_entr

from pipelines.monitoring.drift.history import Floats

LARGEST = float(np.sqrt(np.log(2)))
"""Jensen-Shannon distance of two distributions that have nothing in common."""
_LEAST_SHARE = 1e-4
"""Share that an empty bin counts with in the PSI, which is infinite otherwise."""


def shares(counts: Floats) -> Floats:
    """Counts to shares along the last axis; zeros where there is nothing."""
    whole = counts.sum(axis=-1, keepdims=True)
    found: Floats = np.divide(
        counts, whole, out=np.zeros_like(counts, dtype=float), where=whole > 0
    )
    return found


def divergence(one: Floats, other: Floats) -> Floats:
    """Jensen-Shannon divergence in nats of shares along the last axis (Lin 1991, IEEE
    Transactions on Information Theory 37): symmetrical, in [0, ln 2], no trouble with zeros."""
    middle = (one + other) / 2
    apart: Floats = (rel_entr(one, middle) + rel_entr(other, middle)).sum(axis=-1) / 2
    return np.maximum(apart, 0.0)


def jensen_shannon(one: Floats, other: Floats) -> Floats:
    """Jensen-Shannon distance: root of the divergence, a metric (Endres and Schindelin 2003,
    IEEE Transactions on Information Theory 49). The same figure as scipy's and Evidently's."""
    found: Floats = np.sqrt(divergence(one, other))
    return found


def psi(one: Floats, other: Floats) -> Floats:
    """Population stability index of shares along the last axis: Jeffreys' divergence in nats.

    Symmetrical; an empty bin counts as one in ten thousand."""
    first, second = np.maximum(one, _LEAST_SHARE), np.maximum(other, _LEAST_SHARE)
    found: Floats = ((first - second) * np.log(first / second)).sum(axis=-1)
    return found
