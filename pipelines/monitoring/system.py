"""Time, cost and rows of each step against its own history.

A step is compared with its last good attempts in factors, because times double and halve: the
limit lies four robust standard deviations (median and 1.4826 × the median absolute deviation of
the logarithms, Rousseeuw and Croux 1993) from the median, and never nearer than a floor. Of runs
alike, whose logarithms are normal, one in 30,000 is past it; `p` says how rare it is among the
past ones alone. What took longer because there was more to do is no alarm.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from pipelines.contracts.monitoring import Signal
from pipelines.contracts.spec import ModelSpec
from pipelines.contracts.telemetry import StepRun
from pipelines.opsdb import steps
from pipelines.opsdb.database import OpsDb

HISTORY = 60
"""Past attempts that one is compared with, at most."""
ENOUGH = 10
"""Fewer of them say nothing: the step is shown without a limit."""
DEVIATIONS = 4.0
FLOOR_TIME, FLOOR_ROWS = 0.2, 0.35
"""Least standard deviation of the logarithm: limits are at least 2.2 times the usual time or cost,
and 4 times more, or less, than the usual rows."""
LEAST_SECONDS = 10.0
"""A step that takes less than this longer than usual keeps nobody waiting."""
_FAMILIES = ("train", "score", "monitor")


@dataclass(frozen=True)
class _Seen:
    """One measure of one attempt beside the earlier ones."""

    value: float
    usual: float | None
    """Median of the earlier ones; None where they are too few."""
    limit: float | None
    p: float | None
    exceeded: bool


Look = Callable[[Sequence[StepRun], StepRun], _Seen | None]


def signals(spec: ModelSpec, *, db: OpsDb, now: datetime) -> list[Signal]:
    """One signal for each measure of each step that ran by `now`, of the model's own DAGs and of
    its data set's ingestion; of the newest attempt, in alarm where as many of the last attempts
    as the policy asks for are past their limits."""
    policy, found = spec.monitoring, []
    places = [("ingest", spec.dataset), *((family, spec.name) for family in _FAMILIES)]
    with db.read() as session:
        for family, name in places:
            past = steps.history(
                session, family, name, until=now, limit=HISTORY + policy.of_windows
            )
            for task, attempts in past.items():
                step = f"{family}.{task}"
                for measure, look in _LOOKS.items():
                    made = _signal(
                        step, measure, look, attempts, policy.alarm_windows, policy.of_windows
                    )
                    found += [] if made is None else [made]
    return found


def _signal(
    step: str,
    measure: str,
    look: Look,
    attempts: Sequence[StepRun],
    needed: int,
    of_last: int,
) -> Signal | None:
    last = range(max(len(attempts) - of_last, 0), len(attempts))
    seen = [look(attempts[max(at - HISTORY, 0) : at], attempts[at]) for at in last]
    newest = seen[-1]
    if newest is None:
        return None
    exceeded = sum(one is not None and one.exceeded for one in seen)
    return Signal(
        name=f"system/{step}.{measure}",
        topic="system",
        value=newest.value,
        limit=newest.limit,
        p=newest.p,
        exceeded=newest.exceeded,
        alarm=newest.exceeded and exceeded >= needed,
        sentence=_sentence(step, measure, newest),
        details={"usual": newest.usual},
    )


def _seconds(earlier: Sequence[StepRun], one: StepRun) -> _Seen:
    seen = _above([each.seconds for each in earlier], one.seconds, FLOOR_TIME)
    late = seen.usual is not None and seen.value - seen.usual >= LEAST_SECONDS
    return _only_if(late and not _had_more_to_do(earlier, one), seen)


def _had_more_to_do(earlier: Sequence[StepRun], one: StepRun) -> bool:
    """Whether its time for each row is within what it was."""
    known = [(each.seconds, each.rows_in) for each in (*earlier, one)]
    rates = [seconds / rows for seconds, rows in known if rows]
    return len(rates) == len(known) and not _above(rates[:-1], rates[-1], FLOOR_TIME).exceeded


def _cost(earlier: Sequence[StepRun], one: StepRun) -> _Seen | None:
    """None where the cost is the time at a rate: that is told already."""
    rates = [each.cost / each.seconds for each in (*earlier, one) if each.seconds > 0]
    if not any(rates) or max(rates) - min(rates) <= 0.01 * max(rates):
        return None
    return _above([each.cost for each in earlier], one.cost, FLOOR_TIME)


def _rows(earlier: Sequence[StepRun], one: StepRun) -> _Seen | None:
    """By which factor there were more or fewer rows than usual."""
    if one.rows_in is None:
        return None
    known = [each.rows_in for each in earlier if each.rows_in is not None]
    if len(known) < ENOUGH:
        return _Seen(1.0, None, None, None, False)
    usual = median(known)
    factors = [_factor(each, usual) for each in known]
    value = _factor(one.rows_in, usual)
    spread = _spread([math.log(each + 1) for each in known], FLOOR_ROWS)
    limit = math.exp(DEVIATIONS * spread)
    return _Seen(value, usual, limit, _p(factors, value), value > limit)


def _factor(rows: float, usual: float) -> float:
    more, less = max(rows, usual) + 1, min(rows, usual) + 1
    return more / less


def _above(earlier: Sequence[float], value: float, floor: float) -> _Seen:
    if len(earlier) < ENOUGH:
        return _Seen(value, None, None, None, False)
    logs = [math.log(max(each, 1e-9)) for each in earlier]
    limit = math.exp(median(logs) + DEVIATIONS * _spread(logs, floor))
    return _Seen(value, math.exp(median(logs)), limit, _p(earlier, value), value > limit)


def _spread(logs: Sequence[float], floor: float) -> float:
    middle = median(logs)
    return max(1.4826 * median(abs(each - middle) for each in logs), floor)


def _p(earlier: Sequence[float], value: float) -> float:
    """Rank among the past: exact where the runs are alike, and never below 1 in n + 1."""
    return (1 + sum(each >= value for each in earlier)) / (len(earlier) + 1)


def _only_if(condition: bool, seen: _Seen) -> _Seen:
    if condition or not seen.exceeded:
        return seen
    return _Seen(seen.value, seen.usual, seen.limit, seen.p, False)


def _sentence(step: str, measure: str, seen: _Seen) -> str:
    what = {
        "seconds": f"{step} took {seen.value:.0f} s",
        "cost": f"{step} cost {seen.value:.3g}",
        "rows": f"{step} had {seen.value:.1f} times more or fewer rows than usual",
    }[measure]
    if seen.usual is None:
        return f"{what}; fewer than {ENOUGH} earlier runs to compare it with."
    usual = f"{seen.usual:.0f} rows" if measure == "rows" else f"{seen.usual:.3g}"
    verb = "past" if seen.exceeded else "within"
    return f"{what}; usual is {usual}, and it is {verb} its limit of {seen.limit:.3g}."


_LOOKS: dict[str, Look] = {"seconds": _seconds, "cost": _cost, "rows": _rows}
