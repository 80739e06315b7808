"""Freezes and tickets that were bought, by member and time, as the history reads them."""

import sqlalchemy as sa
from alembic import op

revision = "history_indexes"
down_revision = "messages"
branch_labels = None
depends_on = None

BOUGHT = sa.text("source = 'bought'")


def upgrade() -> None:
    op.create_index("ix_streak_freeze_member", "streak_freeze", ["member_id", "bought_at", "id"])
    op.create_index(
        "ix_raffle_entry_bought",
        "raffle_entry",
        ["member_id", "created_at", "id"],
        postgresql_where=BOUGHT,
        sqlite_where=BOUGHT,
    )


def downgrade() -> None:
    op.drop_index("ix_raffle_entry_bought", "raffle_entry")
    op.drop_index("ix_streak_freeze_member", "streak_freeze")
