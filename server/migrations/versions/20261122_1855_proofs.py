"""Numbered checkpoints with the heads they saw, grace lots that name their origin, tier floors."""

import sqlalchemy as sa
from alembic import op

revision = "proofs"
down_revision = "mail"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.drop_table("checkpoint")
    op.create_table(
        "checkpoint",
        sa.Column("id", code(31), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("wallets", sa.Integer(), nullable=False),
        sa.Column("root", code(64), nullable=False),
        sa.Column("previous_root", code(64), nullable=False),
        sa.Column("public_key", code(64), nullable=False),
        sa.Column("signature", code(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
        sa.UniqueConstraint("number", name=op.f("uq_checkpoint_number")),
    )
    op.create_table(
        "checkpoint_head",
        sa.Column("wallet_id", code(31), nullable=False),
        sa.Column("version", AMOUNT, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_hash", code(64), nullable=False),
        sa.PrimaryKeyConstraint("wallet_id", "version", name=op.f("pk_checkpoint_head")),
    )
    op.create_index("ix_checkpoint_head_number", "checkpoint_head", ["number"])
    op.add_column("lot", sa.Column("replaces_id", code(31), nullable=True))
    with op.batch_alter_table("member_tier") as batch_op:
        batch_op.add_column(sa.Column("floor_id", code(31), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_member_tier_floor_id"), "tier", ["floor_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("member_tier") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_member_tier_floor_id"), type_="foreignkey")
        batch_op.drop_column("floor_id")
    op.drop_column("lot", "replaces_id")
    op.drop_table("checkpoint_head")
    op.drop_table("checkpoint")
    op.create_table(
        "checkpoint",
        sa.Column("id", code(31), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("wallets", sa.Integer(), nullable=False),
        sa.Column("root", code(64), nullable=False),
        sa.Column("heads", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", code(64), nullable=False),
        sa.Column("signature", code(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
    )
