"""From a person's word to the champion that answers: approval and rollback, in both ways."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from benchmarks.figures import Figure
from benchmarks.workbench import MODEL, Workbench
from pipelines import scoring
from pipelines.contracts.decision import ASK
from pipelines.contracts.result import GateResult
from pipelines.contracts.verdict import Verdict
from pipelines.errors import TransientError
from pipelines.governance.decide import ask
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.services.access import airflow_client
from pipelines.services.airflow_client import AirflowClient

TRAIN, DECIDE, ROLLBACK = (f"{family}__{MODEL}" for family in ("train", "decide", "rollback"))
APPROVER = "ben"
SEEDS = (7, 11)
REPEATS = 3
LIMIT_SECONDS = 10.0
TIMEOUT_SECONDS = 120
_WHY = "measured again and again"
_UNTIL = (
    f"until `registry.resolve('{MODEL}', 'champion')` is the version wanted and it has answered "
    "one document; against the same by `millrace "
)


def measure(bench: Workbench) -> list[Figure]:
    """Two versions take turns as champion: approved, rolled back, by Airflow and by command."""
    desk = _Desk(bench)
    times: dict[str, list[float]] = {
        f"{what} {way}": [] for what in ("approve", "rollback") for way in ("page", "command")
    }
    for repeat in range(REPEATS):
        ways = ("page", "command") if repeat % 2 else ("command", "page")
        for way in ways:
            for what in ("approve", "rollback"):
                times[f"{what} {way}"].append(getattr(desk, f"{what}_by_{way}")())
    return [
        _figure(
            "approval to answering",
            f"seconds from the click on *Promote* in Airflow's page {_UNTIL}approve`, its start "
            "included.",
            times["approve page"],
            times["approve command"],
        ),
        _figure(
            "rollback",
            "seconds from sending the form in Airflow, with pre-flight and question, answered at "
            f"once, {_UNTIL}rollback`, its start included.",
            times["rollback page"],
            times["rollback command"],
        ),
    ]


def _figure(name: str, definition: str, page: list[float], command: list[float]) -> Figure:
    return Figure(
        name=name,
        unit="s",
        against="on the command line",
        definition=definition,
        measured=tuple(page),
        baseline=tuple(command),
        limit=LIMIT_SECONDS,
    )


class _Desk:
    """Two trained versions of which the first is champion, and who decides about the second."""

    def __init__(self, bench: Workbench) -> None:
        self._registry, self._db = Registry.open(bench.settings), OpsDb.open(bench.settings)
        self._document = bench.documents.slice(0, 1)
        self._operator, self._approver = _signed_in(), _signed_in(APPROVER)
        self._operator.wait_for_dag(ROLLBACK, TIMEOUT_SECONDS)
        self._gate: dict[str, Any] = {}
        self._first, self._second = (self._trained(seed) for seed in SEEDS)
        self._asked = 0
        self._put(self._first, None)
        self._command("approve", MODEL, str(self._first))
        self._answers(self._first)

    def approve_by_page(self) -> float:
        self._put(self._second, self._first)
        run_id = self._operator.trigger(DECIDE, {"version": self._second})
        self._wait(DECIDE, run_id)
        begun = time.monotonic()
        self._approver.answer(DECIDE, run_id, ASK, "Promote", {"why": _WHY})
        return self._answers(self._second) - begun

    def approve_by_command(self) -> float:
        self._put(self._second, self._first)
        return self._timed(self._second, "approve", MODEL, str(self._second))

    def rollback_by_page(self) -> float:
        begun = time.monotonic()
        run_id = self._operator.trigger(ROLLBACK, {"why": _WHY})
        self._wait(ROLLBACK, run_id)
        self._approver.answer(ROLLBACK, run_id, ASK, "Roll back", {"why": _WHY})
        return self._answers(self._first) - begun

    def rollback_by_command(self) -> float:
        return self._timed(self._first, "rollback", MODEL)

    def _timed(self, wanted: int, *arguments: str) -> float:
        begun = time.monotonic()
        process = self._start(*arguments)
        seconds = self._answers(wanted, lambda: process.poll() not in {None, 0}) - begun
        process.wait(TIMEOUT_SECONDS)
        return seconds

    def _command(self, *arguments: str) -> None:
        if code := self._start(*arguments).wait(TIMEOUT_SECONDS):
            raise RuntimeError(f"millrace {' '.join(arguments)} ended with {code}")

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "pipelines.cli", *arguments]
        return subprocess.Popen(
            [*command, "--as", APPROVER, "--why", _WHY], stdout=subprocess.DEVNULL
        )

    def _answers(self, wanted: int, broken: Callable[[], bool] = lambda: False) -> float:
        """When the wanted version, as champion, has answered one document."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline and not broken():
            champion = self._registry.resolve(MODEL)
            if champion.version == wanted and "champion" in champion.aliases:
                scoring.predict(self._registry.load(champion), self._document)
                return time.monotonic()
            time.sleep(0.05)
        raise TransientError(f"version {wanted} of {MODEL} did not become champion")

    def _wait(self, dag_id: str, run_id: str) -> None:
        if not self._operator.wait_for_question(dag_id, run_id, ASK, TIMEOUT_SECONDS, time.sleep):
            raise RuntimeError(f"run {run_id} of {dag_id} asked nobody")

    def _trained(self, seed: int) -> int:
        """A version; what the gate says of it is replaced, since it only has to be a version."""
        run_id = self._operator.trigger(TRAIN, {"seed": seed})
        for _ in self._operator.follow(TRAIN, run_id, time.sleep):
            pass
        self._gate = self._operator.result(TRAIN, run_id, "gate")
        return int(self._operator.result(TRAIN, run_id, "register")["version"])

    def _put(self, version: int, champion: int | None) -> None:
        """Puts a version to a decision anew, as the gate does."""
        self._asked += 1
        judged = GateResult.model_validate(self._gate).model_copy(
            update={
                "version": version,
                "champion": champion,
                "verdict": Verdict(decision="promote", reasons=["Measured, not judged."]),
                "evidence_hash": sha256(str(self._asked).encode()).hexdigest(),
            }
        )
        now = datetime.now(UTC)
        ask(judged, author="cy", db=self._db, registry=self._registry, now=now, hours=1)


def _signed_in(user: str = "ada") -> AirflowClient:
    client = airflow_client(user)
    if client is None:
        raise TransientError("Airflow stopped answering while it was measured; run it again")
    return client
