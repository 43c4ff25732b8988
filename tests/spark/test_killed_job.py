"""A job that is killed leaves nothing half done, and its retry does the work once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from factories import scoring
from factories.landed import DAY, land, rows, unreadable
from pyspark.sql import functions as F

from pipelines.contracts import names
from pipelines.contracts.result import IngestResult
from pipelines.errors import TransientError
from pipelines.lake.lake import Lake
from pipelines.settings import PROJECT_ROOT, Settings
from spark_jobs import ingest
from spark_jobs.commit import replace

pytestmark = pytest.mark.spark
DATASET = "receipts"  # other processes know the project's own data sets alone
PUBLISHED, QUARANTINE = names.published_table(DATASET), names.quarantine_table(DATASET)


def start(settings: Settings, result) -> subprocess.Popen:
    job = PROJECT_ROOT / "spark_jobs" / "ingest.py"
    arguments = ["--dataset", DATASET, "--days", DAY, "--token", "one", "--result", str(result)]
    variables = os.environ | {
        "MILLRACE_HOME": str(settings.home),
        "MILLRACE_SPARK_REMOTE": str(settings.spark_remote),
    }
    return subprocess.Popen([sys.executable, str(job), *arguments], env=variables)


def kill_when(process: subprocess.Popen, happened) -> None:
    until = time.monotonic() + 120
    while not happened() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)


def test_ingest_does_its_work_once_when_killed_and_run_again(spark_settings, tmp_path):
    for table in (PUBLISHED, QUARANTINE):  # another file may have filled them
        scoring.clear(spark_settings, table)
    land(spark_settings, DATASET, [*rows(20), unreadable(99)])
    lake = Lake.open(spark_settings)
    published, refused = lake.current_snapshot(PUBLISHED), lake.current_snapshot(QUARANTINE)
    commits = len(lake.history(PUBLISHED))
    note = spark_settings.runs / "locks" / "one.session"
    result = tmp_path / "result.json"

    kill_when(start(spark_settings, result), note.is_file)  # Spark has just been asked
    assert lake.current_snapshot(PUBLISHED) == published
    kill_when(start(spark_settings, result), lambda: lake.current_snapshot(QUARANTINE) != refused)
    assert not result.exists()
    visible = lake.read(PUBLISHED).num_rows if lake.exists(PUBLISHED) else 0
    assert visible in {0, 20}  # the kill may come just after the commit
    twins = [start(spark_settings, tmp_path / f"{number}.json") for number in range(2)]
    assert [twin.wait(timeout=180) for twin in twins] == [0, 0]

    found = [
        IngestResult.model_validate_json((tmp_path / f"{number}.json").read_bytes())
        for number in range(2)
    ]
    assert len(lake.history(PUBLISHED)) == commits + 1
    assert {one.snapshot_id for one in found} == {lake.current_snapshot(PUBLISHED)}
    # Whoever committed may have died before it could say so: each try of the task says it.
    assert all(one.changed for one in found)
    assert lake.read(PUBLISHED).num_rows == 20
    assert lake.read(QUARANTINE)[names.SOURCE_LINE].to_pylist() == [99]
    assert (found[0].rows_in, found[0].rows_published, found[0].rows_quarantined) == (21, 20, 1)


def test_commit_is_refused_when_another_came_first(spark_settings, dataset, spark):
    name = dataset("raced")
    land(spark_settings, name, rows(2))
    ingest.run(name, [DAY], "raced-1", spark_settings)
    lake, table = Lake.open(spark_settings), names.published_table(name)
    base = lake.current_snapshot(table)
    stale = spark.read.table(f"lake.{table}").limit(1)
    replace(stale, table, F.col(names.DAY) == DAY, base=base)
    newest = lake.current_snapshot(table)

    with pytest.raises(TransientError, match="another attempt wrote"):
        replace(stale, table, F.col(names.DAY) == DAY, base=base)

    assert lake.current_snapshot(table) == newest != base
    assert lake.read(table).num_rows == 1
