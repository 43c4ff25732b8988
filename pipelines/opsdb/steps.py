"""Runs and attempts, in the caller's transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.contracts.telemetry import DagRun, StepRun, family_and_name
from pipelines.opsdb.bulk import insert_new
from pipelines.opsdb.steptables import DagRunRow, StepRunRow

_STEP = tuple(StepRun.model_fields)


def record_step(session: Session, step: StepRun) -> bool:
    """Writes an attempt, once: what is told again changes nothing. False for a foreign DAG."""
    names = _names(step.dag_id)
    return names is not None and insert_new(session, StepRunRow, [names | dict(step)]) > 0


def record_run(session: Session, run: DagRun) -> bool:
    """Writes how a run stands; one that ended stays as it ended. False for a foreign DAG."""
    names = _names(run.dag_id)
    if names is None:
        return False
    seconds = None
    if run.ended_at is not None:
        seconds = max((run.ended_at - run.started_at).total_seconds(), 0.0)
    content = dict(run) | {"seconds": seconds}
    if insert_new(session, DagRunRow, [names | content]):
        return True
    row = session.scalars(
        select(DagRunRow).where(
            DagRunRow.dag_id == run.dag_id,
            DagRunRow.run_id == run.run_id,
            DagRunRow.started_at == run.started_at,
        )
    ).one()
    if row.state != "running":
        return False
    row.state, row.ended_at, row.seconds = run.state, run.ended_at, seconds
    session.flush()
    return True


def history(
    session: Session, family: str, name: str, *, until: datetime, limit: int
) -> dict[str, list[StepRun]]:
    """By task: its newest attempts that went well and ended by `until`, at most `limit` a task,
    oldest first."""
    of_task = func.row_number().over(
        partition_by=StepRunRow.task_id, order_by=StepRunRow.ended_at.desc()
    )
    numbered = (
        select(StepRunRow.step_run_id, of_task.label("place"))
        .where(
            StepRunRow.family == family,
            StepRunRow.name == name,
            StepRunRow.state == "success",
            StepRunRow.ended_at <= until,
        )
        .subquery()
    )
    query = (
        select(StepRunRow)
        .join(numbered, numbered.c.step_run_id == StepRunRow.step_run_id)
        .where(numbered.c.place <= limit)
        .order_by(StepRunRow.task_id, StepRunRow.ended_at)
    )
    found: dict[str, list[StepRun]] = {}
    for row in session.scalars(query):
        found.setdefault(row.task_id, []).append(_step(row))
    return found


def after(session: Session, number: int, limit: int = 10_000) -> list[tuple[int, StepRun]]:
    """Attempts with a larger number than this, in the order of writing."""
    query = select(StepRunRow).where(StepRunRow.step_run_id > number)
    found = session.scalars(query.order_by(StepRunRow.step_run_id).limit(limit))
    return [(row.step_run_id, _step(row)) for row in found]


def runs_by_state(session: Session) -> list[tuple[str, str, str, int, float]]:
    """Family, name, state, number of runs and their seconds in all."""
    query = select(
        DagRunRow.family,
        DagRunRow.name,
        DagRunRow.state,
        func.count(),
        func.coalesce(func.sum(DagRunRow.seconds), 0.0),
    ).group_by(DagRunRow.family, DagRunRow.name, DagRunRow.state)
    return [
        (family, name, state, count, seconds or 0.0)
        for family, name, state, count, seconds in session.execute(query)
    ]


def last_good(session: Session) -> dict[tuple[str, str], datetime]:
    """When the last run that went well ended, by family and name."""
    query = (
        select(DagRunRow.family, DagRunRow.name, func.max(DagRunRow.ended_at))
        .where(DagRunRow.state == "success")
        .group_by(DagRunRow.family, DagRunRow.name)
    )
    return {(family, name): at for family, name, at in session.execute(query) if at is not None}


def _names(dag_id: str) -> dict[str, Any] | None:
    known = family_and_name(dag_id)
    return None if known is None else {"family": known[0], "name": known[1]}


def _step(row: StepRunRow) -> StepRun:
    return StepRun(**{name: getattr(row, name) for name in _STEP})
