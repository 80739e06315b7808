"""Sealed raffles, their draws, who won, what is void, and what is given instead of a prize."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "raffle_draws"
down_revision = "raffle_acts"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
QUARTER = (
    "policy = 'capped' OR 4 * consolations >= entrants - main_prizes OR main_prizes >= entrants"
)
KEPT = sa.text("state IN ('won', 'claimed', 'given')")
OPEN = sa.text("ended_at IS NULL")


def text(name: str, length: int = 31, nullable: bool = False) -> sa.Column[str]:
    collated = sa.VARCHAR(length, collation="C")
    kind = sa.String(length).with_variant(collated, "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def whole(*names: str, kind: sa.types.TypeEngine[int] = BIG) -> list[sa.Column[int]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _create_seal()
    _create_void()
    _create_draw()
    _create_win()
    _create_substitute()


def _create_seal() -> None:
    op.create_table(
        "raffle_seal",
        text("raffle_id"),
        text("policy", 20),
        text("rules_hash", 64),
        *whole("entrants", "tickets", "main_prizes", "consolations"),
        text("pool_root", 64),
        text("ledger_checkpoint", 64),
        text("chain_hash", 64),
        *whole("round", kind=sa.BigInteger()),
        text("public_key", 64),
        text("signature", 128),
        sa.Column("sealed_at", INSTANT, nullable=False),
        check("raffle_seal", "policy", "policy IN ('second_chance', 'capped')"),
        check("raffle_seal", "quarter", QUARTER),
        check("raffle_seal", "capped", "policy <> 'capped' OR tickets <= 4 * main_prizes"),
        check("raffle_seal", "counts", "entrants > 0 AND tickets >= entrants"),
        refers("raffle_seal", "raffle_id", "raffle.id"),
        key("raffle_seal", "raffle_id"),
    )


def _create_void() -> None:
    op.create_table(
        "raffle_void",
        text("raffle_id"),
        text("scope", 12),
        text("ref", 64),
        sa.Column("reason", sa.Text(), nullable=False),
        text("actor", 80),
        sa.Column("voided_at", INSTANT, nullable=False),
        check("raffle_void", "scope", "scope IN ('ticket', 'entrant')"),
        refers("raffle_void", "raffle_id", "raffle_seal.raffle_id"),
        key("raffle_void", "raffle_id", "scope", "ref"),
    )


def _create_draw() -> None:
    op.create_table(
        "raffle_draw",
        text("raffle_id"),
        text("source", 12),
        text("signature", 128),
        text("randomness", 64),
        text("seed", 64),
        text("void_key", 64, nullable=True),
        text("void_signature", 128, nullable=True),
        text("told_up_to"),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.Column("drawn_at", INSTANT, nullable=False),
        check("raffle_draw", "void_signature", "(void_key IS NULL) = (void_signature IS NULL)"),
        refers("raffle_draw", "raffle_id", "raffle_seal.raffle_id"),
        key("raffle_draw", "raffle_id"),
    )


def _create_win() -> None:
    op.create_table(
        "raffle_win",
        text("id"),
        text("raffle_id"),
        text("draw", 12),
        *whole("place", kind=sa.Integer()),
        text("ticket", 32, nullable=True),
        text("entrant", 64),
        text("member_id"),
        sa.Column("prize_place", sa.Integer(), nullable=True),
        text("state", 12),
        sa.Column("why", sa.Text(), nullable=False),
        text("ref_id", nullable=True),
        *whole("warned_hours", kind=sa.Integer()),
        sa.Column("won_at", INSTANT, nullable=False),
        sa.Column("claim_by_at", INSTANT, nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        check("raffle_win", "draw", "draw IN ('main', 'second')"),
        check("raffle_win", "state", "state IN ('won', 'claimed', 'given', 'lapsed', 'void')"),
        check("raffle_win", "place", "place > 0"),
        check(
            "raffle_win",
            "main",
            "(draw = 'main') = (prize_place IS NOT NULL AND ticket IS NOT NULL)",
        ),
        check("raffle_win", "claim_by", "claim_by_at IS NOT NULL OR draw = 'second'"),
        check("raffle_win", "ended_at", "(state IN ('won', 'claimed')) = (ended_at IS NULL)"),
        refers("raffle_win", "raffle_id", "raffle_draw.raffle_id"),
        refers("raffle_win", "member_id", "member.id"),
        key("raffle_win", "id"),
        sa.UniqueConstraint(
            "raffle_id", "draw", "place", name=op.f("uq_raffle_win_raffle_id_draw_place")
        ),
        sa.UniqueConstraint(
            "raffle_id", "draw", "member_id", name=op.f("uq_raffle_win_raffle_id_draw_member_id")
        ),
    )
    one_kept = {"postgresql_where": KEPT, "sqlite_where": KEPT}
    op.create_index(
        "uq_raffle_win_prize", "raffle_win", ["raffle_id", "prize_place"], unique=True, **one_kept
    )
    op.create_index("ix_raffle_win_member", "raffle_win", ["member_id", "won_at", "id"])
    still_open = {"postgresql_where": OPEN, "sqlite_where": OPEN}
    op.create_index("ix_raffle_win_open", "raffle_win", ["state", "claim_by_at"], **still_open)


def _create_substitute() -> None:
    op.create_table(
        "raffle_substitute",
        text("raffle_id"),
        *whole("place", kind=sa.Integer()),
        sa.Column("names", JSON, nullable=False),
        *whole("value_minor", "instead_of_minor"),
        sa.Column("note", sa.Text(), nullable=False),
        text("act_id"),
        sa.Column("decided_at", INSTANT, nullable=False),
        check("raffle_substitute", "value", "value_minor >= instead_of_minor"),
        check("raffle_substitute", "place", "place > 0"),
        refers("raffle_substitute", "raffle_id", "raffle.id"),
        refers("raffle_substitute", "act_id", "raffle_act.id"),
        key("raffle_substitute", "raffle_id", "place"),
    )


def downgrade() -> None:
    for table in ("substitute", "win", "draw", "void", "seal"):
        op.drop_table(f"raffle_{table}")
