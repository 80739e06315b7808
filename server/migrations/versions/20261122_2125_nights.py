"""Nights, each done once, step by step; work that is queued."""

import sqlalchemy as sa
from alembic import op

revision = "nights"
down_revision = "grants"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
OPEN = sa.text("state IN ('queued', 'running')")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "nightly_run",
        sa.Column("night_on", sa.Date(), nullable=False),
        sa.Column("begins_at", INSTANT, nullable=False),
        sa.Column("zone", code(64), nullable=False),
        sa.Column("steps", JSON, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_ends_at", INSTANT, nullable=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.CheckConstraint("fence >= 0", name=op.f("ck_nightly_run_fence")),
        sa.PrimaryKeyConstraint("night_on", name=op.f("pk_nightly_run")),
    )
    op.create_table(
        "job",
        sa.Column("id", code(31), nullable=False),
        sa.Column("name", code(40), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("lease_ends_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("error", sa.String(500), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'dead')", name=op.f("ck_job_state")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_ends_at IS NOT NULL)", name=op.f("ck_job_lease")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)",
            name=op.f("ck_job_finished"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_due", "job", ["run_at", "id"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_index("ix_job_finished", "job", ["finished_at"])


def downgrade() -> None:
    op.drop_table("job")
    op.drop_table("nightly_run")
