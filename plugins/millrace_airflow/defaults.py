"""What every task gets unless it says otherwise: retries by kind of error, and time limits."""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule

from millrace_airflow.specs import settings

# Errors are named as text, so that parsing a DAG imports none of their modules.
RETRY_BY_ERROR = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=f"pipelines.errors.{name}",
            action=RetryAction.FAIL,
            reason="a person has to change the data or the configuration; no retry helps",
        )
        for name in ("MisconfiguredError", "BadDataError", "NotFoundError", "RefusedError")
    ]
    + [
        RetryRule(
            exception="pipelines.errors.TransientError",
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=20),
            reason="a service was away or busy",
        )
    ]
)


def approval_hours() -> float:
    """Hours that a version waits for a decision."""
    return settings().approval_hours


def poll_seconds() -> float:
    """Seconds between two looks of something that waits."""
    return settings().poll_seconds


def dag(family: str, name: str, owner: str, *, hours: float, at_once: int = 1) -> dict[str, Any]:
    """What every DAG has: its id, runs in order unless `at_once`, and an end after `hours`."""
    return {
        "dag_id": f"{family}__{name}",
        "tags": [family, name],
        "catchup": False,
        "max_active_runs": at_once,
        "dagrun_timeout": timedelta(hours=hours),
        "default_args": task_defaults(owner),
    }


def task_defaults(owner: str) -> dict[str, Any]:
    """`default_args` of a DAG whose tasks are safe to run again."""
    return {
        "owner": owner,
        "retries": 2,
        "retry_delay": timedelta(seconds=settings().retry_delay_seconds),
        "retry_policy": RETRY_BY_ERROR,
        "execution_timeout": timedelta(hours=1),
    }


def cron(expression: str) -> CronTriggerTimetable:
    """Times in UTC; the first one lies ahead.

    With `run_immediately=False` Airflow 3.3 still starts the last past run when less than a
    tenth of the period has gone by, so a fresh installation would race the person at it.
    """
    return CronTriggerTimetable(expression, timezone="UTC", run_immediately=timedelta(0))


def day_before(expression: str) -> CronTriggerTimetable:
    """The same of runs that look at the day before: their date is a day earlier, in a back-fill
    too."""
    return CronTriggerTimetable(
        expression, timezone="UTC", interval=timedelta(days=1), run_immediately=timedelta(0)
    )
