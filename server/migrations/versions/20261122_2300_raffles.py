"""Raffles and their tickets: how far each is, main prizes, acts of entering, tickets, entrants."""

import sqlalchemy as sa
from alembic import op

revision = "raffles"
down_revision = "code_requesters"
branch_labels = None
depends_on = None

STATES = "state IN ('published', 'selling', 'sealed', 'drawn', 'closed', 'cancelled')"
SECOND_CHANCE = (
    "policy <> 'second_chance' OR 4 * consolations >= entrants - prizes OR prizes >= entrants"
)
CAPPED = "policy <> 'capped' OR (consolations = 0 AND tickets <= 4 * prizes)"
ENTRY_STATES = "state IN ('counted', 'cancelled', 'withdrawn', 'refunded')"
BY_NAME = {
    "raffle": (
        ("state", STATES),
        ("policy", "policy IN ('second_chance', 'capped')"),
        ("second_chance", SECOND_CHANCE),
        ("capped", CAPPED),
        ("entrants", "entrants >= 0 AND entrants <= entrants_max"),
        ("tickets", "tickets >= entrants AND tickets <= entrants * cap"),
        ("dates", "opens_at < closes_at AND closes_at < draws_at"),
        ("cancelled", "(state = 'cancelled') = (cancelled_at IS NOT NULL)"),
        ("sealed", "(state IN ('sealed', 'drawn', 'closed')) = (sealed_at IS NOT NULL)"),
        ("drawn", "(state IN ('drawn', 'closed')) = (drawn_at IS NOT NULL)"),
        ("closed", "(state = 'closed') = (closed_at IS NOT NULL)"),
    ),
    "raffle_prize": (
        ("quantity", "quantity > 0 AND first_place > 0"),
        ("reserved", "reserved >= 0 AND reserved <= quantity"),
        ("reward", "reward_id IS NOT NULL OR reserved = 0"),
    ),
    "raffle_entry": (
        ("source", "source IN ('bought', 'free', 'granted')"),
        ("state", ENTRY_STATES),
        ("ended_at", "(state = 'counted') = (ended_at IS NULL)"),
        ("tickets", "tickets > 0"),
        ("price", "(source = 'bought') = (price > 0) AND price >= 0"),
        ("paid", "(source = 'bought') = (transfer_id IS NOT NULL)"),
        ("granted", "(source = 'granted') = (ref_id IS NOT NULL)"),
    ),
    "raffle_entrant": (("tickets", "tickets >= 0"),),
}
TABLES = ("raffle_entrant", "raffle_ticket", "raffle_entry", "raffle_prize", "raffle")


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


def json(name: str) -> sa.Column[object]:
    kind = sa.JSON(none_as_null=True)
    binary = sa.dialects.postgresql.JSONB(none_as_null=True)
    return sa.Column(name, kind.with_variant(binary, "postgresql"), nullable=False)


def names(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
        for name, condition in BY_NAME[table]
    ]


def upgrade() -> None:
    create_raffles()
    create_prizes()
    create_entries()
    create_tickets()


def create_raffles() -> None:
    op.create_table(
        "raffle",
        text("id"),
        number("version"),
        text("state", 12),
        text("policy", 20),
        instant("opens_at"),
        instant("closes_at"),
        instant("draws_at"),
        text("source", 12),
        text("chain_hash", 64),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        text("rules_hash", 64),
        text("pseudonym_key", 64),
        amount("prizes"),
        number("cap"),
        amount("entrants_min"),
        amount("entrants_max"),
        amount("entrants"),
        amount("tickets"),
        amount("consolations"),
        instant("published_at"),
        instant("told_closing_at", nullable=True),
        instant("sealed_at", nullable=True),
        instant("drawn_at", nullable=True),
        instant("closed_at", nullable=True),
        instant("cancelled_at", nullable=True),
        *checks("raffle"),
        names("raffle", "id", "definition"),
        key("raffle", "id"),
    )
    op.create_index("ix_raffle_state", "raffle", ["state", "closes_at"])


def create_prizes() -> None:
    op.create_table(
        "raffle_prize",
        text("raffle_id"),
        sa.Column("first_place", sa.Integer(), autoincrement=False, nullable=False),
        number("quantity"),
        json("names"),
        amount("value_minor"),
        text("reward_id", nullable=True),
        number("reward_version"),
        number("reserved"),
        *checks("raffle_prize"),
        names("raffle_prize", "raffle_id", "raffle"),
        names("raffle_prize", "reward_id", "definition"),
        key("raffle_prize", "raffle_id", "first_place"),
    )


def create_entries() -> None:
    op.create_table(
        "raffle_entry",
        text("id"),
        text("raffle_id"),
        text("member_id"),
        text("source", 12),
        text("state", 12),
        number("tickets"),
        text("unit", 20),
        amount("price"),
        text("transfer_id", nullable=True),
        text("period", 12),
        text("ref_id", nullable=True),
        text("nonce", 64),
        text("actor", 80),
        instant("created_at"),
        instant("ended_at", nullable=True),
        *checks("raffle_entry"),
        names("raffle_entry", "raffle_id", "raffle"),
        names("raffle_entry", "member_id", "member"),
        key("raffle_entry", "id"),
    )
    op.create_index(
        "ix_raffle_entry_member", "raffle_entry", ["raffle_id", "member_id", "created_at"]
    )
    counted = sa.text("state = 'counted'")
    op.create_index(
        "ix_raffle_entry_counted",
        "raffle_entry",
        ["raffle_id", "id"],
        postgresql_where=counted,
        sqlite_where=counted,
    )
    free = sa.text("state = 'counted' AND source = 'free'")
    op.create_index(
        "uq_raffle_entry_free",
        "raffle_entry",
        ["raffle_id", "member_id", "period"],
        unique=True,
        postgresql_where=free,
        sqlite_where=free,
    )


def create_tickets() -> None:
    op.create_table(
        "raffle_ticket",
        text("id", 32),
        text("entry_id"),
        names("raffle_ticket", "entry_id", "raffle_entry"),
        key("raffle_ticket", "id"),
    )
    op.create_index("ix_raffle_ticket_entry", "raffle_ticket", ["entry_id"])
    op.create_table(
        "raffle_entrant",
        text("raffle_id"),
        text("member_id"),
        number("tickets"),
        *checks("raffle_entrant"),
        names("raffle_entrant", "raffle_id", "raffle"),
        names("raffle_entrant", "member_id", "member"),
        key("raffle_entrant", "raffle_id", "member_id"),
    )
    op.create_index("ix_raffle_entrant_member", "raffle_entrant", ["member_id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
