"""What the command lines of all jobs have in common: token, result file and exit code."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipelines.contracts.result import StepResult
from pipelines.errors import MillraceError
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
    """Does the work and leaves what came of it, result or error, in the file `result`."""
    try:
        done = work()
    except MillraceError as error:
        leave_error(result, error)
        raise
    leave_result(result, done)
    return done


def start(main: Callable[[], object]) -> None:
    """Runs a job as a program: our errors end it with one line and their own exit code."""
    logging.basicConfig(level=logging.INFO)
    try:
        main()
    except MillraceError as error:
        log.error("%s", error)
        sys.exit(error.exit_code)
