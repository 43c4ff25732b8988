"""What a run of the monitor looks at: which windows, and which past they are held against. Pure.

A window is held against a reference that lies before it, of the regime that the champion has
learnt: so a window of long ago is judged as it would have been then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.contracts.monitor_result import MonitorPlan
from pipelines.contracts.monitoring import Calibration
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, NotFoundError
from pipelines.monitoring.days import earlier, span

LEAST_DAYS = 14
"""Days of the shortest reference: every weekday twice."""
AT_ONCE = 200
"""Windows of one run, the oldest; the next run goes on."""


class Judged(NamedTuple):
    """Of which rows and answers a window was judged."""

    version: int | None
    reference: str
    """Empty where it could not be read."""
    rows: int


@dataclass(frozen=True)
class Known:
    """What there is to judge, and what was judged."""

    published: Mapping[str, int]
    """Published rows by day, of every day with rows, also where all are in quarantine."""
    shown: Mapping[str, int]
    """Version whose predictions of a day are shown."""
    calibrations: Sequence[Calibration]
    """Oldest first."""
    judged: Mapping[str, Judged]
    """By last day."""
    regime: str | None
    """First day of the regime that the champion was trained for."""
    today: str


def plan(spec: ModelSpec, known: Known, *, window: str | None, calibrate: bool) -> MonitorPlan:
    """Windows to judge and days to sketch; no window and no calibration is nothing to do.

    Without `window` it is every complete day after the reference that was not judged yet, or
    whose rows changed since. Raises NotFoundError before anything was published, BadDataError
    where too little lies before the window, or it lies in the future.
    """
    if window is not None and window > known.today:
        # Once judged, it would be the newest for as long: all that comes would be history.
        raise BadDataError(
            f"{window} has not begun: it is {known.today} (UTC). Name the last day of a window "
            "that is over."
        )
    if not known.published:
        raise NotFoundError(
            f"no rows of {spec.dataset} are published: there is nothing to watch. Ingest some: "
            f"millrace ingest {spec.dataset} FILE…"
        )
    before = earlier(window, spec.monitoring.window_days - 1) if window is not None else known.today
    found = None if calibrate else _reference(known, before)
    if found is None or _outlived(found, known, before):
        days = _past(spec, known, before, settled=found is not None)
        if days:
            return _plan(spec, known, None, days, window)
    if found is None:
        have = sum(day < before for day in known.published)
        raise BadDataError(
            f"{spec.name} has {have} published days before {before}, and a reference needs "
            f"{LEAST_DAYS}. Ingest more days" + (", or name a later window." if window else ".")
        )
    return _plan(spec, known, found, found.days, window)


def silent(spec: ModelSpec, known: Known, window: str) -> bool:
    """Whether nothing was published for so long that there is no stream any more to watch."""
    oldest = earlier(window, spec.monitoring.reference_days)
    return not any(oldest <= day <= window for day in known.published)


def is_judged(spec: ModelSpec, known: Known, window: str) -> bool:
    """Whether a window was judged as it is now: by its rows, and with what was answered."""
    record = known.judged.get(window)
    if record is None or not record.reference:
        return False
    if record.version is None and window in known.shown:
        return False
    days = span(window, spec.monitoring.window_days)
    return record.rows == sum(known.published.get(day, 0) for day in days)


def looked_at(spec: ModelSpec, window: str) -> list[str]:
    """Days that k of n looks at to judge a window, rising."""
    return span(window, spec.monitoring.window_days * spec.monitoring.of_windows)


def _reference(known: Known, before: str) -> Calibration | None:
    """The newest past that lies before a day, of the champion's regime where there is one."""
    fits = [one for one in known.calibrations if one.days[-1] < before]
    if known.regime is not None and known.regime < before:
        fits = [one for one in fits if one.days[0] >= str(known.regime)] or fits
    # Of those with the same past the one that was made last.
    return max(reversed(fits), key=lambda one: one.days[-1], default=None)


def _outlived(found: Calibration, known: Known, before: str) -> bool:
    """Whether the champion has learnt a regime that is newer than the reference, or the reference
    was made before there were answers to watch."""
    if known.regime is not None and found.days[0] < known.regime < before:
        return True
    answers = any(bins.side == "output" for bins in found.binning.columns)
    return not answers and sum(day < before for day in known.shown) >= LEAST_DAYS


def _past(spec: ModelSpec, known: Known, before: str, *, settled: bool) -> list[str]:
    """Newest days before a day to make a reference of; empty where they are too few.

    Of the champion's regime alone where it has enough of them; `settled` takes no others.
    """
    complete = sorted(day for day in known.published if day < before)
    if known.regime is not None and known.regime < before:
        own = [day for day in complete if day >= str(known.regime)]
        complete = own if settled or len(own) >= LEAST_DAYS else complete
    if len(complete) < LEAST_DAYS:
        return []
    return complete[-spec.monitoring.reference_days :]


def _plan(
    spec: ModelSpec,
    known: Known,
    calibration: Calibration | None,
    reference: Sequence[str],
    window: str | None,
) -> MonitorPlan:
    windows = [window] if window is not None else _unjudged(spec, known, reference[-1])
    looked = {day for one in windows for day in looked_at(spec, one) if day in known.published}
    settles = known.regime if windows and known.regime and reference[0] < known.regime else None
    return MonitorPlan(
        model=spec.name,
        windows=windows,
        days=sorted({*looked, *(day for day in reference if day in known.published)}),
        reference=None if calibration is None else calibration.reference,
        binning=None if calibration is None else calibration.binning.key,
        reference_days=list(reference),
        settles=settles if settles and settles <= windows[-1] else None,
    )


def _unjudged(spec: ModelSpec, known: Known, reference: str) -> list[str]:
    """Complete windows after the reference with any rows that are still to be judged."""
    size = spec.monitoring.window_days
    found: list[str] = []
    newest = max((day for day in known.published if day < known.today), default=reference)
    window = earlier(reference, -size)
    while window <= newest and len(found) < AT_ONCE:
        any_rows = any(day in known.published for day in span(window, size))
        if any_rows and not is_judged(spec, known, window):
            found.append(window)
        window = earlier(window, -size)
    return found
