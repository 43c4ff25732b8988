"""Workers die in the middle of each task; after the retry there is one logical effect."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.contracts import names
from pipelines.governance import card
from pipelines.lake.lake import Lake
from pipelines.opsdb import decisions
from pipelines.opsdb.database import OpsDb
from pipelines.registry.store import Registry
from pipelines.samples.receipts import generate
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

pytestmark = pytest.mark.services

DOCUMENTS = 90
INGEST, TRAIN = "ingest__receipts", "train__receipts"


def test_each_task_has_one_effect_when_its_worker_is_killed(
    client: AirflowClient, live_home: Path, tmp_path: Path
) -> None:
    sample = tmp_path / "receipts.jsonl"
    generate(DOCUMENTS, 11, sample, start=date(2026, 2, 1), days=2)
    inbox = live_home / "landing" / "receipts" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "receipts.jsonl").write_bytes(sample.read_bytes())
    os.utime(inbox / "receipts.jsonl", (1, 1))  # it has been there long enough to be whole

    client.wait_for_dag(TRAIN, timeout_seconds=90)
    begin = datetime.now(UTC)
    run_id = client.trigger(INGEST, {})
    _kill(client, INGEST, run_id, "land", after=0.0)
    _kill(client, INGEST, run_id, "publish", after=3.0)
    with ThreadPoolExecutor(1) as pool:  # the first task of the training is over in half a second
        training = pool.submit(_kill_first, client, TRAIN, "take", begin)
        assert _end(client, INGEST, run_id) == "success"
        run_id = training.result()

    lake = Lake.open(Settings(home=live_home))
    published, quarantined = (
        names.published_table("receipts"),
        names.quarantine_table("receipts"),
    )
    assert lake.read(published).num_rows == DOCUMENTS
    assert not lake.exists(quarantined) or lake.read(quarantined).num_rows == 0
    assert len(lake.history(published)) == 1, "one commit, whatever was killed"

    moments = {
        "features": 1.0,
        "train": 3.0,
        "evaluate": 0.8,
        "register": 0.4,  # with MLflow imported ahead it takes a second
        "gate": 0.4,
    }
    for task, after in moments.items():
        _kill(client, TRAIN, run_id, task, after=after)
    # The gate, which makes it anew, has just been killed before it got so far.
    registry = Registry.open(Settings(home=live_home))
    assert not card.missing(registry.resolve("receipts", 1), registry), "a card from the start"
    assert _end(client, TRAIN, run_id) == "success"

    result = client.result(TRAIN, run_id, "features")
    features = lake.read(
        names.features_table("receipts"), where={names.FEATURE_KEY: result["feature_key"]}
    )
    assert features.num_rows == DOCUMENTS
    assert len(lake.history(names.features_table("receipts"))) == 1
    assert [one.version for one in registry.versions("receipts")] == [1]
    with OpsDb.open(Settings(home=live_home)).read() as session:
        assert len(decisions.requests(session)) == 1, "one request for a decision"
    leftovers = list((live_home / "runs").rglob("*.aside"))
    assert leftovers == [], "nothing half-made is left"


def _kill(client: AirflowClient, dag_id: str, run_id: str, task_id: str, *, after: float) -> None:
    """Kills the first try of a task, some seconds into its work."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        task = next(one for one in client.tasks(dag_id, run_id) if one["task_id"] == task_id)
        assert task["state"] not in {"success", "failed"}, f"{task_id} ended before it was killed"
        if task["state"] == "running" and task["pid"]:
            time.sleep(after)
            os.kill(task["pid"], signal.SIGKILL)
            return
        time.sleep(0.05)
    raise AssertionError(f"{task_id} did not start within 180 s")


def _kill_first(client: AirflowClient, dag_id: str, task_id: str, since: datetime) -> str:
    """Kills a task of the run that published data starts, as soon as it begins; the run's id."""
    run_id = client.run_caused_by(dag_id, since, 240, lambda _: time.sleep(0.05))
    assert run_id is not None, "the published data starts the training"
    _kill(client, dag_id, run_id, task_id, after=0.0)
    return run_id


def _end(client: AirflowClient, dag_id: str, run_id: str) -> str:
    events = list(client.follow(dag_id, run_id, time.sleep))
    retried = {event["task"] for event in events if event.get("try", 0) > 1}
    assert retried, "at least the last killed task was tried again"
    return str(events[-1]["state"])
