"""False-discovery control over columns, and k of n windows."""

import numpy as np

from pipelines.monitoring.drift.history import Bools, Floats


def adjusted(p: Floats) -> Floats:
    """P-values along the last axis, adjusted by Benjamini and Hochberg (1995, JRSS B 57): a
    column whose adjusted value is at most q is called moved, and of those called moved a share
    of at most q has not. NaN is no test and stays NaN.

    Columns of one model depend on each other; where they move together (positive regression
    dependence) the bound holds, and against any dependence Yekutieli's (2001, Annals of
    Statistics 29) would divide q by ln(columns) + .58. That factor is one number for all windows,
    and the level is fitted to the past in which the columns depended as they do, so that it would
    only be taken back.
    """
    whole = np.where(np.isnan(p), np.inf, p)
    tests = np.isfinite(whole).sum(axis=-1, keepdims=True)
    order = np.argsort(whole, axis=-1)
    ranked = np.take_along_axis(whole, order, axis=-1)
    scaled = ranked * tests / np.arange(1, p.shape[-1] + 1)
    least = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    found = np.empty_like(least)
    np.put_along_axis(found, order, np.minimum(least, 1.0), axis=-1)
    return np.where(np.isnan(p), np.nan, found)


def persistent(exceeded: Bools, k: int, n: int) -> Bools:
    """Which windows (first axis) end `n` windows of which at least `k` are past their limit."""
    summed = np.cumsum(exceeded, axis=0, dtype=np.int64)
    before = np.zeros_like(summed)
    before[n:] = summed[:-n] if n < len(summed) else 0
    return (summed - before >= k) & exceeded.any(axis=0)
