"""Decisions on two champions in real Airflow: by either way, by nobody in time, and back again."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from factories.operations import judged
from factories.receipts import receipts
from factories.services import Millrace

from pipelines.contracts.decision import LedgerRow
from pipelines.errors import TransientError
from pipelines.governance.decide import ask
from pipelines.opsdb import decisions, ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry.store import Registry
from pipelines.scoring import predict
from pipelines.services import secrets, supervisor
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

pytestmark = pytest.mark.services

DECIDE, ROLLBACK = "decide__receipts", "rollback__receipts"
EARLIER, LATER = 1, 2


@pytest.fixture(scope="module")
def settings(live_home: Path) -> Settings:
    return Settings(home=live_home)


@pytest.fixture(scope="module")
def ben(client: AirflowClient, settings: Settings) -> AirflowClient:
    return AirflowClient(client.url, "ben", secrets.passwords(settings)["ben"])


@pytest.fixture(scope="module")
def two_versions(millrace: Millrace, client: AirflowClient, settings: Settings) -> Iterator[None]:
    """Version 1 is the champion, made and decided by the tests before; version 2 is registered."""
    if [row.to_version for row in rows(settings)] != [EARLIER]:
        pytest.skip("no champion in the shared home; run the whole folder")
    client.wait_for_dag(ROLLBACK, timeout_seconds=90)
    # What the gate says of so small a training does not matter here.
    trained = millrace("run", "train", "receipts", "--param", "seed=12")
    assert "register  success" in trained.stdout, trained.stdout + trained.stderr
    yield


def rows(settings: Settings) -> list[LedgerRow]:
    with OpsDb.open(settings).read() as session:
        return ledger.rows(session, "receipts")


def champion(settings: Settings) -> int:
    return Registry.open(settings).resolve("receipts", "champion").version


def put(settings: Settings, version: int, against: int, hours: float = 1) -> None:
    """Puts a version to a decision, as the gate does where it says promote."""
    # Evidence of its own: the same evidence would ask once.
    found = judged(version, against).model_copy(update={"evidence_hash": uuid4().hex * 2})
    desk: dict[str, Any] = {"db": OpsDb.open(settings), "registry": Registry.open(settings)}
    ask(found, author="cy", now=datetime.now(UTC), hours=hours, **desk)


def start(client: AirflowClient, dag_id: str, conf: dict[str, Any]) -> str:
    """A run that waits for somebody's word."""
    run_id = client.trigger(dag_id, conf)
    assert client.wait_for_question(dag_id, run_id, "ask", 120, time.sleep)
    return run_id


def end(client: AirflowClient, dag_id: str, run_id: str) -> tuple[str, dict[str, str]]:
    """State of the run and its tasks at the end."""
    events = list(client.follow(dag_id, run_id, time.sleep))
    return events[-1]["state"], {one["task"]: one["state"] for one in events if "task" in one}


def events(client: AirflowClient) -> list[dict[str, Any]]:
    """Events of assets, newest first. Airflow 3.3 answers 500 while a run that one of them made
    has not started yet."""
    deadline = time.monotonic() + 60
    while True:
        try:
            found = client._call("GET", "/api/v2/assets/events", params={"order_by": "-timestamp"})
            return list(found["asset_events"])
        except TransientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


@contextmanager
def held(settings: Settings, service: str) -> Iterator[None]:
    """Keeps the first process of a service from doing anything."""
    [pid] = [one.pid for one in supervisor.status(settings) if one.name == service]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("two_versions")
def test_task_stops_waiting_when_somebody_decides_on_the_command_line(
    client: AirflowClient, millrace: Millrace, settings: Settings
) -> None:
    put(settings, LATER, against=EARLIER)
    run_id = start(client, DECIDE, {"version": LATER})
    said = millrace("approve", "receipts", "2", "--as", "ben", "--why", "measured and better")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Airflow was not told" not in said.stderr
    state, tasks = end(client, DECIDE, run_id)
    assert (state, tasks["ask"], tasks["decide"]) == ("success", "skipped", "skipped")
    [asked] = [one for one in client.tasks(DECIDE, run_id) if one["task_id"] == "ask"]
    assert "decided on the command line: ben chose promote" in asked["note"]
    assert client.waiting(DECIDE, "ask") == [], "nothing waits for a version that was decided"
    assert champion(settings) == LATER
    # What the new champion has set going by now announces assets too.
    told = [one["extra"] for one in events(client) if one["name"] == "champion/receipts"]
    assert told[0]["version"] == LATER


@pytest.mark.usefixtures("two_versions")
def test_nobodys_word_in_time_is_a_rejection_on_record(
    client: AirflowClient, millrace: Millrace, settings: Settings
) -> None:
    put(settings, EARLIER, against=LATER, hours=0.004)  # 14 s
    run_id = start(client, DECIDE, {"version": EARLIER})
    state, tasks = end(client, DECIDE, run_id)
    assert (state, tasks["ask"], tasks["decide"]) == ("success", "success", "skipped")
    with OpsDb.open(settings).read() as session:
        request = decisions.latest(session, "receipts", EARLIER)
        assert request is not None and request.state == "expired"
        decided = decisions.decision(session, request.request_id)
    assert decided is not None
    assert (decided.choice, decided.person, decided.via) == ("reject", "nobody", "timeout")
    assert "rejected by nobody (timeout)" in millrace("models", "receipts").stdout
    late = millrace("approve", "receipts", "1", "--as", "ben", "--why", "after all")
    assert late.returncode == 5 and "nobody decided in time" in late.stderr
    assert champion(settings) == LATER


@pytest.mark.usefixtures("two_versions")
def test_word_counts_that_comes_before_the_scheduler_has_read_of_the_question(
    client: AirflowClient, ben: AirflowClient, settings: Settings
) -> None:
    run_id = client.trigger(ROLLBACK, {"why": "misread dates"})
    deadline = time.monotonic() + 120
    begun = {"running", "awaiting_input"}  # it asks within a second: the answer may miss the former
    while not begun & {one["state"] for one in client.tasks(ROLLBACK, run_id)}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with held(settings, "scheduler"):  # its workers go on
        assert client.wait_for_question(ROLLBACK, run_id, "ask", 60, time.sleep)
        ben.answer(ROLLBACK, run_id, "ask", "Leave the champion as it is", {"why": "on purpose"})
    assert end(client, ROLLBACK, run_id)[0] == "success"
    [asked] = [one for one in client.tasks(ROLLBACK, run_id) if one["task_id"] == "ask"]
    assert (asked["state"], asked["try_number"]) == ("success", 1)
    assert champion(settings) == LATER


@pytest.mark.usefixtures("two_versions")
def test_earlier_model_is_back_on_a_word_and_a_second_rollback_is_told(
    client: AirflowClient, ben: AirflowClient, settings: Settings
) -> None:
    runs = [start(client, ROLLBACK, {"why": f"misread dates, {n}"}) for n in ("ada", "cy")]
    shown = client._call(
        "GET", f"/api/v2/dags/{ROLLBACK}/dagRuns/{runs[0]}/taskInstances/ask/-1/hitlDetails"
    )
    assert shown["subject"] == "receipts: back to version 1 from version 2?"
    assert "golden rows" in shown["body"] and "misread dates, ada" in shown["body"]
    assert shown["params"]["why"]["value"] == "misread dates, ada"
    assert [user["id"] for user in shown["assigned_users"]] == ["ben", "ada"]
    ben.answer(ROLLBACK, runs[0], "ask", "Roll back", {"why": "misread dates"})
    assert end(client, ROLLBACK, runs[0])[0] == "success"
    assert champion(settings) == EARLIER
    assert (rows(settings)[-1].kind, rows(settings)[-1].via) == ("rollback", "ui")

    ben.answer(ROLLBACK, runs[1], "ask", "Roll back", {"why": "misread dates, again"})
    events = list(client.follow(ROLLBACK, runs[1], time.sleep))
    assert events[-1]["state"] == "failed"
    [error] = [one["error"] for one in events if one.get("error")]
    assert "ben made version 1 the champion" in error and "roll back anew" in error
    assert len(rows(settings)) == 3


@pytest.mark.usefixtures("two_versions")
def test_form_and_preflight_refuse_in_sentences(
    client: AirflowClient, millrace: Millrace, settings: Settings
) -> None:
    bare = millrace("run", "rollback", "receipts")
    assert bare.returncode == 5 and "why" in bare.stderr
    run = millrace("run", "rollback", "receipts", "--param", "why=worse", "--param", "version=1")
    assert run.returncode == 1
    assert "ask: version 1 is the champion of receipts already" in run.stderr
    assert len(rows(settings)) == 3


@pytest.mark.usefixtures("two_versions")
def test_drill_earlier_model_answers_within_ten_seconds_of_the_word(
    millrace: Millrace, settings: Settings
) -> None:
    put(settings, LATER, against=EARLIER)
    said = millrace("approve", "receipts", "2", "--as", "ben", "--why", "for the drill")
    assert said.returncode == 0 and champion(settings) == LATER, said.stderr
    begun, cpu = time.monotonic(), cpu_of_children()
    back = millrace("rollback", "receipts", "--as", "ben", "--why", "the drill")
    registry = Registry.open(settings)
    artefact = registry.load(registry.resolve("receipts", "champion"))
    assert predict(artefact, receipts(1, seed=3)).num_rows == 1
    seconds, cpu = time.monotonic() - begun, cpu_of_children() - cpu
    assert back.returncode == 0 and champion(settings) == EARLIER, back.stdout + back.stderr
    # On a machine that does much else the wall clock measures that: CPU seconds do not.
    assert min(seconds, cpu) < 10, f"{seconds:.1f} s, {cpu:.1f} CPU-s from the word to the answer"


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
