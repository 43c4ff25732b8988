"""Tables of runs and attempts as typed classes."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.opsdb.tables import Base, UtcTime


class _OfRun:
    """Columns that name a run."""

    dag_id: Mapped[str] = mapped_column(String(250))
    family: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    run_id: Mapped[str] = mapped_column(String(250))


class DagRunRow(_OfRun, Base):
    """One run of a DAG; a cleared run has another start and so another row."""

    __tablename__ = "dag_run"
    __table_args__ = (
        UniqueConstraint("dag_id", "run_id", "started_at"),
        Index("dag_run_state", "family", "name", "state", "ended_at"),
    )

    dag_run_id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seconds: Mapped[float | None]


class StepRunRow(_OfRun, Base):
    """One attempt of a task that ended; append-only."""

    __tablename__ = "step_run"
    __table_args__ = (
        UniqueConstraint("dag_id", "run_id", "task_id", "map_index", "try_number"),
        Index("step_run_history", "family", "name", "task_id", "ended_at"),
    )

    step_run_id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(250))
    map_index: Mapped[int]
    try_number: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime] = mapped_column(UtcTime)
    rows_in: Mapped[int | None]
    rows_out: Mapped[int | None]
    rows_quarantined: Mapped[int | None]
    cost: Mapped[float]
