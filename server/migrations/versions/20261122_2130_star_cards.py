"""Star cards that were exchanged."""

import sqlalchemy as sa
from alembic import op

revision = "star_cards"
down_revision = "nights"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
OWNERS = {"member_id": "member", "card_id": "definition", "transfer_id": "transfer"}


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "star_card_claim",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("card_id", code(31), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stars", AMOUNT, nullable=False),
        sa.Column("transfer_id", code(31), nullable=False),
        sa.Column("actor", code(80), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars > 0", name=op.f("ck_star_card_claim_stars")),
        sa.CheckConstraint("number > 0", name=op.f("ck_star_card_claim_number")),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{table}.id"], name=op.f(f"fk_star_card_claim_{name}")
            )
            for name, table in OWNERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_star_card_claim")),
        sa.UniqueConstraint(
            "member_id",
            "card_id",
            "number",
            name=op.f("uq_star_card_claim_member_id_card_id_number"),
        ),
    )


def downgrade() -> None:
    op.drop_table("star_card_claim")
