"""Runs one DAG to its end in this process, without a scheduler: `python -m` with id and conf.

Everything Airflow and the steps print goes to the log file; standard output carries one JSON
object a line for each task that starts or ends, and a last one for the run.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import structlog
from airflow.listeners import hookimpl
from structlog.typing import EventDict

from pipelines.services.airflow_client import SKIPPED


class TaskReporter:
    """Airflow listener that writes task states as they change."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._why: str | None = None

    def write(self, **event: Any) -> None:
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()

    @hookimpl
    def on_task_instance_running(self, task_instance: Any) -> None:
        self._why = None
        self.write(task=task_instance.task_id, state="running")

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        self.write(task=task_instance.task_id, state="success")

    @hookimpl
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        self.write(task=task_instance.task_id, state="skipped", reason=self._why)

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        self.write(task=task_instance.task_id, state="failed", error=_readable(error))

    def read_log(self, _logger: Any, _method: str, line: EventDict) -> EventDict:
        """A step of structlog's chain: the hook of a skipped task is not told why, the log is."""
        if line.get("event") == SKIPPED:
            self._why = str(line.get("reason"))
        return line


def _readable(error: Any) -> str:
    """Our own errors whole; of others the last lines, where the cause stands."""
    from pipelines.errors import MillraceError

    if isinstance(error, MillraceError):
        return str(error)
    lines = [line for line in str(error).splitlines() if line.strip()]
    return "\n".join([f"{type(error).__name__}: …", *lines[-3:]] if len(lines) > 3 else lines)


def run(dag_id: str, conf: dict[str, Any], out: TextIO) -> bool:
    """Whether the run ended well."""
    from airflow.configuration import conf as airflow_conf
    from airflow.dag_processing.dagbag import DagBag
    from airflow.providers.standard.operators.hitl import HITLOperator
    from airflow.sdk.exceptions import ParamValidationError
    from airflow.sdk.listener import get_listener_manager

    reporter = TaskReporter(out)
    get_listener_manager().add_listener(reporter)
    # In place: loggers that exist already hold this list.
    structlog.get_config()["processors"].insert(0, reporter.read_log)
    bag = DagBag(airflow_conf.get("core", "dags_folder"), bundle_name="dags-folder")
    if dag_id not in bag.dags:
        known = ", ".join(sorted(bag.dags))
        reporter.write(state="failed", error=f"there is no DAG {dag_id!r}; known: {known}")
        return False
    unknown = sorted(set(conf) - set(bag.dags[dag_id].params))
    if unknown:
        known = ", ".join(bag.dags[dag_id].params) or "none"
        text = f"{dag_id} has no parameter {', '.join(unknown)}; known: {known}"
        reporter.write(state="failed", error=text)
        return False
    waiting = [one.task_id for one in bag.dags[dag_id].tasks if isinstance(one, HITLOperator)]
    if waiting:
        text = (
            f"{dag_id} waits for a person at {', '.join(waiting)}, in Airflow's pages. Start them "
            "with `millrace up`, or use `millrace approve`, `reject` or `rollback`."
        )
        reporter.write(state="failed", error=text)
        return False
    try:
        dag_run = bag.dags[dag_id].test(run_conf=conf)
    except ParamValidationError as error:
        reporter.write(state="failed", error=str(error).partition("\n\n")[0])
        return False
    reporter.write(state=str(dag_run.state), run_id=dag_run.run_id)
    return str(dag_run.state) == "success"


def main() -> None:
    dag_id, conf, log_file = sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3])
    log_file.parent.mkdir(parents=True, exist_ok=True)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Child processes (Spark, readers) inherit these two, so nothing else reaches our output.
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.exit(0 if run(dag_id, conf, out) else 1)


if __name__ == "__main__":
    main()
