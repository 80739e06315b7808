"""Greetings: since when they are given, and who was greeted for which day."""

import sqlalchemy as sa
from alembic import op

revision = "greetings"
down_revision = "test_clock"
branch_labels = None
depends_on = None

KINDS = "kind IN ('birthday', 'anniversary')"


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "greeting_start",
        sa.Column("kind", code(12), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_greeting_start_kind")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_greeting_start")),
    )
    op.create_table(
        "yearly_grant",
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("kind", code(12), nullable=False),
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("grant_id", code(31), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_yearly_grant_kind")),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["benefit_grant.id"], name=op.f("fk_yearly_grant_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_yearly_grant_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", "kind", "year", name=op.f("pk_yearly_grant")),
    )


def downgrade() -> None:
    op.drop_table("yearly_grant")
    op.drop_table("greeting_start")
