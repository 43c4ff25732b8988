import os
import time

import pytest

from pipelines.ingestion.workers import WorkerDiedError, each, here

pytestmark = pytest.mark.slow


def work(job):
    if job == "deadly":
        os.kill(os.getpid(), 9)
    if job == "bad":
        raise ValueError(job)
    return job.upper()


def test_jobs_end_with_results_or_errors_when_some_are_bad():
    jobs = ["a", "bad", "deadly", "b", "deadly", "c", "bad"]
    outcomes = list(each(iter(jobs), work, workers=2))
    assert sorted(job for job, _ in outcomes) == sorted(jobs)
    by_kind = dict(outcomes)
    assert [by_kind[job] for job in "abc"] == ["A", "B", "C"]
    assert isinstance(by_kind["deadly"], WorkerDiedError)
    assert isinstance(by_kind["bad"], ValueError)


def test_job_is_killed_when_it_runs_out_of_time():
    ((_, outcome),) = each([60], time.sleep, workers=1, seconds=1)
    assert isinstance(outcome, WorkerDiedError)


def test_jobs_are_taken_as_needed_when_there_are_many():
    taken = []

    def jobs():
        for number in range(5):
            taken.append(number)
            yield str(number)

    running = here(jobs(), work)
    assert next(running) == ("0", "0")
    assert taken == [0]


def test_error_of_a_caller_leaves_no_process():
    running = each(["a", "b", "c"], work, workers=1)
    next(running)
    with pytest.raises(KeyError):
        running.throw(KeyError("stop"))
