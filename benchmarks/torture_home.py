"""A home with real services under torture: who is killed in it, and what stands in its stores."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipelines import specs
from pipelines.corrections import importing, state
from pipelines.corrections.desk import Desk
from pipelines.corrections.verify import faults
from pipelines.opsdb import batches, corrections, requests
from pipelines.samples.receipts import generate
from pipelines.services import ports, process, secrets, supervisor
from pipelines.services import state as services
from pipelines.services.airflow_client import FINISHED_RUN, AirflowClient
from pipelines.settings import Settings

MODEL = "receipts"
SENSOR, TRAIN, INGEST = f"corrections__{MODEL}", f"train__{MODEL}", f"ingest__{MODEL}"
DOCUMENTS = 90
PATIENCE_SECONDS = 240.0
"""A killed scheduler's tasks are taken up by the next after 30 s, a triggerer's after 15 s."""
IDLE = "with nothing to claim or take"


class TortureHome:
    """One home: its services, its documents, and what was ever seen in its database."""

    def __init__(self, folder: Path, databases: Mapping[str, str]) -> None:
        """`databases` are settings that put some on a server."""
        # Every document that is corrected is enough, and none is too soon or too dear.
        fields = len(specs.model(MODEL).fields)
        policy = {"threshold": fields, "cooldown_hours": 0, "weekly_cost": 10_000}
        self.settings = Settings(
            home=folder, airflow_port=0, mlflow_port=0, spark_port=0, review_port=0, metrics_port=0,
            retry_delay_seconds=1, poll_seconds=1, corrections=policy, **databases,
        )  # fmt: skip
        self._sample = folder / "sample.jsonl"
        self._told: set[str] = set()
        self._members: dict[int, list[int]] = {}

    @contextmanager
    def running(self) -> Iterator[AirflowClient]:
        """Its services, all with a warm Spark: a training costs seconds. They end with it."""
        try:
            supervisor.up(self.settings)
            generate(DOCUMENTS, 11, self._sample, start=date(2026, 2, 1), days=2)
            self.desk = Desk.open(MODEL, self.settings)
            url = f"http://127.0.0.1:{ports.assigned(self.settings)['airflow']}"
            client = AirflowClient(url, "ada", secrets.passwords(self.settings)["ada"])
            for dag in (SENSOR, TRAIN):
                client.wait_for_dag(dag, 90)
            yield client
        finally:
            supervisor.down(self.settings)

    def kill(self, service: str) -> int:
        """SIGKILL of a service with its workers; how many processes that were."""
        run = services.load(self.settings)
        return process.kill(run.records[service], self.settings.root) if run else 0

    def revive(self) -> None:
        """Starts what is dead, as a person would."""
        supervisor.up(self.settings)

    def correct(self, document: int) -> None:
        """One document's fields are corrected, as a file that was sent twice."""
        row = json.loads(self._sample.read_text(encoding="utf-8").splitlines()[document])
        said = [
            {"document_id": row["document_id"], "field": name, "value": value, "key": key}
            for name, value in row["fields"].items()
            for key in [f"{row['document_id']}-{name}"]
        ]
        for _ in range(2):
            importing.take_in_all(
                self.desk.db, self.desk.spec, said,
                reviewer="ann", documents=None, now=datetime.now(UTC),
            )  # fmt: skip
        self._told |= {str(one["key"]) for one in said}

    def stage(self) -> str:
        """How far the newest corrections came: what a kill interrupts."""
        with self.desk.db.read() as session:
            if state.fresh(session, self.desk.spec, self.desk.golden).members:
                return "between correction and claim"
            if requests.waiting(session, MODEL) is not None:
                return "between claim and take"
        return IDLE

    def faults(self, *, ended: bool = False) -> list[str]:
        """What does not hold: the invariants, and what was told or seen and is gone."""
        with self.desk.db.read() as session:
            found = faults(session, self.desk.spec, self.desk.golden, ended=ended)
            there = {one.key for one in corrections.rows(session, MODEL)}
            found += [f"correction {one} was told and is gone" for one in self._told - there]
            now = {one.batch_id: batches.members(session, one.batch_id)
                   for one in batches.all_of(session, MODEL)}  # fmt: skip
        found += [f"batch {one} changed" for one, held in self._members.items()
                  if now.get(one) != held]  # fmt: skip
        self._members = now
        return found

    def publish(self, client: AirflowClient) -> None:
        """Ingests the documents: now a training has what to train on."""
        inbox = self.settings.landing / MODEL / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        landed = inbox / "sample.jsonl"
        landed.write_bytes(self._sample.read_bytes())
        os.utime(landed, (1, 1))  # it has been there long enough to be whole
        client.wait_for_dag(INGEST, 60)
        client.trigger(INGEST, {})

    def runs(self, client: AirflowClient) -> dict[str, Any]:
        """By Airflow's own record: trainings whose `take` took, sensors whose claim went out."""
        return {
            name: {
                run["dag_run_id"]: task["state"]
                for run in client.runs(dag, limit=1000)
                for task in client.tasks(dag, run["dag_run_id"])
                if task["task_id"] == name
            }
            for dag, name in ((TRAIN, "take"), (SENSOR, "threshold"))
        }

    def is_idle(self, client: AirflowClient) -> bool:
        """Whether all is claimed and taken, no training runs, and the sensor waits deferred."""
        return not self.under_way(client)

    def under_way(self, client: AirflowClient) -> list[str]:
        """What is left to be done, in words."""
        stage, sensor = self.stage(), self.sensor(client)
        tasks = [
            f"{task['task_id']} of {run['dag_run_id']} is {task['state']}"
            for run in client.runs(TRAIN)
            if run["state"] not in FINISHED_RUN
            for task in client.tasks(TRAIN, run["dag_run_id"])
        ]
        found = [] if stage == IDLE else [stage]
        return found + ([] if sensor == "deferred" else [f"the sensor is {sensor}"]) + tasks

    def sensor(self, client: AirflowClient) -> str | None:
        """State of the sensor's task in its newest run."""
        for run in client.runs(SENSOR, limit=1):
            for task in client.tasks(SENSOR, run["dag_run_id"]):
                found: str | None = task["state"]
                return found
        return None


def wait_until(done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.1)
    return False
