"""Runs of DAGs and attempts of tasks as counters and histograms."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from pipelines.contracts.telemetry import StepRun, family_and_name
from pipelines.opsdb import steps
from pipelines.opsdb.database import OpsDb

BUCKETS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Upper ends in seconds: a task costs Airflow about one, and an hour is its usual limit."""
_OVERLAP = 200
"""Rows that are read again: on a server a smaller number may be committed after a larger one."""

_RUN = ["family", "name"]
_STEP = ["family", "name", "task"]
Step = tuple[str, str, str]


@dataclass
class _Total:
    """All attempts of one step so far."""

    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cost: float = 0.0

    def add(self, step: StepRun) -> None:
        self.states[step.state] += 1
        self.buckets[bisect_left(BUCKETS, step.seconds)] += 1
        self.seconds += step.seconds
        self.cost += step.cost
        for direction in ("in", "out", "quarantined"):
            self.rows[direction] += getattr(step, f"rows_{direction}") or 0


class Attempts:
    """Adds up attempts as they come: each is read from the database once, not at every scrape."""

    def __init__(self, db: OpsDb) -> None:
        self._db = db
        self._totals: dict[Step, _Total] = defaultdict(_Total)
        self._seen: set[int] = set()
        self._last = 0

    def read(self, now: datetime) -> list[Metric]:
        """The figures as of now."""
        with self._db.read() as session:
            while self._add(steps.after(session, max(self._last - _OVERLAP, 0))):
                pass
            runs = steps.runs_by_state(session)
            good = steps.last_good(session)
        return [*_runs(runs), _since(good, now), *self._steps()]

    def _add(self, found: list[tuple[int, StepRun]]) -> int:
        new = [(number, step) for number, step in found if number not in self._seen]
        for number, step in new:
            known = family_and_name(step.dag_id)
            if known is not None:
                self._totals[*known, step.task_id].add(step)
            self._seen.add(number)
        self._last = max(self._seen, default=0)
        self._seen = {number for number in self._seen if number >= self._last - 2 * _OVERLAP}
        return len(new)

    def _steps(self) -> Iterator[Metric]:
        attempts = CounterMetricFamily(
            "millrace_step_attempts", "Attempts of a task that ended.", labels=[*_STEP, "state"]
        )
        seconds = HistogramMetricFamily(
            "millrace_step_seconds", "How long the attempts of a task took.", labels=_STEP
        )
        rows = CounterMetricFamily(
            "millrace_step_rows", "Rows of a task, as it says.", labels=[*_STEP, "direction"]
        )
        cost = CounterMetricFamily(
            "millrace_step_cost", "Cost of a task, in the unit of the settings.", labels=_STEP
        )
        for step, total in sorted(self._totals.items()):
            for state, number in sorted(total.states.items()):
                attempts.add_metric([*step, state], number)
            seconds.add_metric([*step], list(_cumulative(total.buckets)), total.seconds)
            for direction, number in sorted(total.rows.items()):
                rows.add_metric([*step, direction], number)
            cost.add_metric([*step], total.cost)
        yield from (attempts, seconds, rows, cost)


def _cumulative(buckets: Iterable[int]) -> Iterator[tuple[str, float]]:
    so_far = 0
    for end, number in zip((*map(str, BUCKETS), "+Inf"), buckets, strict=True):
        so_far += number
        yield end, so_far


def _runs(found: Iterable[tuple[str, str, str, int, float]]) -> Iterator[Metric]:
    ended = CounterMetricFamily("millrace_runs", "Runs that ended.", labels=[*_RUN, "state"])
    running = GaugeMetricFamily("millrace_runs_running", "Runs that have not ended.", labels=_RUN)
    seconds = SummaryMetricFamily(
        "millrace_run_seconds", "How long runs took that ended.", labels=_RUN
    )
    known: dict[tuple[str, str], dict[str, tuple[int, float]]] = defaultdict(dict)
    for family, name, state, number, lasted in found:
        known[family, name][state] = (number, lasted)
    nothing = (0, 0.0)
    for run, states in sorted(known.items()):
        running.add_metric([*run], states.get("running", nothing)[0])
        # The zeros too: a counter that appears with 1 has not increased, as Prometheus sees it.
        good, bad = (states.get(state, nothing) for state in ("success", "failed"))
        ended.add_metric([*run, "success"], good[0])
        ended.add_metric([*run, "failed"], bad[0])
        seconds.add_metric([*run], good[0] + bad[0], good[1] + bad[1])
    yield from (ended, running, seconds)


def _since(good: dict[tuple[str, str], datetime], now: datetime) -> Metric:
    found = GaugeMetricFamily(
        "millrace_seconds_since_good_run", "Since a run last went well.", labels=_RUN
    )
    for run, at in sorted(good.items()):
        found.add_metric([*run], max((now - at).total_seconds(), 0.0))
    return found
