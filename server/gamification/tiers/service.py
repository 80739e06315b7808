"""Moving members on the ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.dialects import postgresql, sqlite

from server.core.ids import new_id
from server.gamification.tiers import queries
from server.gamification.tiers.errors import TierUnknown
from server.gamification.tiers.models import MEMBER_TIER, TIER_CHANGE
from server.gamification.tiers.rules import change_between, current_tier
from server.gamification.tiers.types import Ladder, Source, TierChange

_KEPT = ("tier_id", "since_at", "source", "is_locked")


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(MEMBER_TIER)
    new = {name: statement.excluded[name] for name in _KEPT}
    return statement.on_conflict_do_update(index_elements=["member_id"], set_=new)


_UPSERT_TIER = {"postgresql": _upsert(postgresql), "sqlite": _upsert(sqlite)}
_INSERT_CHANGE = insert(TIER_CHANGE)


@dataclass(frozen=True, slots=True)
class TierMove:
    """A member's move to another tier, as it is written down."""

    member_id: str
    change: TierChange
    source: Source
    ref_id: str
    is_locked: bool = False


def save_moves(tx: Connection, moves: Sequence[TierMove], now: datetime) -> None:
    """Write moves on the ladder and their history; each table with one statement."""
    if not moves:
        return
    tx.execute(_UPSERT_TIER[tx.dialect.name], [_tier_row(move, now) for move in moves])
    tx.execute(_INSERT_CHANGE, [_change_row(move, now) for move in moves])


def _tier_row(move: TierMove, now: datetime) -> dict[str, Any]:
    return {
        "member_id": move.member_id,
        "tier_id": move.change.to_id,
        "since_at": now,
        "source": str(move.source),
        "is_locked": move.is_locked,
    }


def _change_row(move: TierMove, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id("tch", now),
        "member_id": move.member_id,
        "from_id": move.change.from_id,
        "to_id": move.change.to_id,
        "source": str(move.source),
        "ref_id": move.ref_id,
        "changed_at": now,
    }


def set_tier(
    tx: Connection,
    ladder: Ladder,
    member_id: str,
    key: str,
    move: tuple[Source, str, bool],
    now: datetime,
) -> TierChange | None:
    """Give a member the tier `key` by invitation or by hand; `move` is (source, actor, locked).

    The caller holds the member's wallet lock. Raise `TierUnknown`.
    """
    tier = ladder.by_key(key)
    if tier is None:
        raise TierUnknown(key=key)
    before = current_tier(ladder, queries.get_standing(tx, member_id))
    source, actor, is_locked = move
    change = change_between(before, tier) or TierChange(tier.id, tier.id, False)
    save_moves(tx, [TierMove(member_id, change, source, actor, is_locked)], now)
    return change
