"""Messages and their deliveries, what members chose and agreed to, announcements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "messages"
down_revision = "raffle_draws"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
CATEGORIES = "category IN ('service', 'progress', 'reminders', 'offers', 'news')"
STATES = "state IN ('queued', 'sending', 'sent', 'bundled', 'dropped', 'failed')"
UNREAD = sa.text("read_at IS NULL AND is_silent = false")
OPEN = sa.text("state IN ('queued', 'sending')")


def text(name: str, length: int = 31, nullable: bool = False) -> sa.Column[str]:
    collated = sa.VARCHAR(length, collation="C")
    kind = sa.String(length).with_variant(collated, "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def at(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str, kind: type = sa.Integer, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind(), nullable=nullable)


def member(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f(f"fk_{table}_member_id"))


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "consent",
        text("member_id"),
        text("purpose", 24),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        text("version", 40),
        text("source", 12),
        at("recorded_at"),
        check("consent", "purpose", "purpose IN ('marketing_push', 'marketing_email')"),
        check("consent", "source", "source IN ('till', 'app', 'import', 'api')"),
        check("consent", "number", "number >= 1"),
        member("consent"),
        sa.PrimaryKeyConstraint("member_id", "purpose", "number", name=op.f("pk_consent")),
    )
    op.create_table(
        "message",
        text("id"),
        text("member_id"),
        text("source", 96),
        text("type", 40),
        text("category", 12),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        text("locale", 8),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.String(400), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("data", JSON, nullable=False),
        text("campaign_id", nullable=True),
        text("variant", 20, nullable=True),
        at("created_at"),
        at("shown_at"),
        at("expires_at"),
        at("read_at", nullable=True),
        at("opened_at", nullable=True),
        at("dismissed_at", nullable=True),
        check("message", "category", CATEGORIES),
        check("message", "expires", "expires_at > shown_at"),
        member("message"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("member_id", "source", name=op.f("uq_message_member_id_source")),
    )
    op.create_index("ix_message_inbox", "message", ["member_id", "shown_at", "id"])
    op.create_index("ix_message_shown", "message", ["shown_at", "id"])
    op.create_index(
        "ix_message_unread", "message", ["member_id"], postgresql_where=UNREAD, sqlite_where=UNREAD
    )
    _create_deliveries()
    _create_the_rest()


def _create_deliveries() -> None:
    op.create_table(
        "delivery",
        text("id"),
        text("message_id"),
        text("member_id"),
        text("channel", 8),
        text("state", 12),
        at("due_at"),
        number("attempts", sa.SmallInteger),
        at("lease_ends_at", nullable=True),
        at("cleared_at", nullable=True),
        at("finished_at", nullable=True),
        text("sender", 12, nullable=True),
        text("why", 12, nullable=True),
        text("bundle_id", nullable=True),
        sa.Column("last_error", sa.String(200), nullable=True),
        check("delivery", "channel", "channel IN ('push', 'email')"),
        check("delivery", "state", STATES),
        check("delivery", "why", "(state = 'dropped') = (why IS NOT NULL)"),
        check("delivery", "bundled", "(state = 'bundled') = (bundle_id IS NOT NULL)"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_delivery_message_id")
        ),
        member("delivery"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("message_id", "channel", name=op.f("uq_delivery_message_id_channel")),
    )
    op.create_index(
        "ix_delivery_due", "delivery", ["due_at", "id"], postgresql_where=OPEN, sqlite_where=OPEN
    )
    op.create_index("ix_delivery_member", "delivery", ["member_id", "cleared_at"])
    op.create_index("ix_delivery_bundle", "delivery", ["bundle_id"])


def _create_the_rest() -> None:
    op.create_table(
        "message_preference",
        text("member_id"),
        sa.Column("choices", JSON, nullable=False),
        number("quiet_from_minute", sa.SmallInteger, nullable=True),
        number("quiet_to_minute", sa.SmallInteger, nullable=True),
        at("updated_at"),
        check(
            "message_preference",
            "quiet",
            "(quiet_from_minute IS NULL) = (quiet_to_minute IS NULL)",
        ),
        member("message_preference"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_message_preference")),
    )
    op.create_table(
        "announcement_run",
        text("announcement_id"),
        text("after_id"),
        number("looked"),
        number("made"),
        at("started_at"),
        at("finished_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["definition.id"],
            name=op.f("fk_announcement_run_announcement_id"),
        ),
        sa.PrimaryKeyConstraint("announcement_id", name=op.f("pk_announcement_run")),
    )


def downgrade() -> None:
    for table in ("announcement_run", "message_preference", "delivery", "message", "consent"):
        op.drop_table(table)
