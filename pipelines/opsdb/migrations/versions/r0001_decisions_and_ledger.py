"""Requests, decisions, and the ledger with its head; decisions and ledger are append-only."""

import sqlalchemy as sa
from alembic import op

from pipelines.opsdb.migrations import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_APPEND_ONLY = ("decision", "ledger")


def upgrade() -> None:
    """Makes the tables and the triggers."""
    op.create_table(
        "decision_request",
        sa.Column("request_id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("champion", sa.Integer),
        sa.Column("author", sa.String(63), nullable=False),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.Column("comparison", sa.JSON, nullable=False),
        sa.Column("evidence_hash", sa.String(64), nullable=False),
        sa.Column("evidence_dir", sa.Text, nullable=False),
        sa.Column("artefact_hash", sa.String(64), nullable=False),
        sa.Column("requested_at", sa.String(27), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("note", sa.Text),
        sa.UniqueConstraint("model", "version", "evidence_hash"),
    )
    op.create_table(
        "decision",
        sa.Column(
            "request_id",
            sa.Integer,
            sa.ForeignKey("decision_request.request_id"),
            primary_key=True,
        ),
        sa.Column("model", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("choice", sa.String(8), nullable=False),
        sa.Column("person", sa.String(63), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("via", sa.String(8), nullable=False),
        sa.Column("os_user", sa.Text),
        sa.Column("override", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.create_table(
        "ledger",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("model", sa.String(63), nullable=False, index=True),
        sa.Column("from_version", sa.Integer),
        sa.Column("to_version", sa.Integer, nullable=False),
        sa.Column("person", sa.String(63), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("via", sa.String(8), nullable=False),
        sa.Column("os_user", sa.Text),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column(
            "request_id", sa.Integer, sa.ForeignKey("decision_request.request_id"), unique=True
        ),
        sa.Column("evidence_hash", sa.String(64)),
        sa.Column("artefact_hash", sa.String(64), nullable=False),
        sa.Column("code_revision", sa.String(64), nullable=False),
        sa.Column("lock_hash", sa.String(64), nullable=False),
        sa.Column("snapshots", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    head = op.create_table(
        "ledger_head",
        sa.Column("head_id", sa.Integer, primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"head_id": 1, "sequence": 0, "hash": _GENESIS}])
    append_only.prepare()
    append_only.guard(_APPEND_ONLY)
