"""Kills the real scheduler and triggerer with all their workers while corrections start trainings.

In each round one document is corrected, which crosses the threshold; before, while or after its
corrections are claimed and the request is taken, one of the two or both get SIGKILL, some again
just after they were started anew. The corrections come twice, and the event that wakes the
training comes once more than it should. After each kill all that must hold is counted anew. Each
round must come to its end: claimed, taken, and the sensor waiting again. At the end documents are
published, and the last training learns from all batches whose trainings had nothing to train on.

On SQLite both databases, Airflow's and ours, are files of the home; on PostgreSQL both are on one
server, and all else is the same home.
"""

import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.torture_engines import settings_on
from benchmarks.torture_home import MODEL, SENSOR, TRAIN, TortureHome, wait_until
from pipelines.opsdb import batches, requests
from pipelines.services.airflow_client import AirflowClient

SERVICES = ("scheduler", "triggerer")
MOMENTS = ("deferred", "soon", "claiming", "claimed", "taking")
REACHED_SECONDS = 30.0
"""A moment that has gone by unseen is not waited for longer."""


def torture(
    kills: int, seed: int, *, engine: str = "sqlite", training: bool = True
) -> tuple[Counter[str], list[str]]:
    """Counts of what happened in a home of its own, and the faults: none, unless one is there.

    Half of the kills are the scheduler's. Without `training` it ends when the last request is
    taken.
    """
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as folder,
        settings_on(engine) as databases,
    ):
        home = TortureHome(Path(folder), databases)
        with home.running() as client:
            trial = _Trial(home, client, kills, random.Random(seed))
            while trial.left and not trial.faults:
                trial.round()
            if training and not trial.faults:
                trial.train()
            trial.count()
    trial.seen["seconds"] = round(time.monotonic() - begun)
    return trial.seen, trial.faults


class _Trial:
    def __init__(
        self, home: TortureHome, client: AirflowClient, kills: int, chance: random.Random
    ) -> None:
        self.home, self.client, self.chance = home, client, chance
        self.left = [SERVICES[number % 2] for number in range(kills)]
        chance.shuffle(self.left)
        self.moments: list[str] = []
        self.seen: Counter[str] = Counter()
        self.faults: list[str] = []

    def round(self) -> None:
        """From one document's corrections to the training that took them, through the kills."""
        number = self.seen["rounds"]
        self.moments = self.moments or self.chance.sample(MOMENTS, len(MOMENTS))
        moment = self.moments.pop()
        if not wait_until(lambda: self.home.is_idle(self.client)):
            self.faults.append(f"round {number} never began: {self.home.under_way(self.client)}")
            return
        if moment == "deferred":
            self._strike(moment)
        self.home.correct(number)
        if moment != "deferred":
            wait_until(lambda: self._reached(moment), REACHED_SECONDS)
            self._strike(moment)
        self.home.revive()
        self._wake_again()
        if self.left and self.chance.random() < 0.5:
            time.sleep(self.chance.uniform(0, 8))
            self._strike("recovering")
            self.home.revive()
        if not wait_until(lambda: self.home.is_idle(self.client)):
            self.faults.append(f"round {number} did not end: {self.home.under_way(self.client)}")
        self.faults += self.home.faults()
        self.seen["rounds"] += 1

    def train(self) -> None:
        """Gives the trainings something to train on, and wants nothing left open."""
        self.home.publish(self.client)

        def has_version() -> bool:
            with self.home.desk.db.read() as session:
                return any(one.version for one in requests.latest(session, MODEL))

        if not wait_until(has_version):
            self.faults.append("no training ended with a version")
        self.faults += self.home.faults(ended=True)

    def count(self) -> None:
        """Compares the stores with Airflow's record: who took, who claimed, who was skipped."""
        runs = self.home.runs(self.client)
        with self.home.desk.db.read() as session:
            known = [one for one in requests.latest(session, MODEL) if one.run_id]
            claims = [one.key for one in batches.all_of(session, MODEL)]
        took = [run for run, state in runs["take"].items() if state == "success"]
        if sorted(took) != sorted(str(one.run_id) for one in known):
            self.faults.append(f"runs {took} took, the requests have {known}")
        fired = {
            f"{SENSOR}/{run}" for run, state in runs["threshold"].items() if state == "success"
        }
        if fired - set(claims):
            self.faults.append(f"sensors ended without a batch: {sorted(fired - set(claims))}")
        self.seen.update({
            "batches": len(claims),
            "batches claimed by the sensor": len(fired & set(claims)),
            "requests taken": len(known),
            "trainings ended": sum(one.state == "done" for one in known),
            "trainings skipped": sum(state == "skipped" for state in runs["take"].values()),
            "faults": len(self.faults),
        })

    def _strike(self, moment: str) -> None:
        targets = {self.left.pop()}
        if self.left and self.left[-1] not in targets and self.chance.random() < 0.5:
            targets.add(self.left.pop())
        if moment in {"soon", "claiming"}:
            time.sleep(self.chance.uniform(0, 2))
        stage = self.home.stage()
        for service in sorted(targets):
            processes = self.home.kill(service)
            if not processes:
                self.faults.append(f"{service} was not there to be killed")
            self.seen.update({
                "kills": 1, f"killed {service}": 1, f"killed {stage}": 1,
                "processes killed": processes,
            })  # fmt: skip
        self.faults += self.home.faults()

    def _reached(self, moment: str) -> bool:
        match moment:
            case "claiming":
                return self.home.sensor(self.client) != "deferred"
            case "claimed":
                return self.home.stage() == "between claim and take"
            case "taking" if self.home.stage() != "between correction and claim":
                return any(
                    run["state"] in {"queued", "running"}
                    for run in self.client.runs(TRAIN, limit=2)
                )
            case "taking":
                return False
        return True

    def _wake_again(self) -> None:
        self.client.announce(f"retrain/{MODEL}", {"again": True})
        self.seen["events sent once more"] += 1
