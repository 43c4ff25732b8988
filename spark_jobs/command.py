"""What the command lines of all jobs have in common: token, result file and exit code."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipelines import settings
from pipelines.contracts.result import StepResult
from pipelines.errors import MillraceError
from pipelines.telemetry import logs, trace
from pipelines.telemetry.rows import rows_of
from spark_jobs.report import leave_error, leave_result

log = logging.getLogger(__name__)
Result = TypeVar("Result", bound=StepResult)


def parser(description: str) -> argparse.ArgumentParser:
    """A job's parser, to which it adds its own arguments."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--token", required=True, help="names the attempt's task, in every try")
    made.add_argument(
        "--result", required=True, type=Path, help="file that gets result or error as JSON"
    )
    return made


def snapshot(text: str) -> int | None:
    """Type of an argument: a snapshot's id, or None for `newest`."""
    return None if text == "newest" else int(text)


def days(text: str) -> list[str]:
    """Type of an argument: days as 2026-01-31, separated by commas."""
    return [day for day in text.split(",") if day]


def reported(result: Path, work: Callable[[], Result]) -> Result:
    """Does the work and leaves what came of it, result or error, in the file `result`.

    The work is a span of the trace of the task that started the job.
    """
    with trace.job(f"spark.{_job(work)}", settings.load()) as told:
        try:
            done = work()
        except MillraceError as error:
            leave_error(result, error)
            raise
        told |= {name: value for name, value in rows_of(done.to_xcom()) if value is not None}
        leave_result(result, done)
    return done


def _job(work: Callable[[], object]) -> str:
    """The job's file: its module, or the program where it was submitted."""
    module = work.__module__.rpartition(".")[2]
    return Path(sys.argv[0]).stem if module == "__main__" else module


def start(main: Callable[[], object]) -> None:
    """Runs a job as a program: our errors end it with one line and their own exit code."""
    logs.configure(settings.load())
    try:
        main()
    except MillraceError as error:
        log.error("%s", error)
        sys.exit(error.exit_code)
