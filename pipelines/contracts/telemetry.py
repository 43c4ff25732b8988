"""What is kept of every run and every attempt of a task: its time, its rows and its cost."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

RunState = Literal["running", "success", "failed"]
StepState = Literal["success", "failed", "retry", "skipped"]
"""How an attempt ended; `retry` failed and is tried again."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DagRun(_Record):
    """One run of a DAG `family__name` from its start to its end; a cleared run starts anew."""

    dag_id: str
    run_id: str
    state: RunState
    started_at: AwareDatetime
    ended_at: AwareDatetime | None


class Rows(_Record):
    """Rows of one attempt, as its result says; None where it does not."""

    rows_in: int | None = None
    rows_out: int | None = None
    rows_quarantined: int | None = None


class StepRun(Rows):
    """One attempt of one task that ended."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int
    state: StepState
    started_at: AwareDatetime
    ended_at: AwareDatetime
    cost: float
    """In the unit of `Settings.compute_cost_per_hour`, or as the step itself says."""

    @property
    def seconds(self) -> float:
        """From start to end; of a task that waited for a person with the wait."""
        return max((self.ended_at - self.started_at).total_seconds(), 0.0)


def family_and_name(dag_id: str) -> tuple[str, str] | None:
    """Family, and model or data set, of one of our DAGs; None for a foreign one."""
    family, between, name = dag_id.partition("__")
    return (family, name) if between and family and name else None
