"""The test clock of an installation in test mode."""

import sqlalchemy as sa
from alembic import op

revision = "test_clock"
down_revision = "claims_of_the_forgiven"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "test_clock",
        sa.Column("single", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("id", code(31), nullable=False),
        sa.Column("offset_us", AMOUNT, nullable=False),
        sa.Column("status", code(12), nullable=False),
        sa.Column("target_at", INSTANT, nullable=True),
        sa.Column("fired", JSON, nullable=False),
        sa.CheckConstraint("single = 1", name=op.f("ck_test_clock_single")),
        sa.CheckConstraint("status IN ('ready', 'advancing')", name=op.f("ck_test_clock_status")),
        sa.CheckConstraint(
            "(status = 'advancing') = (target_at IS NOT NULL)", name=op.f("ck_test_clock_target")
        ),
        sa.CheckConstraint("offset_us >= 0", name=op.f("ck_test_clock_offset")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_test_clock")),
    )


def downgrade() -> None:
    op.drop_table("test_clock")
