"""Who asked for a one-time code, as a keyed hash: limits are for each address and requester."""

import sqlalchemy as sa
from alembic import op

revision = "code_requesters"
down_revision = "partners_apart"
branch_labels = None
depends_on = None

INDEX = sa.String(64).with_variant(sa.VARCHAR(64, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("otp_challenge", sa.Column("requester_index", INDEX, nullable=True))


def downgrade() -> None:
    op.drop_column("otp_challenge", "requester_index")
