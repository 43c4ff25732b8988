"""Listens to Airflow: puts every run and attempt on record, and writes their spans.

Called in the scheduler (runs, and tasks whose process is gone), in the process of each task after
its end was reported, and in in-process runs. Nothing here may end or hold up what it listens to:
errors are logged, waits are bounded, imports are made when something is written.
"""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from pipelines.contracts.telemetry import RunState, StepState

log = logging.getLogger(__name__)


def _unnoticed(hook: Callable[..., None]) -> Callable[..., None]:
    """Keeps the troubles of a hook from the task or scheduler that calls it."""

    @wraps(hook)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            hook(*args, **kwargs)
        except Exception as error:
            from pipelines.errors import where

            log.warning("telemetry of this event is lost: %s", where(error))

    return guarded


class TelemetryListener:
    """Airflow's hooks, for our own DAGs."""

    def __init__(self) -> None:
        self._working_since: datetime | None = None

    @hookimpl
    @_unnoticed
    def on_task_instance_running(self, task_instance: Any) -> None:
        """The job that the task starts joins its trace."""
        from pipelines.telemetry import trace

        self._working_since = datetime.now(UTC)
        ti = task_instance
        span = _span_of(ti)
        os.environ[trace.TRACEPARENT] = trace.traceparent(
            trace.trace_id(ti.dag_id, ti.run_id), span
        )

    @hookimpl
    @_unnoticed
    def on_task_instance_success(self, task_instance: Any) -> None:
        self._ended(task_instance, "success", _result(task_instance))

    @hookimpl
    @_unnoticed
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        self._ended(task_instance, "skipped", None)

    @hookimpl
    @_unnoticed
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        again = str(getattr(task_instance, "state", "")).endswith("up_for_retry")
        kind = type(error).__name__ if isinstance(error, BaseException) else "Failed"
        self._ended(task_instance, "retry" if again else "failed", None, kind)

    @hookimpl
    @_unnoticed
    def on_dag_run_running(self, dag_run: Any) -> None:
        _run(dag_run, "running")

    @hookimpl
    @_unnoticed
    def on_dag_run_success(self, dag_run: Any) -> None:
        _run(dag_run, "success")

    @hookimpl
    @_unnoticed
    def on_dag_run_failed(self, dag_run: Any) -> None:
        _run(dag_run, "failed")

    def _ended(self, ti: Any, state: "StepState", result: Any, error: str | None = None) -> None:
        from pipelines import settings
        from pipelines.contracts.telemetry import StepRun, family_and_name
        from pipelines.telemetry import record, rows, trace

        if family_and_name(ti.dag_id) is None:
            return
        current, now = settings.load(), datetime.now(UTC)
        started, ended = ti.start_date or now, ti.end_date or now
        # What waited for a person or a trigger did not compute meanwhile.
        working = max(self._working_since or started, started)
        counted = rows.rows_of(result)
        step = StepRun(
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=_map_index(ti),
            try_number=ti.try_number,
            state=state,
            started_at=started,
            ended_at=max(ended, started),
            cost=rows.cost_of(result, max((ended - working).total_seconds(), 0.0), current),
            **counted.model_dump(),
        )
        names = {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id}
        counts = {name: value for name, value in counted.model_dump().items() if value is not None}
        span = trace.Span(
            name=f"{ti.dag_id}.{ti.task_id}",
            trace_id=trace.trace_id(ti.dag_id, ti.run_id),
            span_id=_span_of(ti),
            parent_id=trace.run_span_id(ti.dag_id, ti.run_id),
            start=started,
            end=ended,
            attributes={**names, "try_number": ti.try_number, "state": state, **counts},
            error=error,
        )
        try:
            record.keep(current, step=step)
        finally:
            trace.emit(span, current)


def _run(dag_run: Any, state: "RunState") -> None:
    from pipelines import settings
    from pipelines.contracts.telemetry import DagRun, family_and_name
    from pipelines.telemetry import record, trace

    dag_id, run_id = dag_run.dag_id, dag_run.run_id
    if family_and_name(dag_id) is None:
        return
    current, now = settings.load(), datetime.now(UTC)
    started = dag_run.start_date or now
    ended = None if state == "running" else max(dag_run.end_date or now, started)
    run = DagRun(dag_id=dag_id, run_id=run_id, state=state, started_at=started, ended_at=ended)
    try:
        record.keep(current, run=run)
    finally:
        if ended is not None:
            if current.lineage == "file":  # the provider appends to it for ever
                trace.bounded(current.telemetry / trace.LINEAGE_FILE)
            trace.emit(
                trace.Span(
                    name=dag_id,
                    trace_id=trace.trace_id(dag_id, run_id),
                    span_id=trace.run_span_id(dag_id, run_id),
                    parent_id=None,
                    start=started,
                    end=ended,
                    attributes={"dag_id": dag_id, "run_id": run_id, "state": state},
                    error=None if state == "success" else "Failed",
                ),
                current,
            )


def _result(ti: Any) -> Any:
    """What the task returned, by way of the channel through which it was pushed. In the scheduler
    or the API server, where somebody marks a task, there is none."""
    if getattr(ti, "_ti_context_from_server", None) is None:
        return None
    return ti.xcom_pull(task_ids=ti.task_id, map_indexes=_map_index(ti))


def _span_of(ti: Any) -> str:
    from pipelines.telemetry import trace

    return trace.task_span_id(ti.dag_id, ti.run_id, ti.task_id, _map_index(ti), ti.try_number)


def _map_index(ti: Any) -> int:
    return -1 if ti.map_index is None else int(ti.map_index)
