"""Airflow's overhead: two tasks that find nothing to do against their bare functions.

python -m benchmarks.tasks DAY      # the functions once, in the home of the environment
"""

import sys
import time
from datetime import UTC, date, datetime

from benchmarks.figures import Figure, in_turn
from benchmarks.process import output
from benchmarks.workbench import DATASET, Workbench
from pipelines import settings as configuration
from pipelines.errors import TransientError
from pipelines.ingestion.land import LandSpec
from pipelines.ingestion.land import run as land
from pipelines.services.access import airflow_client
from pipelines.settings import Settings
from spark_jobs import ingest

DAG = f"ingest__{DATASET}"
TASKS = 2
REPEATS = 5
TIMEOUT_SECONDS = 120
DEFINITION = (
    "a run of the ingest DAG by the scheduler whose two tasks, land and publish, find all done: "
    "from the time it was queued to its end, by Airflow's own clock, over two; against "
)


def measure(bench: Workbench) -> list[Figure]:
    """The baselines share the runs: the function itself, and the function in a new process."""
    day = bench.days[0]
    client = airflow_client()
    if client is None:
        raise TransientError("Airflow stopped answering while it was measured; run it again")
    client.wait_for_dag(DAG, TIMEOUT_SECONDS)

    def scheduled() -> float:
        run_id = client.trigger(DAG, {"days": [day]})
        for event in client.follow(DAG, run_id, time.sleep):
            if "task" not in event and event["state"] != "success":
                raise RuntimeError(f"run {run_id} of {DAG} ended as {event['state']}")
        run = client.run(DAG, run_id)
        queued, end = (datetime.fromisoformat(run[key]) for key in ("queued_at", "end_date"))
        return (end - queued).total_seconds() / TASKS

    def process() -> float:
        begun = time.monotonic()
        output([sys.executable, "-m", "benchmarks.tasks", day])
        return (time.monotonic() - begun) / TASKS

    def bare() -> float:
        begun = time.monotonic()
        nothing_to_do(day, bench.settings)
        return (time.monotonic() - begun) / TASKS

    scheduled()  # the first task after a start pays for what is loaded lazily
    against_process = in_turn(scheduled, process, REPEATS)
    against_bare = in_turn(scheduled, bare, REPEATS)
    return [
        Figure(
            name="Airflow task, against a process",
            unit="s / task",
            against="both functions in a new process",
            definition=f"{DEFINITION}a Python that starts, imports and calls both, over two.",
            measured=against_process[0],
            baseline=against_process[1],
        ),
        Figure(
            name="Airflow task, against a call",
            unit="s / task",
            against="both functions called",
            definition=f"{DEFINITION}the two calls in a process that runs, over two.",
            measured=against_bare[0],
            baseline=against_bare[1],
        ),
    ]


def nothing_to_do(day: str, settings: Settings) -> None:
    """What the two tasks do: look for new files, and hold the day against what is published."""
    today = date.fromisoformat(day)
    now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    spec = LandSpec(dataset=DATASET, today=today, now=now)
    land(spec, settings=settings, progress=lambda *_: None)
    assert not ingest.run(DATASET, [day], "nothing-to-do", settings).changed


if __name__ == "__main__":
    nothing_to_do(sys.argv[1], configuration.load())
