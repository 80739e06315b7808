"""Slots and runs of jobs, import runs with their refused rows, the owner's set-up token."""

import sqlalchemy as sa
from alembic import op

revision = "jobs_and_imports"
down_revision = "proofs"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def upgrade() -> None:
    op.create_table(
        "job_slot",
        sa.Column("name", code(40), nullable=False),
        sa.Column("slot", AMOUNT, autoincrement=False, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_job_slot")),
    )
    op.create_index("ix_job_slot_taken", "job_slot", ["taken_at"])
    op.create_table(
        "job_run",
        sa.Column("id", code(31), nullable=False),
        sa.Column("name", code(40), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("outcome", code(12), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(500), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('running', 'done', 'failed', 'lost')", name=op.f("ck_job_run_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'running') = (finished_at IS NULL)", name=op.f("ck_job_run_finished")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    op.create_index("ix_job_run_name", "job_run", ["name", "started_at"])
    op.create_index("ix_job_run_started", "job_run", ["started_at"])
    op.create_table(
        "import_run",
        sa.Column("id", code(31), nullable=False),
        sa.Column("kind", code(20), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("file_sha256", code(64), nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("points", AMOUNT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('running', 'finished')", name=op.f("ck_import_run_state")),
        sa.CheckConstraint(
            "(state = 'finished') = (finished_at IS NOT NULL)",
            name=op.f("ck_import_run_finished"),
        ),
        sa.CheckConstraint("done = posted + duplicate + refused", name=op.f("ck_import_run_done")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_file", "import_run", ["file_sha256"])
    op.create_table(
        "import_refusal",
        sa.Column("run_id", code(31), nullable=False),
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("fix", code(40), nullable=False),
        sa.Column("field", code(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_refusal_run_id")
        ),
        sa.PrimaryKeyConstraint("run_id", "record", name=op.f("pk_import_refusal")),
    )
    op.create_table(
        "owner_setup",
        sa.Column("token_hash", code(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_owner_setup")),
    )


def downgrade() -> None:
    for table in ("owner_setup", "import_refusal", "import_run", "job_run", "job_slot"):
        op.drop_table(table)
