"""The mark of the secret that the database belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "secret_mark"
down_revision = "rewards"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FINGERPRINT = sa.String(64).with_variant(sa.VARCHAR(64, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "secret_mark",
        sa.Column("single", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", FINGERPRINT, nullable=False),
        sa.Column("marked_at", INSTANT, nullable=False),
        sa.CheckConstraint("single = 1", name=op.f("ck_secret_mark_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_secret_mark")),
    )


def downgrade() -> None:
    op.drop_table("secret_mark")
