"""Airflow's SQLite, in which one writes at a time."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.services.airflow_client import AirflowClient
from pipelines.services.embedded import API_LOCK_SECONDS

pytestmark = pytest.mark.services

DAG = "ingest__card_transactions"


def test_a_request_is_made_again_when_the_database_was_locked(
    client: AirflowClient, live_home: Path
) -> None:
    """The API must not wait half a minute: it answers nobody meanwhile."""
    locked = threading.Event()

    def write() -> None:
        file = live_home / "airflow" / "airflow.db"
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as other:
            other.execute("begin immediate")
            locked.set()
            time.sleep(API_LOCK_SECONDS + 1)
            other.execute("rollback")

    writer = threading.Thread(target=write)
    writer.start()
    assert locked.wait(60)
    began = time.monotonic()
    client.hold(DAG, True)
    took = time.monotonic() - began
    writer.join()
    client.hold(DAG, False)
    assert API_LOCK_SECONDS <= took < 2 * API_LOCK_SECONDS + 5
