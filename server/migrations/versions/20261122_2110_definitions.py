"""Definitions: everything configured in drafts and published versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "definitions"
down_revision = "lots_by_maturity"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
STATES = "state IN ('draft', 'published', 'paused', 'archived')"


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "definition",
        sa.Column("id", code(31), nullable=False),
        sa.Column("kind", code(20), nullable=False),
        sa.Column("key", code(40), nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("draft", JSON, nullable=True),
        instant("created_at"),
        instant("updated_at"),
        sa.CheckConstraint(STATES, name=op.f("ck_definition_state")),
        sa.CheckConstraint("(state = 'draft') = (version = 0)", name=op.f("ck_definition_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_definition_kind_key")),
    )
    op.create_index("ix_definition_kind", "definition", ["kind", "state"])
    op.create_table(
        "definition_version",
        sa.Column("definition_id", code(31), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("actor", code(80), nullable=False),
        instant("published_at"),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["definition.id"],
            name=op.f("fk_definition_version_definition_id"),
        ),
        sa.PrimaryKeyConstraint("definition_id", "version", name=op.f("pk_definition_version")),
    )


def downgrade() -> None:
    op.drop_table("definition_version")
    op.drop_index("ix_definition_kind", "definition")
    op.drop_table("definition")
