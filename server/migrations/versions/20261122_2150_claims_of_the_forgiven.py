"""What was forgiven to a return and claimed later, and what a return claimed."""

import sqlalchemy as sa
from alembic import op

revision = "claims_of_the_forgiven"
down_revision = "idle_wallets"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
NAMES = ("claimed", "points_claimed")


def upgrade() -> None:
    for name in NAMES:
        column = sa.Column(name, AMOUNT, nullable=False, server_default="0")
        op.add_column("activity_return", column)


def downgrade() -> None:
    for name in NAMES:
        op.drop_column("activity_return", name)
