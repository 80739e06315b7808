"""Acts of raffles that need two people; when the first ticket of a raffle was had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "raffle_acts"
down_revision = "untold_wishes"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def text(name: str, length: int = 31, nullable: bool = False) -> sa.Column[str]:
    collated = sa.VARCHAR(length, collation="C")
    kind = sa.String(length).with_variant(collated, "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    first = sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("raffle", first)
    op.create_table(
        "raffle_act",
        text("id"),
        text("raffle_id"),
        text("kind", 20),
        sa.Column("details", JSON, nullable=False),
        text("asked_by", 80),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        text("approved_by", 80, nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_raffle_act_approved")
        ),
        sa.CheckConstraint("approved_by <> asked_by", name=op.f("ck_raffle_act_two_people")),
        sa.ForeignKeyConstraint(["raffle_id"], ["raffle.id"], name=op.f("fk_raffle_act_raffle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raffle_act")),
    )
    op.create_index("ix_raffle_act_raffle", "raffle_act", ["raffle_id", "id"])


def downgrade() -> None:
    op.drop_table("raffle_act")
    op.drop_column("raffle", "entered_at")
