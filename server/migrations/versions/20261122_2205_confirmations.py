"""Purchases whose points wait until somebody confirms them."""

import sqlalchemy as sa
from alembic import op

revision = "confirmations"
down_revision = "challenges_and_streaks"
branch_labels = None
depends_on = None

NAMES = ("confirm_by_at", "confirmed_at")
AWAITED = sa.text("confirm_by_at IS NOT NULL AND confirmed_at IS NULL")


def upgrade() -> None:
    for name in NAMES:
        op.add_column("activity", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_activity_unconfirmed",
        "activity",
        ["confirm_by_at"],
        postgresql_where=AWAITED,
        sqlite_where=AWAITED,
    )


def downgrade() -> None:
    op.drop_index("ix_activity_unconfirmed", "activity")
    with op.batch_alter_table("activity") as batch_op:
        for name in reversed(NAMES):
            batch_op.drop_column(name)
