"""Instant-win games: editions with their seeds, stock, players, plays given and plays made."""

import sqlalchemy as sa
from alembic import op

revision = "games"
down_revision = "member_transfers"
branch_labels = None
depends_on = None

TABLES = ("game_play", "play_credit", "game_player", "game_stock", "game_edition")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def text(name: str, length: int = 31, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, code(length), nullable=nullable)


def amount(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
    return sa.Column(name, kind, nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def instant(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def names(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    create_editions()
    create_stock()
    create_players()
    create_credits()
    create_plays()


def create_editions() -> None:
    op.create_table(
        "game_edition",
        text("id"),
        text("game_id"),
        number("version"),
        sa.Column("seed_sealed", sa.Text(), nullable=False),
        text("seed_hash", 64),
        instant("opened_at"),
        instant("ended_at", nullable=True),
        text("seed", 64, nullable=True),
        key("game_edition", "id"),
        unique("game_edition", "game_id", "version"),
        names("game_edition", "game_id", "definition"),
        check("game_edition", "ended", "(ended_at IS NULL) = (seed IS NULL)"),
    )


def create_stock() -> None:
    op.create_table(
        "game_stock",
        text("edition_id"),
        text("prize_key", 40),
        amount("total"),
        amount("given"),
        amount("in_period"),
        instant("period_at", nullable=True),
        key("game_stock", "edition_id", "prize_key"),
        names("game_stock", "edition_id", "game_edition"),
        check("game_stock", "given", "given >= 0 AND given <= total"),
        check("game_stock", "in_period", "in_period >= 0 AND in_period <= given"),
    )


def create_players() -> None:
    op.create_table(
        "game_player",
        text("member_id"),
        text("game_id"),
        text("entrant", 32),
        number("number"),
        number("losses"),
        sa.Column("day_on", sa.Date(), nullable=True),
        number("day_plays"),
        number("free_used"),
        text("forced", 40, nullable=True),
        key("game_player", "member_id", "game_id"),
        unique("game_player", "entrant"),
        names("game_player", "member_id", "member"),
        names("game_player", "game_id", "definition"),
        check("game_player", "number", "number >= 0 AND losses >= 0 AND losses <= number"),
        check("game_player", "day", "free_used >= 0 AND day_plays >= free_used"),
    )


def create_credits() -> None:
    op.create_table(
        "play_credit",
        text("id"),
        text("member_id"),
        text("game_id"),
        text("grant_id"),
        *(number(name) for name in ("amount", "plays_left", "used", "taken", "lapsed")),
        instant("given_at"),
        instant("expires_at", nullable=True),
        key("play_credit", "id"),
        names("play_credit", "member_id", "member"),
        names("play_credit", "game_id", "definition"),
        check("play_credit", "amount", "amount = plays_left + used + taken + lapsed"),
        check(
            "play_credit",
            "parts",
            "plays_left >= 0 AND used >= 0 AND taken >= 0 AND lapsed >= 0",
        ),
    )
    op.create_index("ix_play_credit_member", "play_credit", ["member_id", "game_id"])
    due = sa.text("plays_left > 0")
    op.create_index(
        "ix_play_credit_due",
        "play_credit",
        ["expires_at"],
        postgresql_where=due,
        sqlite_where=due,
    )


def create_plays() -> None:
    op.create_table(
        "game_play",
        *(text(name) for name in ("id", "member_id", "game_id", "edition_id")),
        number("version"),
        number("number"),
        text("nonce_hash", 64),
        number("losses_before"),
        text("source", 8),
        text("credit_id", nullable=True),
        amount("price_points"),
        text("transfer_id", nullable=True),
        text("outcome", 8),
        text("prize_key", 40, nullable=True),
        text("grant_id", nullable=True),
        sa.Column("is_forced", sa.Boolean(), nullable=False),
        instant("played_at"),
        key("game_play", "id"),
        unique("game_play", "member_id", "game_id", "number"),
        unique("game_play", "member_id", "game_id", "nonce_hash"),
        names("game_play", "member_id", "member"),
        names("game_play", "game_id", "definition"),
        names("game_play", "edition_id", "game_edition"),
        names("game_play", "credit_id", "play_credit"),
        names("game_play", "transfer_id", "transfer"),
        names("game_play", "grant_id", "benefit_grant"),
        check("game_play", "number", "number >= 1 AND losses_before >= 0"),
        check("game_play", "outcome", "outcome IN ('lost', 'prize', 'points')"),
        check("game_play", "prize", "(outcome = 'lost') = (prize_key IS NULL)"),
        check("game_play", "grant", "(outcome = 'lost') = (grant_id IS NULL)"),
        check("game_play", "credit", "(source = 'credit') = (credit_id IS NOT NULL)"),
        check(
            "game_play",
            "paid",
            "(source = 'points') = (transfer_id IS NOT NULL)"
            " AND (source = 'points') = (price_points > 0)",
        ),
        check("game_play", "source", "source IN ('free', 'credit', 'points')"),
    )
    op.create_index("ix_game_play_edition", "game_play", ["edition_id", "id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
