"""Pending lots are found by the instant at which they mature."""

import sqlalchemy as sa
from alembic import op

revision = "lots_by_maturity"
down_revision = "tier_periods"
branch_labels = None
depends_on = None

PENDING = sa.text("is_pending AND remaining > 0")


def upgrade() -> None:
    op.create_index(
        "ix_lot_maturing",
        "lot",
        ["available_at"],
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )


def downgrade() -> None:
    op.drop_index("ix_lot_maturing", "lot")
