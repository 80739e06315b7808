"""Points that one member gives another."""

import sqlalchemy as sa
from alembic import op

revision = "member_transfers"
down_revision = "raffles"
branch_labels = None
depends_on = None


def code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.VARCHAR(length, collation="C"), "postgresql")


AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "member_transfer",
        sa.Column("id", code(31), nullable=False),
        sa.Column("sender_id", code(31), nullable=False),
        sa.Column("recipient_id", code(31), nullable=False),
        sa.Column("unit", code(20), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_member_transfer_amount")),
        sa.CheckConstraint("sender_id <> recipient_id", name=op.f("ck_member_transfer_two")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["member.id"], name=op.f("fk_member_transfer_recipient_id")
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["member.id"], name=op.f("fk_member_transfer_sender_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_transfer")),
    )
    for side in ("sender", "recipient"):
        op.create_index(
            f"ix_member_transfer_{side}", "member_transfer", [f"{side}_id", "created_at", "id"]
        )


def downgrade() -> None:
    op.drop_table("member_transfer")
