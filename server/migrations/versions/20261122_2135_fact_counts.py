"""Members' counters by category, hour, weekday and place, filled from what was reported."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "fact_counts"
down_revision = "star_cards"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
KEYS_MAX = 50
NAMES = ("id", "member_id", "kind", "state", "location_id")
ACTIVITY = sa.table(
    "activity",
    *map(sa.column, NAMES),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
    sa.column("trace", JSON),
    sa.column("returned", JSON),
)
FACTS = sa.table("member_facts", sa.column("member_id"), sa.column("counts", JSON))


def upgrade() -> None:
    op.add_column(
        "member_facts",
        sa.Column("counts", JSON, server_default=sa.text("'{}'"), nullable=False),
    )
    fill()


def fill() -> None:
    """Count member by member, in the order in which things were recorded."""
    bind = op.get_bind()
    zone = bind.execute(sa.select(sa.table("programme", sa.column("zone")).c.zone)).scalar()
    a = ACTIVITY.c
    asked = sa.select(ACTIVITY).where(a.kind == "purchase").order_by(a.member_id, a.id)
    if zone is None:
        return
    rows = bind.execute(asked, execution_options={"yield_per": 1000})
    of = FACTS.c.member_id == sa.bindparam("of_id")
    change = sa.update(FACTS).where(of).values(counts=sa.bindparam("new", type_=JSON))
    changes = [
        {"of_id": member_id, "new": counts_of(list(found), ZoneInfo(zone))}
        for member_id, found in groupby(rows, key=lambda row: row.member_id)
    ]
    if changes:
        bind.execute(change, changes)


def counts_of(rows: list[Any], zone: ZoneInfo) -> dict[str, dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    for row in rows:
        for category, pieces, money in goods_of(row):
            section = counts.setdefault("categories", {})
            before = section.get(key := room(section, category), [0, 0])
            section[key] = [before[0] + pieces, before[1] + money]
        if row.trace["is_visit"]:
            # A place and an hour keep their name even when the visit was taken back.
            add_visit(counts, row, zone, row.state not in ("returned", "cancelled"))
    return counts


def goods_of(row: Any) -> list[tuple[str, int, int]]:
    """What is left of each line that has a category: pieces and money."""
    lines, back = row.trace["lines"], row.returned or {"amounts": [], "quantities": []}
    amounts = back["amounts"] or [0] * len(lines)
    pieces = back["quantities"] or [0] * len(lines)
    found = []
    for (paid, _, quantity, _, category), amount, gone in zip(lines, amounts, pieces, strict=True):
        is_back = bool(paid and amount == paid)
        if category:
            found.append((category, 0 if is_back else quantity - gone, paid - amount))
    return found


def add_visit(counts: dict[str, dict[str, Any]], row: Any, zone: ZoneInfo, number: int) -> None:
    at: datetime = row.occurred_at
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    names = {
        "hours": str(local.hour),
        "weekdays": str(local.weekday()),
        "places": row.location_id,
    }
    for name, value in names.items():
        if value:
            section = counts.setdefault(name, {})
            key = room(section, value)
            section[key] = section.get(key, 0) + number


def room(section: dict[str, Any], name: str) -> str:
    is_full = len(section) - ("*" in section) >= KEYS_MAX
    return "*" if is_full and name not in section else name


def downgrade() -> None:
    with op.batch_alter_table("member_facts") as batch_op:
        batch_op.drop_column("counts")
