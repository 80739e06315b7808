"""Rewards and vouchers: counted stock, vouchers with their prices and uses, code pools, wishes."""

import sqlalchemy as sa
from alembic import op

revision = "rewards"
down_revision = "confirmations"
branch_labels = None
depends_on = None

STATES = "state IN ('active', 'used', 'cancelled', 'withdrawn', 'expired')"
STOCKS = "stock IN ('none', 'reserved', 'sold', 'returned')"
STOCK_FITS = (
    "stock = 'none' OR (is_settled AND stock = 'sold')"
    " OR (NOT is_settled AND ((state = 'active' AND stock = 'reserved')"
    " OR (state = 'used' AND stock = 'sold')"
    " OR (state IN ('cancelled', 'withdrawn', 'expired') AND stock = 'returned')))"
)
STEPS = "fulfilment IN ('ordered', 'prepared', 'ready', 'sent', 'received')"
TABLES = ("reward_stock", "reward_wish", "reward_code", "voucher_use", "voucher_price", "voucher")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def text(name: str, length: int = 31, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, code(length), nullable=nullable)


def amount(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
    return sa.Column(name, kind, nullable=False)


def instant(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def names(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    create_rewards()
    create_vouchers()
    create_prices()
    create_uses()
    create_codes()


def create_rewards() -> None:
    op.create_table(
        "reward_stock",
        text("reward_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        amount("total"),
        amount("reserved"),
        amount("sold"),
        check("reward_stock", "reserved", "reserved >= 0"),
        check("reward_stock", "sold", "sold >= 0"),
        check("reward_stock", "total", "reserved + sold <= total"),
        names("reward_stock", "reward_id", "definition"),
        sa.PrimaryKeyConstraint("reward_id", name=op.f("pk_reward_stock")),
    )
    op.create_table(
        "reward_wish",
        text("member_id"),
        text("reward_id"),
        instant("wished_at"),
        instant("told_at", nullable=True),
        names("reward_wish", "member_id", "member"),
        names("reward_wish", "reward_id", "definition"),
        sa.PrimaryKeyConstraint("member_id", "reward_id", name=op.f("pk_reward_wish")),
    )


def create_vouchers() -> None:
    op.create_table(
        "voucher",
        text("member_id"),
        text("id"),
        text("reward_id"),
        sa.Column("reward_version", sa.Integer(), nullable=False),
        text("state", 12),
        text("stock", 12),
        sa.Column("is_settled", sa.Boolean(), nullable=False),
        amount("money_minor"),
        text("fulfilment", 12, nullable=True),
        instant("created_at"),
        instant("expires_at"),
        instant("ended_at", nullable=True),
        text("locator", 5, nullable=True),
        text("ref_kind", 20),
        text("ref_id", 64),
        check("voucher", "state", STATES),
        check("voucher", "stock", STOCKS),
        check("voucher", "stock_fits", STOCK_FITS),
        check("voucher", "fulfilment", STEPS),
        check("voucher", "ended_at", "(state = 'active') = (ended_at IS NULL)"),
        check("voucher", "money_minor", "money_minor >= 0"),
        names("voucher", "member_id", "member"),
        names("voucher", "reward_id", "definition"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
    )
    op.create_index("ix_voucher_locator", "voucher", ["locator"])
    op.create_index("ix_voucher_member", "voucher", ["member_id", "created_at", "id"])
    op.create_index("ix_voucher_taken", "voucher", ["member_id", "reward_id"])
    op.create_index("ix_voucher_ref", "voucher", ["ref_id"])
    active = sa.text("state = 'active'")
    op.create_index(
        "ix_voucher_due",
        "voucher",
        ["expires_at"],
        postgresql_where=active,
        sqlite_where=active,
    )


def create_prices() -> None:
    op.create_table(
        "voucher_price",
        text("voucher_id"),
        text("unit", 20),
        amount("amount"),
        text("hold_id", nullable=True),
        text("transfer_id", nullable=True),
        check("voucher_price", "amount", "amount > 0"),
        check("voucher_price", "moved", "hold_id IS NOT NULL OR transfer_id IS NOT NULL"),
        names("voucher_price", "voucher_id", "voucher"),
        names("voucher_price", "hold_id", "hold"),
        sa.PrimaryKeyConstraint("voucher_id", "unit", name=op.f("pk_voucher_price")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_voucher_price_hold_id")),
    )


def create_uses() -> None:
    op.create_table(
        "voucher_use",
        text("id"),
        text("voucher_id"),
        text("location_id", nullable=True),
        text("actor", 80),
        text("external_id", 100, nullable=True),
        instant("used_at"),
        instant("undone_at", nullable=True),
        text("undone_by", 80, nullable=True),
        check("voucher_use", "undone_at", "undone_at >= used_at"),
        check("voucher_use", "undone_by", "(undone_at IS NULL) = (undone_by IS NULL)"),
        names("voucher_use", "voucher_id", "voucher"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_use")),
    )
    standing = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_voucher_use_standing",
        "voucher_use",
        ["voucher_id"],
        unique=True,
        postgresql_where=standing,
        sqlite_where=standing,
    )


def create_codes() -> None:
    op.create_table(
        "reward_code",
        text("id"),
        text("reward_id"),
        text("code_hash", 64),
        text("code_sealed", 400),
        text("voucher_id", nullable=True),
        instant("uploaded_at"),
        instant("taken_at", nullable=True),
        check("reward_code", "taken_at", "(voucher_id IS NULL) = (taken_at IS NULL)"),
        names("reward_code", "reward_id", "definition"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_reward_code_code_hash")),
        sa.UniqueConstraint("voucher_id", name=op.f("uq_reward_code_voucher_id")),
    )
    free = sa.text("voucher_id IS NULL")
    op.create_index(
        "ix_reward_code_free",
        "reward_code",
        ["reward_id", "id"],
        postgresql_where=free,
        sqlite_where=free,
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
