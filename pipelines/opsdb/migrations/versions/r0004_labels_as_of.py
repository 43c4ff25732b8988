"""A request names who was held back when it was taken by a number, for clocks jump."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.add_column("retrain_request", sa.Column("standings_until", sa.Integer))
