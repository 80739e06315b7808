"""A location may belong to a partner; the keys there are keep seeing what all partners record."""

import sqlalchemy as sa
from alembic import op

revision = "partners_apart"
down_revision = "secret_mark"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
PARTNER = sa.String(31).with_variant(sa.VARCHAR(31, collation="C"), "postgresql")
KEY = sa.table("api_key", sa.column("id"), sa.column("partner_id"), sa.column("scopes", JSON))
ALL = "partners:all"


def upgrade() -> None:
    op.add_column("location", sa.Column("partner_id", PARTNER, nullable=True))
    for key in _keys():
        _write(key.id, sorted({*key.scopes, ALL}))


def downgrade() -> None:
    for key in _keys():
        _write(key.id, [scope for scope in key.scopes if scope != ALL])
    op.drop_column("location", "partner_id")


def _keys() -> list[sa.Row]:
    found = sa.select(KEY.c.id, KEY.c.scopes).where(KEY.c.partner_id.is_not(None))
    return list(op.get_bind().execute(found))


def _write(key_id: str, scopes: list[str]) -> None:
    op.get_bind().execute(sa.update(KEY).where(KEY.c.id == key_id).values(scopes=scopes))
