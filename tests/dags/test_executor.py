"""The embedded executor imports libraries ahead of its forks, in a process of its own here."""

import pytest
from factories.airflow import result_of

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

FORK = """
import json, os, sys
from airflow.executors.executor_loader import ExecutorLoader
from millrace_airflow import executor

def work():
    import lightgbm, numpy, polars, scipy.stats
    rows = numpy.random.default_rng(7).normal(size=(400, 4))
    assert polars.DataFrame(rows).lazy().group_by("column_0").len().collect().height == 400
    fitted = lightgbm.train({"verbose": -1}, lightgbm.Dataset(rows, rows[:, 0]), 2)
    assert fitted.predict(rows).shape == (400,)
    assert numpy.linalg.svd(rows @ rows.T)[1][0] > 0

known = set(sys.modules)
executor.import_ahead()
new = set(sys.modules) - known
child = os.fork()
if child == 0:
    work()
    os._exit(0)
print("RESULT" + json.dumps({
    "executor": type(ExecutorLoader.get_default_executor()).__name__,
    "ours": [one for one in new if one.split(".")[0] in ("pipelines", "models", "spark_jobs")],
    "missing": [name for name in executor.LIBRARIES if name not in sys.modules],
    "exit": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]),
}))
"""

MISSING = """
import json, sys
from millrace_airflow import executor
executor.LIBRARIES = ("no_such_library", "pydantic_settings")
executor.import_ahead()
print("RESULT" + json.dumps([name in sys.modules for name in executor.LIBRARIES]))
"""


def test_a_fork_computes_with_the_libraries_imported_ahead(airflow_env: dict[str, str]) -> None:
    """One that starts a pool of threads when imported would leave the fork waiting for it. And
    nothing of ours is among them: a task reads our code anew."""
    wanted = {"executor": "WarmLocalExecutor", "ours": [], "missing": [], "exit": 0}
    assert result_of(FORK, airflow_env) == wanted


def test_a_library_that_cannot_be_imported_keeps_no_scheduler_from_starting(
    airflow_env: dict[str, str],
) -> None:
    assert result_of(MISSING, airflow_env) == [False, True]


TWICE = """
import json, multiprocessing
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.utils.state import TaskInstanceState as State
from millrace_airflow.executor import WarmLocalExecutor
from types import SimpleNamespace

key = TaskInstanceKey("decide__receipts", "ask", "manual", 1, -1)
told = []

def tell(step):
    told.append([step, [str(state) for state, _ in executor.get_event_buffer().values()]])

class Recorded(WarmLocalExecutor):
    def _check_workers(self):  # starts none
        pass

    def hand_over(self):
        self.queued_tasks[key] = SimpleNamespace(key=key)
        self._process_workloads([self.queued_tasks[key]])

executor = Recorded(parallelism=1)
executor.activity_queue = multiprocessing.SimpleQueue()
executor._unread_messages = multiprocessing.Value("I")

executor.hand_over()
executor.change_state(key, State.SUCCESS)
tell("ended")
executor.hand_over()
executor.hand_over()
executor.change_state(key, State.SUCCESS)
tell("paused, and goes on")
executor.change_state(key, State.FAILED)
tell("then failed")
executor.hand_over()
executor.queued_tasks[key] = SimpleNamespace(key=key)
executor.change_state(key, State.SUCCESS)
tell("paused, and is to go on")
executor.queued_tasks.clear()
executor.change_state(key, State.SUCCESS)
tell("of an earlier scheduler")
executor.queued_tasks[key] = SimpleNamespace(key=key)
executor.change_state(key, State.SUCCESS)
executor.hand_over()
executor.hand_over()
executor.change_state(key, State.SUCCESS)
tell("of an earlier scheduler, goes on, and goes on again")
print("RESULT" + json.dumps(told))
"""


def test_an_end_is_told_unless_the_task_goes_on_in_a_later_process(
    airflow_env: dict[str, str],
) -> None:
    assert result_of(TWICE, airflow_env) == [
        ["ended", ["success"]],
        ["paused, and goes on", []],
        ["then failed", ["failed"]],
        ["paused, and is to go on", []],
        ["of an earlier scheduler", ["success"]],
        ["of an earlier scheduler, goes on, and goes on again", []],
    ]
