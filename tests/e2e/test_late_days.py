"""Days are filled in afterwards with Airflow's own command."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from factories.spans import assert_job_is_below_its_task

from pipelines.contracts import names
from pipelines.lake.lake import Lake
from pipelines.samples.receipts import generate
from pipelines.services.airflow_client import AirflowClient
from pipelines.services.environment import full_environment
from pipelines.settings import Settings

pytestmark = pytest.mark.services

Millrace = Callable[..., subprocess.CompletedProcess[str]]

DAG = "ingest__receipts"


def test_backfill_publishes_each_day_once(
    client: AirflowClient, live_home: Path, tmp_path: Path
) -> None:
    sample = tmp_path / "late.jsonl"
    generate(12, 5, sample, start=date(2026, 3, 1), days=3)
    inbox = live_home / "landing" / "receipts" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "late.jsonl").write_text(_unlabelled(sample))
    os.utime(inbox / "late.jsonl", (1, 1))
    settings = Settings(home=live_home)
    lake, table = Lake.open(settings), names.published_table("receipts")
    before = (
        set(lake.read(table, columns=["day"])["day"].to_pylist()) if lake.exists(table) else set()
    )

    client.wait_for_dag(DAG, timeout_seconds=90)
    done = _backfill(full_environment(settings))
    assert done.returncode == 0, done.stdout + done.stderr
    runs = _wait(client)
    assert [run["state"] for run in runs] == ["success"] * 3
    assert _days(lake, table) - before == {"2026-03-01", "2026-03-02", "2026-03-03"}
    assert_job_is_below_its_task(live_home, DAG, "publish", "ingest")


def _unlabelled(sample: Path) -> str:
    """Nobody has typed their fields: they start no training, and are put to review."""
    rows = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines()]
    return "".join(json.dumps(row | {"fields": None}) + "\n" for row in rows)


def _backfill(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Airflow's own command. On the embedded SQLite the scheduler's writes may get in between;
    then nothing was created, and the command is given again, as the runbook says."""
    command = [
        *(sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", DAG),
        *("--from-date", "2026-03-01", "--to-date", "2026-03-03"),
    ]
    for _ in range(8):
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        if "database is locked" not in done.stdout + done.stderr:
            break
    return done


def _days(lake: Lake, table: str) -> set[str]:
    return set(lake.read(table, columns=["day"])["day"].to_pylist())


def _wait(client: AirflowClient) -> list[dict]:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        runs = [run for run in client.runs(DAG) if run["run_type"] == "backfill"]
        if runs and all(run["state"] in {"success", "failed"} for run in runs):
            return runs
        time.sleep(1)
    raise AssertionError("the back-fill did not end within 240 s")


def test_run_with_nothing_to_do_says_why_its_task_was_skipped(millrace: Millrace) -> None:
    idle = millrace("run", "ingest", "receipts")
    assert idle.returncode == 0, idle.stdout + idle.stderr
    assert "land skipped: no day of receipts has new or changed files" in idle.stdout


def test_failure_of_a_run_is_told_where_it_was_started(millrace: Millrace) -> None:
    failed = millrace("run", "train", "receipts", "--param", "snapshot_id=1")
    assert failed.returncode == 1
    assert "has no snapshot 1" in failed.stderr
    refused = millrace("run", "train", "receipts", "--param", "sed=11")
    assert refused.returncode != 0
    assert "no parameter sed; known: snapshot_id, seed" in refused.stderr.replace("\n", " ")
