"""Wishes of which nothing was said yet are found by their reward."""

import sqlalchemy as sa
from alembic import op

revision = "untold_wishes"
down_revision = "local_chain"
branch_labels = None
depends_on = None

UNTOLD = sa.text("told_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_reward_wish_untold",
        "reward_wish",
        ["reward_id", "member_id"],
        postgresql_where=UNTOLD,
        sqlite_where=UNTOLD,
    )


def downgrade() -> None:
    op.drop_index("ix_reward_wish_untold", "reward_wish")
