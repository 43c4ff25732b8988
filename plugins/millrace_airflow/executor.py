"""The embedded executor: task processes find the large libraries imported, and no answer is lost.

A task process is a fork of the scheduler's. What the scheduler has imported costs a task nothing,
and what it has not costs every task again: MLflow with all that it needs takes two seconds. Only
libraries are imported ahead, which the lock holds still; our own code is read anew by every task,
so that a changed model or step is used at once.

A task that pauses for a person or a trigger ends its process, and goes on in another under the same
key. Where the answer comes before the scheduler has read of that end, Airflow 3.3 takes the old
process's end for the new one's, fails the task, and the second try asks anew: the answer is lost
(https://github.com/apache/airflow/issues/67287, and 72716 for the running state). Here an end is
told only when no later process of the same key has been asked for.
"""

import importlib
import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from airflow.executors.local_executor import LocalExecutor
from airflow.models.taskinstancekey import TaskInstanceKey

LIBRARIES = (
    "mlflow.pyfunc",
    "pyiceberg.catalog.sql",
    "scipy.stats",
    "sklearn.feature_extraction.text",
    "lightgbm",
    "xgboost",
    "pyspark.sql.connect.session",
    "great_expectations",
    "evidently.presets",
    "matplotlib.backends.backend_agg",
    "pydantic_settings",
)
"""What tasks import; each brings pandas, pyarrow and the like along. They start no pool of threads
when imported, which a fork would not have."""

log = logging.getLogger(__name__)


class WarmLocalExecutor(LocalExecutor):
    """Airflow's LocalExecutor that imports `LIBRARIES` before it forks its workers.

    Where processes are spawned instead (macOS) nothing is imported ahead.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._processes: Counter[TaskInstanceKey] = Counter()
        """Processes of a task's try that were handed to the workers and have not ended."""

    def start(self) -> None:
        """Imports, then starts the workers."""
        if multiprocessing.get_start_method() == "fork":
            import_ahead()
        super().start()

    def change_state(self, key: Any, state: Any, *arguments: Any, **more: Any) -> None:
        """Tells the scheduler of an end, unless the task goes on in a later process."""
        if isinstance(key, TaskInstanceKey):
            # One that an earlier scheduler handed over was never counted.
            self._processes[key] = max(self._processes[key] - 1, 0)
            if self._processes[key] or key in self.queued_tasks:
                return
            del self._processes[key]
        super().change_state(key, state, *arguments, **more)

    def _process_workloads(self, workload_list: Sequence[Any]) -> None:
        self._processes.update(
            one.key for one in workload_list if isinstance(one.key, TaskInstanceKey)
        )
        super()._process_workloads(workload_list)


def import_ahead() -> None:
    """Imports `LIBRARIES`. One that cannot be imported is the trouble of the task that needs it."""
    began = time.monotonic()
    # Says of hundreds of its own functions that it does not document or knows them.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except Exception:
            log.warning("%s cannot be imported ahead of tasks", name, exc_info=True)
    log.info(
        "imported %d libraries ahead of tasks in %.1f s", len(LIBRARIES), time.monotonic() - began
    )
