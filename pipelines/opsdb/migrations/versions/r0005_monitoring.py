"""Calibrations, judged windows, incidents with what was told of them, and the breaker's log."""

import sqlalchemy as sa
from alembic import op

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
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


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


def _triggers(dialect: str) -> list[str]:
    """Triggers that refuse to change or remove a row that was written."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in _APPEND_ONLY
            for what in ("UPDATE", "DELETE")
        ]
    # The function is of the first migration.
    return [
        f"CREATE TRIGGER {table}_no_{name} BEFORE {what} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION millrace_append_only()"
        for table in _APPEND_ONLY
        for name, what, each in (
            ("change", "UPDATE OR DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        )
    ]
