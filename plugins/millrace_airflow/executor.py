"""The embedded executor: task processes find the large libraries imported.

A task process is a fork of the scheduler's. What the scheduler has imported costs a task nothing,
and what it has not costs every task again: MLflow with all that it needs takes two seconds. Only
libraries are imported ahead, which the lock holds still; our own code is read anew by every task,
so that a changed model or step is used at once.
"""

import importlib
import logging
import multiprocessing
import time

from airflow.executors.local_executor import LocalExecutor

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

    Where processes are spawned instead (macOS) it is the LocalExecutor as it is.
    """

    def start(self) -> None:
        """Imports, then starts the workers."""
        if multiprocessing.get_start_method() == "fork":
            import_ahead()
        super().start()


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
