"""Runs one function over many jobs in processes, and outlives a job that kills its process."""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

JOB_SECONDS = 1800
"""A job that takes longer is killed with its process: a decoder may loop for ever."""


class WorkerDiedError(Exception):
    """The process of a job was killed or ran out of time or memory."""


def each(
    jobs: Iterable[Job],
    work: Callable[[Job], Result],
    *,
    workers: int,
    seconds: int = JOB_SECONDS,
) -> Iterator[tuple[Job, Result | Exception]]:
    """Yields each job with its result, or with what it raised, as they end.

    Jobs are taken from the iterable as processes become free, so it may be long. `work`
    must be repeatable: when a process dies, the jobs that ran beside it are run again, each
    in a process of its own, and only the one that dies alone gets WorkerDiedError.
    """
    waiting = iter(jobs)
    timed = partial(_timed, work, seconds)
    suspects: list[Job] = []
    more = True
    while more or suspects:
        for job in suspects:
            yield job, _alone(job, timed)
        suspects = []
        with _pool(workers) as pool:
            running: dict[Future[Result], Job] = {}
            while not suspects:
                more = _fill(pool, running, waiting, timed, workers, suspects)
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    job = running.pop(future)
                    outcome = _outcome(future)
                    if isinstance(outcome, BrokenProcessPool):
                        suspects.append(job)
                    else:
                        yield job, outcome
            suspects += running.values()


def here(
    jobs: Iterable[Job], work: Callable[[Job], Result]
) -> Iterator[tuple[Job, Result | Exception]]:
    """The same in this process, one after the other: for work that cannot take it down."""
    for job in jobs:
        try:
            yield job, work(job)
        except Exception as error:  # given back as a value, as `each` does
            yield job, error


def _fill(
    pool: ProcessPoolExecutor,
    running: dict[Future[Result], Job],
    waiting: Iterator[Job],
    work: Callable[[Job], Result],
    workers: int,
    suspects: list[Job],
) -> bool:
    """Gives every free process a job; False when there are no more."""
    while len(running) < workers:
        job = next(waiting, None)
        if job is None:
            return False
        try:
            running[pool.submit(work, job)] = job
        except BrokenProcessPool:
            suspects.append(job)
            return True
    return True


def _alone(job: Job, work: Callable[[Job], Result]) -> Result | Exception:
    with _pool(1) as pool:
        outcome = _outcome(pool.submit(work, job))
    return WorkerDiedError() if isinstance(outcome, BrokenProcessPool) else outcome


def _outcome(future: Future[Result]) -> Result | Exception:
    try:
        return future.result()
    except Exception as error:  # given back as a value, each to its own job
        return error


def _pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the parent may have threads of Arrow, gRPC or a scheduler.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _timed(work: Callable[[Job], Result], seconds: int, job: Job) -> Result:
    # No handler: the signal ends the process even inside native code.
    signal.alarm(seconds)
    try:
        return work(job)
    finally:
        signal.alarm(0)
