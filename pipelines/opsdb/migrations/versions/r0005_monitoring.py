"""Calibrations, judged windows, incidents with what was told of them, and the breaker's log."""

import sqlalchemy as sa
from alembic import op

from pipelines.opsdb.migrations import append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("calibration", "incident_transition", "breaker")


def upgrade() -> None:
    """Makes the tables and the triggers."""
    _windows()
    _incidents()
    op.create_table(
        "breaker",
        sa.Column("row_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("person", sa.String(63), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    append_only.guard(_APPEND_ONLY)


def _windows() -> None:
    op.create_table(
        "calibration",
        sa.Column("calibration_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
    )
    op.create_table(
        "judged_window",
        sa.Column("model", sa.String(63), primary_key=True),
        sa.Column("window", sa.String(10), primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.Column("signals", sa.JSON, nullable=False),
        sa.Column("judged_at", sa.String(27), nullable=False),
        sa.Column("report", sa.Text),
    )


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("incident_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("last", sa.String(10), nullable=False),
        sa.Column("opened_at", sa.String(27), nullable=False),
        sa.Column("closed_at", sa.String(27)),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("causes", sa.JSON, nullable=False),
        sa.Column("moved", sa.JSON, nullable=False),
        sa.Column("request_id", sa.Integer, sa.ForeignKey("retrain_request.request_id")),
        sa.Column("follows", sa.Text, nullable=False),
        sa.Column("labels_missing", sa.Integer),
    )
    op.create_index("incident_history", "incident", ["model", "since"])
    still = sa.text("closed_at is null")
    op.create_index(
        "incident_one_open",
        "incident",
        ["model", "kind"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
    op.create_table(
        "incident_transition",
        sa.Column("transition_id", sa.Integer, primary_key=True),
        sa.Column(
            "incident_id",
            sa.Integer,
            sa.ForeignKey("incident.incident_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("window", sa.String(10), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("causes", sa.JSON, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        # An incident opens once, closes once, and gets worse once in a window.
        sa.UniqueConstraint("incident_id", "what", "window"),
    )
    op.create_table(
        "incident_delivery",
        sa.Column(
            "transition_id",
            sa.Integer,
            sa.ForeignKey("incident_transition.transition_id"),
            primary_key=True,
        ),
        sa.Column("channel", sa.String(63), primary_key=True),
        sa.Column("claimed_at", sa.String(27), nullable=False),
        sa.Column("delivered_at", sa.String(27)),
        sa.Column("note", sa.Text),
    )
