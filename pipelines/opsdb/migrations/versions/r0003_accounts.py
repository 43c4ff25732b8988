"""Accounts of reviewers, their sessions and attempts, and keys of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "review_user",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
    )
    op.create_table(
        "review_session",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "name", sa.String(63), sa.ForeignKey("review_user.name"), nullable=False, index=True
        ),
        sa.Column("expires_at", sa.String(27), nullable=False, index=True),
    )
    op.create_table(
        "review_attempt",
        sa.Column("attempt_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(63), nullable=False, index=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False, index=True),
    )
    op.create_index("ix_review_attempt_address", "review_attempt", ["address", "at"])
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("revoked_at", sa.String(27)),
    )
