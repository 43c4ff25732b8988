"""The demo's steps: each starts or answers runs of the scheduler and follows them to their end.

Airflow's named users act: `ada` starts what is started by hand, `ben` approves. The demo answers
in ben's name, and says so.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines.cli.demo.runs import follow, signed_in
from pipelines.cli.follow import RunView
from pipelines.cli.landing import land_with_progress
from pipelines.errors import MillraceError, TransientError
from pipelines.settings import Settings

MODEL = DATASET = "receipts"
APPROVER = "ben"
INGEST, TRAIN, DECIDE, SCORE, ROLLBACK, MONITOR = (
    f"{family}__{MODEL}" for family in ("ingest", "train", "decide", "score", "rollback", "monitor")
)
TRAIN_TASKS = ("features", "train", "evaluate", "register", "gate")
ASK = "ask"
OPTIONS = {"promote": "Promote", "inconclusive": "Promote although inconclusive"}
"""What an approver answers who wants the version, by the gate's word."""
_PLAN_SECONDS = 120.0
_SENTENCES = 2
"""Of the gate's reasons that are shown; all are in the evidence."""


@dataclass(frozen=True)
class Training:
    """Results of one training as they stand in Airflow."""

    results: dict[str, Any]
    """By task."""
    rejected: str
    """The gate's sentences where it rejected; empty where it did not."""
    url: str

    @property
    def is_promotable(self) -> bool:
        """Whether it made a version that an approver may make the champion."""
        return not self.rejected and self.verdict is not None

    @property
    def verdict(self) -> str | None:
        """The gate's word; None where the version is the champion already."""
        gate = self.results["gate"]
        return None if gate is None else gate["verdict"]["decision"]


class Stage:
    """The two named users at work in one Airflow."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.settings = settings
        self._console = console
        self._operator = signed_in()
        self._approver = signed_in(APPROVER)
        self._since = datetime.now(UTC)
        self._followed: dict[str, str] = {}
        self._operator.wait_for_dag(INGEST, timeout_seconds=120)

    def mark(self) -> None:
        """What is waited for from here on was caused after this moment."""
        self._since = datetime.now(UTC)

    def title(self, text: str) -> None:
        """Begins an act."""
        self._console.rule(text, align="left")

    def ingest(self, file: Path) -> dict[str, Any]:
        """Lands a file and publishes its days."""
        landed = land_with_progress(DATASET, [file], None, None, False, self.settings)
        self.mark()
        run_id = self.start(INGEST, {"days": landed.days})
        self.follow(INGEST, run_id)
        published: dict[str, Any] = self._operator.result(INGEST, run_id, "publish")
        return published

    def train_on(self, published: dict[str, Any]) -> Training:
        """The training that published data starts; by hand where nothing was new to publish."""
        if published["changed"]:
            self.say("the published data starts the training")
            return self.follow_training()
        self.say("the published data is unchanged: training by hand, reusing what is there")
        return self.train({})

    def follow_training(self) -> Training:
        """The training that something has started."""
        return self._training(self._caused(TRAIN))

    def train(self, conf: dict[str, Any]) -> Training:
        """A training by hand with parameters."""
        self.mark()
        return self._training(self.start(TRAIN, conf))

    def decide(self, training: Training, why: str) -> dict[str, Any]:
        """Answers the decision that the gate's word asks for; then the new champion scores."""
        run_id = self._caused(DECIDE)
        self._wait(DECIDE, run_id)
        self._answer(DECIDE, run_id, OPTIONS[str(training.verdict)], why)
        decided: dict[str, Any] = self._operator.result(DECIDE, run_id, "decide")
        return {**decided, "gate": training.verdict}

    def score(self) -> dict[str, Any] | None:
        """The scoring that a new champion starts; None where all was scored before."""
        run_id = self._caused(SCORE)
        self.follow(SCORE, run_id)
        scored: dict[str, Any] | None = self._operator.result(SCORE, run_id, "score")
        return scored

    def roll_back(self, why: str) -> tuple[dict[str, Any], float]:
        """Starts the form and gives the approver's word after its pre-flight.

        Also the seconds from the word to the end of the run: the earlier version is champion.
        """
        run_id = self.start(ROLLBACK, {"why": why})
        self._wait(ROLLBACK, run_id)
        started = time.monotonic()
        self._answer(ROLLBACK, run_id, "Roll back", why)
        return self._operator.result(ROLLBACK, run_id, "promote"), time.monotonic() - started

    @contextmanager
    def held(self, dag_id: str) -> Iterator[None]:
        """Holds a DAG back meanwhile."""
        self.hold(dag_id)
        try:
            yield
        finally:
            # Where Airflow is gone there is nothing to let go, and that is told already.
            with suppress(MillraceError):
                self.hold(dag_id, False)

    def hold(self, dag_id: str, held: bool = True) -> None:
        """Holds a DAG back, or lets it go."""
        self._operator.hold(dag_id, held)

    def start(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Starts a run by hand; its id."""
        return self._operator.trigger(dag_id, conf, note="started by the demo")

    def calibrate(self) -> str:
        """Starts making the reference of the monitor of the days that are published now."""
        run_id = self.start(MONITOR, {"calibrate": True})
        deadline = time.monotonic() + _PLAN_SECONDS
        while not any(name == "window" for name, *_ in self._done(MONITOR, run_id)):
            if time.monotonic() > deadline:
                raise TransientError(
                    f"{MONITOR} did not plan its windows within {_PLAN_SECONDS:.0f} s; see "
                    f"{self._operator.url}/dags/{MONITOR}/runs/{run_id}"
                )
            time.sleep(0.5)
        return run_id

    def monitor(self) -> dict[str, Any]:
        """What the monitor says of the days that were scored last."""
        run_id = self._caused(MONITOR)
        self.follow(MONITOR, run_id)
        result: dict[str, Any] = self._operator.result(MONITOR, run_id, "judge")
        return result

    def say(self, text: str) -> None:
        """One line; text of documents and reasons is no markup."""
        self._console.print(text, highlight=False, markup=False)

    def task_times(self, dag_id: str) -> list[tuple[str, datetime, datetime]]:
        """Tasks of the run that was followed last, each with its start and end."""
        return self._done(dag_id, self._followed[dag_id])

    def _done(self, dag_id: str, run_id: str) -> list[tuple[str, datetime, datetime]]:
        return [
            (task["task_id"], _instant(task["start_date"]), _instant(task["end_date"]))
            for task in self._operator.tasks(dag_id, run_id)
            if task["start_date"] and task["end_date"] and task["state"] == "success"
        ]

    def _training(self, run_id: str) -> Training:
        view = self.follow(TRAIN, run_id, may_fail=True)
        rejected = view.errors.get("gate", "")
        if view.errors and not rejected:
            raise MillraceError(f"the training failed: {'; '.join(view.errors.values())}")
        results = {task: self._operator.result(TRAIN, run_id, task) for task in TRAIN_TASKS}
        if rejected:
            reasons = results["gate"]["verdict"]["reasons"]
            name = f"{MODEL} version {results['register']['version']}"
            self.say(f"the gate rejected {name}, with {len(reasons)} reasons; the first of them:")
            for reason in reasons[:_SENTENCES]:
                self.say(f"  {reason}")
        return Training(results, rejected, f"{self._operator.url}/dags/{TRAIN}/runs/{run_id}")

    def _answer(self, dag_id: str, run_id: str, option: str, why: str) -> None:
        self.say(f'the demo answers as {APPROVER}: {option}, "{why}"')
        self.mark()
        self._approver.answer(dag_id, run_id, ASK, option, {"why": why})
        self.follow(dag_id, run_id)

    def _wait(self, dag_id: str, run_id: str) -> None:
        if not self._operator.wait_for_question(dag_id, run_id, ASK, 120, time.sleep):
            raise MillraceError(
                f"{dag_id} asked nobody; see {self._operator.url}/dags/{dag_id}/runs/{run_id}"
            )

    def follow(self, dag_id: str, run_id: str, *, may_fail: bool = False) -> RunView:
        """Shows a run to its end."""
        self._followed[dag_id] = run_id
        return follow(self._operator, dag_id, run_id, self._console, may_fail=may_fail)

    def _caused(self, dag_id: str) -> str:
        found = self._operator.run_caused_by(dag_id, self._since, 60, time.sleep)
        if found is None:
            raise TransientError(f"no run of {dag_id} was started within 60 s")
        return found


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
