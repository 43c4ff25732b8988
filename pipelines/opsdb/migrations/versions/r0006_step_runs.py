"""Runs of DAGs and attempts of tasks, with their times, rows and costs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "dag_run",
        sa.Column("dag_run_id", sa.Integer, primary_key=True),
        *_names(),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27)),
        sa.Column("seconds", sa.Float),
        sa.UniqueConstraint("dag_id", "run_id", "started_at"),
    )
    op.create_index("dag_run_state", "dag_run", ["family", "name", "state", "ended_at"])
    op.create_table(
        "step_run",
        sa.Column("step_run_id", sa.Integer, primary_key=True),
        *_names(),
        sa.Column("task_id", sa.String(250), nullable=False),
        sa.Column("map_index", sa.Integer, nullable=False),
        sa.Column("try_number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=False),
        *(
            # A scored table has more rows than four bytes count.
            sa.Column(name, sa.BigInteger)
            for name in ("rows_in", "rows_out", "rows_quarantined")
        ),
        sa.Column("cost", sa.Float, nullable=False),
        sa.UniqueConstraint("dag_id", "run_id", "task_id", "map_index", "try_number"),
    )
    op.create_index("step_run_history", "step_run", ["family", "name", "task_id", "ended_at"])


def _names() -> list[sa.Column]:
    return [
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("family", sa.String(63), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("run_id", sa.String(250), nullable=False),
    ]
