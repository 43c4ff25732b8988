"""Review tasks, corrections, batches and retrain requests; what was said stays as it was said."""

import sqlalchemy as sa
from alembic import op

from pipelines.opsdb.migrations import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("correction", "batch", "batch_correction", "reviewer_standing")


def upgrade() -> None:
    """Makes the tables and the triggers."""
    _review()
    _requests()
    _corrections()
    append_only.guard(_APPEND_ONLY)


def _review() -> None:
    op.create_table(
        "review_task",
        sa.Column("task_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False),
        sa.Column("model_version", sa.Integer, nullable=False),
        sa.Column("document_id", sa.String(256), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("predictions", sa.JSON, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(10), nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("priority", sa.Double, nullable=False),
        sa.Column("chance", sa.Double),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("leased_by", sa.String(63)),
        sa.Column("leased_until", sa.String(27)),
        sa.Column("reviewer", sa.String(63)),
        sa.Column("finished_at", sa.String(27)),
        sa.UniqueConstraint("model", "content_hash", "stage"),
    )
    op.create_index("review_task_queue", "review_task", ["model", "state", "stage", "priority"])
    op.create_index("review_task_reviewer", "review_task", ["reviewer", "finished_at"])
    op.create_index("review_task_document", "review_task", ["model", "document_id"])
    op.create_table(
        "review_draft",
        sa.Column("task_id", sa.Integer, sa.ForeignKey("review_task.task_id"), primary_key=True),
        sa.Column("reviewer", sa.String(63), primary_key=True),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("saved_at", sa.String(27), nullable=False),
    )
    op.create_table(
        "reviewer_standing",
        sa.Column("standing_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("reviewer", sa.String(63), nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("by", sa.String(63), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )


def _requests() -> None:
    # The row whose lock every writer of a model's corrections, batches and requests takes.
    op.create_table("model_lock", sa.Column("model", sa.String(63), primary_key=True))
    op.create_table(
        "retrain_request",
        sa.Column("request_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("requested_at", sa.String(27), nullable=False),
        sa.Column("run_id", sa.String(250), index=True),
        sa.Column("started_at", sa.String(27)),
        sa.Column("labels_until", sa.Integer),
        sa.Column("finished_at", sa.String(27)),
        sa.Column("version", sa.Integer),
        sa.Column("cost", sa.Double),
        sa.Column("merged_into", sa.Integer, sa.ForeignKey("retrain_request.request_id")),
        sa.Column("note", sa.Text),
    )
    for state in ("open", "running"):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f"retrain_request_one_{state}",
            "retrain_request",
            ["model"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_table(
        "retrain_reason",
        sa.Column("reason_id", sa.Integer, primary_key=True),
        sa.Column(
            "request_id",
            sa.Integer,
            sa.ForeignKey("retrain_request.request_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("model", sa.String(63), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("person", sa.String(63), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.UniqueConstraint("model", "key"),
    )


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("document_id", sa.String(256), nullable=False),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("field", sa.String(63), nullable=False),
        sa.Column("model_version", sa.Integer),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("boxes", sa.JSON, nullable=False),
        sa.Column("reviewer", sa.String(63), nullable=False, index=True),
        sa.Column("task_id", sa.Integer, sa.ForeignKey("review_task.task_id"), index=True),
        sa.Column("adjudicates", sa.Boolean, nullable=False),
        sa.Column("undoes", sa.Integer, sa.ForeignKey("correction.correction_id"), unique=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.UniqueConstraint("model", "key"),
    )
    op.create_index("correction_item", "correction", ["model", "document_id", "field"])
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column(
            "request_id",
            sa.Integer,
            sa.ForeignKey("retrain_request.request_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("counted", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("claimed_at", sa.String(27), nullable=False),
        sa.UniqueConstraint("model", "key"),
    )
    op.create_table(
        "batch_correction",
        sa.Column("model", sa.String(63), primary_key=True),
        sa.Column(
            "correction_id",
            sa.Integer,
            sa.ForeignKey("correction.correction_id"),
            primary_key=True,
        ),
        sa.Column(
            "batch_id", sa.Integer, sa.ForeignKey("batch.batch_id"), nullable=False, index=True
        ),
    )
    op.create_table(
        "golden_proposal",
        sa.Column("proposal_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("document_id", sa.String(256), nullable=False),
        sa.Column("field", sa.String(63), nullable=False),
        sa.Column(
            "correction_id",
            sa.Integer,
            sa.ForeignKey("correction.correction_id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("after", sa.Text),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("reviewer", sa.String(63), nullable=False),
        sa.Column("proposed_at", sa.String(27), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("decided_by", sa.String(63)),
        sa.Column("why", sa.Text),
        sa.Column("decided_at", sa.String(27)),
    )
