"""Hash chains of the installation: randomness for draws without internet."""

import sqlalchemy as sa
from alembic import op

revision = "local_chain"
down_revision = "games"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "local_chain",
        sa.Column("id", _code(31), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("tail", _code(64), nullable=False),
        sa.Column("sealed_end", sa.Text(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "next_number BETWEEN 1 AND length + 1", name=op.f("ck_local_chain_next_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_chain")),
        sa.UniqueConstraint("tail", name=op.f("uq_local_chain_tail")),
    )


def downgrade() -> None:
    op.drop_table("local_chain")
