"""The real scheduler and triggerer die while corrections wait; `make torture` kills them more."""

import pytest

from benchmarks import torture_airflow
from benchmarks.torture_engines import ENGINES

pytestmark = pytest.mark.services


@pytest.mark.parametrize("engine", ENGINES)
def test_corrections_start_one_training_when_scheduler_and_triggerer_are_killed(
    engine: str,
) -> None:
    seen, faults = torture_airflow.torture(kills=2, seed=3, engine=engine, training=False)
    assert faults == []
    assert (seen["killed scheduler"], seen["killed triggerer"]) == (1, 1)
    assert seen["batches"] == seen["requests taken"] == seen["rounds"] > 0
    assert seen["trainings skipped"] > 0, "the event that came once more"
