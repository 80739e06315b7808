"""Challenges and streaks: how far members are, why, and what they earned."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "challenges_and_streaks"
down_revision = "badges"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
ROUND = ["member_id", "challenge_id", "round"]
RUN = ["member_id", "streak_id"]
DUE, GIVEN = sa.text("state = 'due'"), sa.text("state = 'given'")


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def text(name: str, length: int = 31) -> sa.Column[object]:
    return sa.Column(name, code(length), nullable=False)


def instant(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def amount(name: str) -> sa.Column[object]:
    kind = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
    return sa.Column(name, kind, nullable=False)


def day(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def refers(table: str, columns: list[str], to: str, names: list[str]) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{'_'.join(columns)}")
    return sa.ForeignKeyConstraint(columns, [f"{to}.{one}" for one in names], name=name)


def keyed(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    create_progress()
    create_contributions()
    create_rewards()
    create_attempts()
    create_runs()
    create_what_runs_stand_on()
    create_milestones()


def create_progress() -> None:
    table = "challenge_progress"
    op.create_table(
        table,
        text("member_id"),
        text("challenge_id"),
        number("round"),
        amount("current"),
        amount("peak"),
        number("turn"),
        number("done_before"),
        sa.Column("marks", JSON, nullable=False),
        instant("starts_at", True),
        instant("ends_at", True),
        instant("joined_at", True),
        instant("left_at", True),
        instant("completed_at", True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        check(table, "round", "round >= 1"),
        check(table, "current", "current >= 0 AND peak >= current"),
        check(table, "done_before", "done_before >= 0 AND done_before < round"),
        check(table, "turn", "turn >= 0"),
        refers(table, ["member_id"], "member", ["id"]),
        refers(table, ["challenge_id"], "definition", ["id"]),
        keyed(table, *ROUND),
    )


def create_contributions() -> None:
    table = "challenge_contribution"
    op.create_table(
        table,
        text("member_id"),
        text("challenge_id"),
        number("round"),
        text("activity_id"),
        text("mark", 128),
        amount("amount"),
        instant("counted_at"),
        check(table, "amount", "amount > 0"),
        check(table, "mark", "mark = '' OR amount = 1"),
        refers(table, ROUND, "challenge_progress", ROUND),
        keyed(table, *ROUND, "activity_id", "mark"),
    )
    op.create_index("ix_challenge_contribution_activity", table, ["activity_id"])


def create_rewards() -> None:
    table = "challenge_reward"
    op.create_table(
        table,
        text("id"),
        text("member_id"),
        text("challenge_id"),
        number("round"),
        text("stage", 60),
        number("turn"),
        text("state", 8),
        sa.Column("benefits", JSON, nullable=False),
        instant("reached_at"),
        instant("claim_until_at", True),
        instant("given_at", True),
        instant("taken_at", True),
        check(table, "state", "state IN ('due', 'given', 'taken')"),
        check(table, "due", "state <> 'due' OR (given_at IS NULL AND taken_at IS NULL)"),
        check(table, "given", "state <> 'given' OR given_at IS NOT NULL"),
        check(table, "taken", "(state = 'taken') = (taken_at IS NOT NULL)"),
        refers(table, ROUND, "challenge_progress", ROUND),
        keyed(table, "id"),
        sa.UniqueConstraint(
            *ROUND,
            "stage",
            "turn",
            name=op.f("uq_challenge_reward_member_id_challenge_id_round_stage_turn"),
        ),
    )
    op.create_index(
        "ix_challenge_reward_due",
        table,
        ["member_id"],
        postgresql_where=DUE,
        sqlite_where=DUE,
    )


def create_attempts() -> None:
    table = "quiz_attempt"
    op.create_table(
        table,
        text("id"),
        text("member_id"),
        text("challenge_id"),
        number("round"),
        number("number"),
        sa.Column("answers", JSON, nullable=False),
        number("right_answers"),
        instant("answered_at"),
        check(table, "number", "number >= 1"),
        check(table, "right_answers", "right_answers >= 0"),
        refers(table, ROUND, "challenge_progress", ROUND),
        keyed(table, "id"),
        sa.UniqueConstraint(
            *ROUND, "number", name=op.f("uq_quiz_attempt_member_id_challenge_id_round_number")
        ),
    )


def create_runs() -> None:
    table = "streak_run"
    op.create_table(
        table,
        text("member_id"),
        text("streak_id"),
        number("current"),
        number("best"),
        number("peak"),
        number("freezes"),
        day("run_from_on", True),
        day("last_on", True),
        day("settled_on", True),
        instant("last_at", True),
        check(table, "current", "current >= 0 AND best >= current"),
        check(table, "freezes", "peak >= 0 AND freezes >= 0"),
        check(table, "last", "(last_on IS NULL) = (run_from_on IS NULL)"),
        refers(table, ["member_id"], "member", ["id"]),
        refers(table, ["streak_id"], "definition", ["id"]),
        keyed(table, *RUN),
    )


def create_what_runs_stand_on() -> None:
    op.create_table(
        "streak_contribution",
        text("member_id"),
        text("streak_id"),
        day("period_on"),
        text("activity_id"),
        refers("streak_contribution", RUN, "streak_run", RUN),
        keyed("streak_contribution", *RUN, "period_on", "activity_id"),
    )
    op.create_index("ix_streak_contribution_activity", "streak_contribution", ["activity_id"])
    op.create_table(
        "streak_gap",
        text("member_id"),
        text("streak_id"),
        day("period_on"),
        text("kind", 8),
        check("streak_gap", "kind", "kind IN ('frozen', 'skipped')"),
        refers("streak_gap", RUN, "streak_run", RUN),
        keyed("streak_gap", *RUN, "period_on"),
    )


def create_milestones() -> None:
    op.create_table(
        "streak_milestone",
        text("id"),
        text("member_id"),
        text("streak_id"),
        number("level"),
        day("period_on"),
        text("state", 8),
        instant("given_at"),
        instant("taken_at", True),
        check("streak_milestone", "level", "level >= 1"),
        check("streak_milestone", "state", "state IN ('given', 'taken')"),
        check("streak_milestone", "taken", "(state = 'taken') = (taken_at IS NOT NULL)"),
        refers("streak_milestone", RUN, "streak_run", RUN),
        keyed("streak_milestone", "id"),
    )
    op.create_index(
        "uq_streak_milestone_given",
        "streak_milestone",
        [*RUN, "level", "period_on"],
        unique=True,
        postgresql_where=GIVEN,
        sqlite_where=GIVEN,
    )
    op.create_table(
        "streak_freeze",
        text("id"),
        text("member_id"),
        text("streak_id"),
        amount("points"),
        text("transfer_id"),
        instant("bought_at"),
        check("streak_freeze", "points", "points > 0"),
        refers("streak_freeze", RUN, "streak_run", RUN),
        refers("streak_freeze", ["transfer_id"], "transfer", ["id"]),
        keyed("streak_freeze", "id"),
    )


def downgrade() -> None:
    for table in (
        "streak_freeze",
        "streak_milestone",
        "streak_gap",
        "streak_contribution",
        "streak_run",
        "quiz_attempt",
        "challenge_reward",
        "challenge_contribution",
        "challenge_progress",
    ):
        op.drop_table(table)
