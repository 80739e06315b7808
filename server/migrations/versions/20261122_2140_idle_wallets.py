"""Points that expire for want of a purchase, and dates that were moved by a change of policies.

The first is an instant of the wallet, not of each lot. A lot keeps the date it was opened with.
"""

import sqlalchemy as sa
from alembic import op

revision = "idle_wallets"
down_revision = "fact_counts"
branch_labels = None
depends_on = None

NEW = {"wallet": ("idle_at", "idled_at"), "lot": ("redated_at", "first_expires_at")}
IDLING = sa.text("idle_at IS NOT NULL")


def upgrade() -> None:
    for table, names in NEW.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_wallet_idle", "wallet", ["idle_at"], postgresql_where=IDLING, sqlite_where=IDLING
    )


def downgrade() -> None:
    op.drop_index("ix_wallet_idle", "wallet")
    for table, names in NEW.items():
        with op.batch_alter_table(table) as batch_op:
            for name in names:
                batch_op.drop_column(name)
