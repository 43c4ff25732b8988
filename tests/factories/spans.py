"""Spans that a home has kept."""

import json
from pathlib import Path
from typing import Any

from pipelines.telemetry import trace


def of_dag(home: Path, dag_id: str) -> list[dict[str, Any]]:
    """Spans of all runs of a DAG, as they were written."""
    lines = (home / "telemetry" / trace.FILE).read_text().splitlines()
    spans = [json.loads(line) for line in lines]
    runs = {
        one["context"]["trace_id"] for one in spans if one["attributes"].get("dag_id") == dag_id
    }
    return [one for one in spans if one["context"]["trace_id"] in runs]


def assert_job_is_below_its_task(home: Path, dag_id: str, task_id: str, job: str) -> None:
    """A Spark job of the DAG has its task as parent, and the task its run."""
    spans = of_dag(home, dag_id)
    (done, *_) = [one for one in spans if one["name"] == f"spark.{job}"]
    by_id = {one["context"]["span_id"]: one for one in spans}
    task = by_id[done["parent_id"]]
    assert task["name"] == f"{dag_id}.{task_id}"
    assert by_id[task["parent_id"]]["name"] == dag_id
