"""Mails that wait to be sent or are kept here."""

import sqlalchemy as sa
from alembic import op

revision = "mail"
down_revision = "initial"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
QUEUED = sa.text("state = 'queued'")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", code(31), nullable=False),
        sa.Column("to_sealed", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=False),
        sa.Column("state", code(8), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.String(200), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'kept', 'failed')", name=op.f("ck_mail_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index("ix_mail_created", "mail", ["created_at", "id"])
    op.create_index(
        "ix_mail_due",
        "mail",
        ["due_at", "id"],
        postgresql_where=QUEUED,
        sqlite_where=QUEUED,
    )


def downgrade() -> None:
    op.drop_table("mail")
