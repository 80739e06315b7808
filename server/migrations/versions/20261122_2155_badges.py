"""Badges: awards, rarity, quotas of staff, and giving late."""

import sqlalchemy as sa
from alembic import op

revision = "badges"
down_revision = "greetings"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
IN_FORCE = sa.text("revoked_at IS NULL")
INDEXES = {
    "uq_badge_award_once": ["member_id", "badge_id", "level", "period"],
    "ix_badge_award_badge": ["badge_id", "level"],
}


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def instant(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def of_badge(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_badge_id")
    return sa.ForeignKeyConstraint(["badge_id"], ["definition.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "badge_award",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("badge_id", code(31), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("period", code(7), nullable=False),
        sa.Column("source", code(12), nullable=False),
        sa.Column("activity_id", code(31), nullable=True),
        sa.Column("actor", code(80), nullable=False),
        sa.Column("quota_on", sa.Date(), nullable=True),
        instant("awarded_at"),
        instant("expires_at", nullable=True),
        instant("seen_at", nullable=True),
        instant("revoked_at", nullable=True),
        sa.Column("revoke_reason", code(40), nullable=True),
        sa.CheckConstraint("level > 0", name=op.f("ck_badge_award_level")),
        sa.CheckConstraint(
            "source IN ('earned', 'backfill', 'staff', 'grant')",
            name=op.f("ck_badge_award_source"),
        ),
        sa.CheckConstraint(
            "(source = 'staff') = (quota_on IS NOT NULL)", name=op.f("ck_badge_award_quota")
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoke_reason IS NULL)", name=op.f("ck_badge_award_revoked")
        ),
        of_badge("badge_award"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_badge_award_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_award")),
    )
    for name, columns in INDEXES.items():
        op.create_index(
            name,
            "badge_award",
            columns,
            unique=name.startswith("uq"),
            postgresql_where=IN_FORCE,
            sqlite_where=IN_FORCE,
        )
    op.create_table(
        "badge_rarity",
        sa.Column("badge_id", code(31), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("holders", AMOUNT, nullable=False),
        sa.Column("members", AMOUNT, nullable=False),
        instant("counted_at"),
        sa.CheckConstraint("holders <= members", name=op.f("ck_badge_rarity_holders")),
        of_badge("badge_rarity"),
        sa.PrimaryKeyConstraint("badge_id", "level", name=op.f("pk_badge_rarity")),
    )
    op.create_table(
        "badge_quota",
        sa.Column("badge_id", code(31), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_badge_quota_used")),
        of_badge("badge_quota"),
        sa.PrimaryKeyConstraint("badge_id", "begins_on", name=op.f("pk_badge_quota")),
    )
    op.create_table(
        "badge_backfill",
        sa.Column("id", code(31), nullable=False),
        sa.Column("badge_id", code(31), nullable=False),
        sa.Column("actor", code(80), nullable=False),
        sa.Column("after_id", code(31), nullable=False),
        sa.Column("looked_at", AMOUNT, nullable=False),
        sa.Column("awarded", AMOUNT, nullable=False),
        instant("started_at"),
        instant("finished_at", nullable=True),
        sa.CheckConstraint(
            "awarded >= 0 AND looked_at >= 0", name=op.f("ck_badge_backfill_counts")
        ),
        of_badge("badge_backfill"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_backfill")),
    )


def downgrade() -> None:
    for table in ("badge_backfill", "badge_quota", "badge_rarity"):
        op.drop_table(table)
    for name in reversed(INDEXES):
        op.drop_index(name, "badge_award")
    op.drop_table("badge_award")
