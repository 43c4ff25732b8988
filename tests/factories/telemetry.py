"""An operations database in which everything that is watched has happened."""

from datetime import datetime, timedelta

from factories.corrections import correction, review_task
from factories.corrections import put as put_tasks
from factories.corrections import write as write_corrections
from factories.operations import NOW, change, request, verdict

from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.monitoring import DriftVerdict, WindowRecord
from pipelines.contracts.telemetry import DagRun, StepRun
from pipelines.opsdb import (
    breaker,
    corrections,
    decisions,
    incidents,
    ledger,
    monitoring,
    requests,
    standings,
    steps,
)
from pipelines.opsdb.database import OpsDb


def step(number: int = 0, *, at: datetime = NOW, **given) -> StepRun:
    """A scoring of a minute that went well, in the run of that number."""
    seconds = given.pop("seconds", 60.0)
    content = {
        "dag_id": "score__receipts", "run_id": f"run {number}", "task_id": "score",
        "try_number": 1, "state": "success", "started_at": at - timedelta(seconds=seconds),
        "ended_at": at, "cost": 1.0, "rows_in": 100, "rows_out": 98, "rows_quarantined": 2,
    }  # fmt: skip
    return StepRun.model_validate(content | given)


def dag_run(dag_id: str, number: int, state: str = "success", seconds: float = 90.0) -> DagRun:
    """A run that ended now, or runs."""
    started = NOW - timedelta(seconds=seconds)
    content = {"dag_id": dag_id, "run_id": f"run {number}", "state": state}
    ended = None if state == "running" else NOW
    return DagRun.model_validate({**content, "started_at": started, "ended_at": ended})


def window(day: str, decision: str = "quiet", model: str = "receipts") -> WindowRecord:
    """A judged day."""
    return WindowRecord(
        model=model, window=day, days=1, version=1, reference="r", rows=50, signals=[],
        verdict=DriftVerdict(decision=decision, reasons=["because"]), judged_at=NOW,
    )  # fmt: skip


def fill(db: OpsDb) -> None:
    """Runs, attempts, verdicts, a champion, queues, an incident and a paused model."""
    put_tasks(db, review_task("d1"), review_task("d2", reason="audit"))
    write_corrections(db, correction("d1"), correction("d1", "company", after="ACME"))
    (mistaken,) = write_corrections(db, correction("d2"))
    with db.write() as session:
        undo = correction("d2")
        corrections.write(session, undo, undoes=mistaken.correction_id)
    with db.write() as session:
        for number, state in enumerate(("success", "failed", "running")):
            for dag_id in ("ingest__receipts", "score__receipts", "monitor__receipts"):
                steps.record_run(session, dag_run(dag_id, number, state))
        for number, state in enumerate(("success", "failed", "retry", "skipped")):
            steps.record_step(session, step(number, state=state))
            steps.record_step(
                session, step(number, state=state, dag_id="ingest__receipts", task_id="publish")
            )
        decisions.ask(session, request(2))
        decisions.ask(session, request(3, verdict=verdict("reject")))
        ledger.append(session, change(1, at=NOW - timedelta(days=2)))
        ledger.append(session, change(4, kind="shadow"))
        reason = RetrainReason(key="k", kind="hand", detail="wanted", person="ada", at=NOW)
        requests.ask(session, "receipts", reason)
        monitoring.keep_window(session, window("2026-11-19"))
        monitoring.keep_window(session, window("2026-11-20", "alert"))
        incidents.begin(
            session, "receipts", "drift", severity="high", since="2026-11-20",
            window="2026-11-20", headline="total moved", causes=[], moved=["input/total"], now=NOW,
        )  # fmt: skip
        standings.write(session, "receipts", "rio", True, "overruled", PLATFORM, NOW)
        breaker.turn(
            session, "receipts", paused=True, person="ada", reason="broken inputs", now=NOW
        )
