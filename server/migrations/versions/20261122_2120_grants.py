"""Grants: what members were given, and for which reason."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "grants"
down_revision = "guards"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "benefit_grant",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("ref_kind", code(20), nullable=False),
        sa.Column("ref_id", code(80), nullable=False),
        sa.Column("activity_id", code(31), nullable=True),
        sa.Column("names", JSON, nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("actor", code(80), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('given', 'taken_back')", name=op.f("ck_benefit_grant_state")),
        sa.CheckConstraint(
            "(state = 'taken_back') = (taken_back_at IS NOT NULL)",
            name=op.f("ck_benefit_grant_taken_back"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_benefit_grant_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_grant")),
        sa.UniqueConstraint(
            "member_id",
            "ref_kind",
            "ref_id",
            name=op.f("uq_benefit_grant_member_id_ref_kind_ref_id"),
        ),
    )
    op.create_index("ix_benefit_grant_activity", "benefit_grant", ["activity_id"])


def downgrade() -> None:
    op.drop_index("ix_benefit_grant_activity", "benefit_grant")
    op.drop_table("benefit_grant")
