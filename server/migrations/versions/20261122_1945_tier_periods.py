"""Tier periods: dates of a standing, what counts by day, notices given once."""

import sqlalchemy as sa
from alembic import op

revision = "tier_periods"
down_revision = "jobs_and_imports"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
DATES = (
    "floor_until_on",
    "keep_until_on",
    "grace_until_on",
    "period_from_on",
    "idle_review_on",
    "review_on",
    "risk_on",
)
INDEXES = {"ix_member_tier_review": "review_on", "ix_member_tier_risk": "risk_on"}


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def key_of_days() -> list[sa.Constraint]:
    """PostgreSQL gets its key apart, with the numbers inside the index."""
    if op.get_bind().dialect.name == "postgresql":
        return []
    return [sa.PrimaryKeyConstraint("member_id", "day_on", name=op.f("pk_qualifying_day"))]


def upgrade() -> None:
    for name in DATES:
        op.add_column("member_tier", sa.Column(name, sa.Date(), nullable=True))
    op.add_column("member_tier", sa.Column("reason", sa.String(200), nullable=True))
    for name, column in INDEXES.items():
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name,
            "member_tier",
            [column, "member_id"],
            postgresql_where=there,
            sqlite_where=there,
        )
    op.create_table(
        "qualifying_day",
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("points", AMOUNT, nullable=False),
        sa.Column("spend_minor", AMOUNT, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_qualifying_day_member_id")
        ),
        *key_of_days(),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE qualifying_day ADD CONSTRAINT pk_qualifying_day "
            "PRIMARY KEY (member_id, day_on) INCLUDE (points, spend_minor, visits)"
        )
    op.create_table(
        "tier_notice",
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("kind", code(20), nullable=False),
        sa.Column("tier_id", code(31), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_tier_notice_member_id")
        ),
        sa.PrimaryKeyConstraint(
            "member_id", "kind", "tier_id", "period_on", name=op.f("pk_tier_notice")
        ),
    )


def downgrade() -> None:
    op.drop_table("tier_notice")
    op.drop_table("qualifying_day")
    for name in INDEXES:
        op.drop_index(name, "member_tier")
    with op.batch_alter_table("member_tier") as batch_op:
        batch_op.drop_column("reason")
        for name in reversed(DATES):
            batch_op.drop_column(name)
