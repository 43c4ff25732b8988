"""Calibration: the level at which the rule as a whole keeps the wanted rate of false alarms, and
what it would see at that level."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from pipelines.contracts.monitoring import Binning, Calibration, Day, Limit, MonitorPolicy
from pipelines.errors import BadDataError
from pipelines.monitoring.drift import shifts
from pipelines.monitoring.drift.column import Column
from pipelines.monitoring.drift.discovery import persistent
from pipelines.monitoring.drift.history import Bools, Floats, Ints, Past
from pipelines.monitoring.drift.rule import SEED, exceeded, tempered, watched
from pipelines.monitoring.drift.statistic import DISTANCE
from pipelines.monitoring.drift.tempering import Tempering
from pipelines.monitoring.drift.volume import ROWS, Volume

MONTH = 30
"""Days of a month."""
MONTHS = 400
"""Months that are drawn."""
_LEVELS = np.geomspace(1.0, 1e-6, 25)
"""Levels that are tried, as shares of the policy's false-discovery rate."""


def calibrate(
    days: Sequence[Day],
    binning: Binning,
    policy: MonitorPolicy,
    *,
    model: str,
    now: datetime,
    seed: int = SEED,
) -> Calibration:
    """The reference of a model from its past days. Pure; the order of days does not matter.

    Raises BadDataError where the past is too short to leave a week out.
    """
    known = watched(days, binning, policy, seed=seed)
    if not known.volumes:
        raise BadDataError(
            f"{model}: {len(days)} past days are less than two weeks, so that no week can be held "
            "against another. Calibrate when more days are published."
        )
    known = tempered(known)
    p = np.stack([one.judge_past() for one in known.every], axis=1)
    level, rate = _level(p, known.past, policy, seed)
    ordered = tuple(sorted(day.day for day in days))
    return Calibration(
        model=model,
        reference=_reference(days, binning),
        binning=binning,
        days=ordered,
        policy=policy,
        limits=(
            *(_limit(one, level / p.shape[1], policy) for one in known.columns),
            *(_of_volume(one, level / p.shape[1], policy) for one in known.volumes),
        ),
        level=level,
        false_alarms_per_month=rate,
        made_at=now,
    )


def _level(p: Floats, past: Past, policy: MonitorPolicy, seed: int) -> tuple[float, float]:
    """The largest level that keeps the wanted rate, and the rate that is to be expected.

    Months are drawn in blocks out of the past, and windows in alarm are counted. A past of T
    windows without any alarm does not show a rate of 0: half an alarm in T is added (the mean of
    Jeffreys' posterior of a Poisson rate). Where the past is so short that this alone is more
    than wanted, the level is the largest without any alarm.
    """
    size = policy.window_days
    month = _months(past, max(1, MONTH // size), seed)
    unknown = 0.5 * month.shape[1] / len(past.blocks)
    wanted = max(policy.false_alarms_per_month - unknown, 0.0)
    for level in policy.false_discovery_rate * _LEVELS:
        beyond = exceeded(p, level)[month]
        rate = float(np.mean([_alarms(one, policy) for one in beyond]))
        if rate <= wanted:
            break
    return float(level), rate + unknown


def _months(past: Past, windows: int, seed: int) -> Ints:
    """Past windows of drawn months, whole blocks behind each other: months × windows."""
    random = np.random.default_rng([seed, 1])
    members = [np.flatnonzero(past.blocks == block) for block in range(past.blocks.max() + 1)]
    members = [one for one in members if len(one)]
    rows = []
    for _ in range(MONTHS):
        drawn: list[int] = []
        while len(drawn) < windows:
            drawn.extend(members[random.integers(len(members))])
        rows.append(drawn[:windows])
    return np.array(rows)


def _alarms(beyond: Bools, policy: MonitorPolicy) -> int:
    """Windows of a month in which any column is in alarm."""
    return int(persistent(beyond, policy.alarm_windows, policy.of_windows).any(axis=1).sum())


def _limit(column: Column, level: float, policy: MonitorPolicy) -> Limit:
    """Limit and smallest visible shift of a column, at the level of one column that moves alone."""
    reading = column.readings[DISTANCE].at(column.known)
    middle = np.argsort(reading.rows)[len(reading.rows) // 2]
    usual = reading.at(np.array([middle]))
    natural = column.natural[DISTANCE]
    past = {
        "windows": float(column.known.sum()),
        "rows": float(usual.rows[0]),
        "natural_mean": float(natural[:, 0].mean()),
        "natural_variance": float(natural[:, 1].mean()),
        "sampling_mean": float(usual.mean[0]),
        "sampling_variance": float(usual.variance[0]),
    }
    past |= _tail(column.tempering)
    missing = shifts.smallest_missing(column, level, policy)
    if missing is not None:
        past["smallest_missing"] = missing
    return Limit(
        name=column.bins.name,
        limit=float(np.sqrt(column.limit(DISTANCE, usual, level)[0])),
        smallest_shift=shifts.smallest(column, level, policy),
        past=past,
    )


def _of_volume(volume: Volume, level: float, policy: MonitorPolicy) -> Limit:
    """The same of the rows (limit as a factor) or of those refused (limit as a share)."""
    reading = volume.readings
    middle = np.argsort(reading.rows)[len(reading.rows) // 2]
    usual = reading.at(np.array([middle]))
    past = {"windows": float(len(reading.rows)), "rows": float(usual.rows[0])}
    most = float(volume.limit(usual, level)[0])
    if volume.name == ROWS:
        most = float(np.exp(most - usual.mean[0]))
    return Limit(
        name=volume.name,
        limit=most,
        smallest_shift=shifts.smallest_volume(volume, level, policy),
        past=past | _tail(volume.tempering),
    )


def _tail(tempering: Tempering) -> dict[str, float]:
    return {"tail_share": tempering.share, "tail_power": tempering.power}


def _reference(days: Sequence[Day], binning: Binning) -> str:
    digest = hashlib.sha256(binning.key.encode())
    for day in sorted(days, key=lambda one: one.day):
        digest.update(day.model_dump_json().encode())
    return digest.hexdigest()[:16]
