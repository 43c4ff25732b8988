"""Runs and attempts on record, and what their results say of rows and cost."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.contracts.result import IngestResult, ScoredVersion, ScoreResult
from pipelines.contracts.telemetry import DagRun, Rows, StepRun
from pipelines.opsdb import steps
from pipelines.settings import Settings
from pipelines.telemetry.rows import cost_of, rows_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def step(number: int = 0, **given) -> StepRun:
    """A scoring that went well, `number` hours after noon."""
    start = NOON + timedelta(hours=number)
    content = {
        "dag_id": "score__cards", "run_id": f"run {number}", "task_id": "score", "try_number": 1,
        "state": "success", "started_at": start, "ended_at": start + timedelta(seconds=60),
        "cost": 1.0,
    }  # fmt: skip
    return StepRun.model_validate(content | given)


def run(**given) -> DagRun:
    content = {
        "dag_id": "score__cards", "run_id": "run 0", "state": "running", "started_at": NOON,
        "ended_at": None,
    }  # fmt: skip
    return DagRun.model_validate(content | given)


def test_attempt_is_kept_once_however_often_it_is_told(opsdb):
    with opsdb.write() as session:
        assert steps.record_step(session, step())
        assert not steps.record_step(session, step(cost=9.0))
        assert steps.record_step(session, step(try_number=2))
        assert not steps.record_step(session, step(dag_id="foreign"))
    with opsdb.read() as session:
        found = [one for _, one in steps.after(session, 0)]
    assert [(one.try_number, one.cost) for one in found] == [(1, 1.0), (2, 1.0)]


def test_history_has_the_newest_good_attempts_of_each_task(opsdb):
    with opsdb.write() as session:
        for number in range(5):
            steps.record_step(session, step(number, rows_in=5_000_000_000))
        steps.record_step(session, step(1, task_id="choose"))
        steps.record_step(session, step(3, run_id="bad", state="failed"))
        steps.record_step(session, step(7, dag_id="score__others"))
    with opsdb.read() as session:
        found = steps.history(
            session, "score", "cards", until=NOON + timedelta(hours=3, seconds=60), limit=2
        )
    assert [one.run_id for one in found["score"]] == ["run 2", "run 3"]
    assert found["score"][0].rows_in == 5_000_000_000
    assert list(found) == ["choose", "score"]


def test_run_that_ended_stays_ended_and_a_cleared_one_is_another(opsdb):
    ended = NOON + timedelta(minutes=5)
    with opsdb.write() as session:
        steps.record_run(session, run())
        steps.record_run(session, run(state="success", ended_at=ended))
        assert not steps.record_run(session, run(state="failed", ended_at=ended))
        later = NOON + timedelta(days=1)
        steps.record_run(session, run(started_at=later))
    with opsdb.read() as session:
        assert sorted(steps.runs_by_state(session)) == [
            ("score", "cards", "running", 1, 0.0), ("score", "cards", "success", 1, 300.0)
        ]  # fmt: skip
        assert steps.last_good(session) == {("score", "cards"): ended}


def test_rows_are_read_from_every_result_that_has_them():
    ingested = IngestResult(
        dataset="d", days=["2026-01-01"], table="t", snapshot_id=1, changed=True, rows_in=9,
        rows_published=7, rows_quarantined=2, quarantine_reasons={}, warnings={}, data_docs=None,
    )  # fmt: skip
    version = {
        "version": 1, "role": "champion", "days": 1, "rows_in": 5, "rows_scored": 4,
        "rows_refused": 1, "rows_added": 4, "rows_removed": 0,
    }  # fmt: skip
    scored = ScoreResult(
        model="m", table="t", snapshot_id=1, input_snapshot_id=1, changed=True, refused={},
        versions=[ScoredVersion.model_validate(version)] * 2,
    )  # fmt: skip
    landed = {"landed": {"files": 1, "rows": 3, "unreadable": 1}, "days": []}
    assert rows_of(ingested.to_xcom()) == Rows(rows_in=9, rows_out=7, rows_quarantined=2)
    assert rows_of(scored.to_xcom()) == Rows(rows_in=10, rows_out=8, rows_quarantined=2)
    assert rows_of(landed) == Rows(rows_in=3, rows_out=3, rows_quarantined=1)
    assert rows_of({"rows_train": 80, "rows_test": 20}) == Rows(rows_in=80)
    assert rows_of(None) == rows_of("text") == rows_of([1]) == Rows()


@pytest.mark.parametrize(
    ("result", "cost"),
    [({"cost": 2}, 2.0), ({}, 3.0), (None, 3.0), ({"cost": True}, 3.0), ({"cost": -1}, 3.0)],
)
def test_cost_is_the_steps_own_word_else_its_seconds(result, cost, tmp_path):
    assert cost_of(result, 1_800, Settings(home=tmp_path, compute_cost_per_hour=6)) == cost
