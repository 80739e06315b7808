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
from server.gamification.tiers.rules import change_between, current_tier, source_of, tier_after
from server.gamification.tiers.types import Ladder, Source, Standing, TierChange

_KEPT = ("tier_id", "since_at", "source", "is_locked", "floor_id")


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
    floor_id: str | None = None


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
        "floor_id": move.floor_id,
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

    The tier becomes the member's floor. The caller holds the lock of the member's wallet. Raise
    `TierUnknown`.
    """
    tier = ladder.by_key(key)
    if tier is None:
        raise TierUnknown(key=key)
    before = current_tier(ladder, queries.get_standing(tx, member_id))
    source, actor, is_locked = move
    change = change_between(before, tier) or TierChange(tier.id, tier.id, False)
    floor_id = None if source is Source.EARNED else tier.id
    save_moves(tx, [TierMove(member_id, change, source, actor, is_locked, floor_id)], now)
    return change


def follow_score(
    ladder: Ladder, standing: Standing, score: int, of: tuple[str, str], now: datetime
) -> tuple[Standing, TierMove] | None:
    """Return where a member stands by the score and the move there, or None if nothing moves.

    `of` is the member's id and the id of what changed the score.
    """
    after = tier_after(ladder, standing, score)
    change = change_between(current_tier(ladder, standing), after)
    if change is None:
        return None
    member_id, ref_id = of
    source = source_of(after, standing.floor_id)
    moved = Standing(change.to_id, now, source, standing.is_locked, standing.floor_id)
    move = TierMove(member_id, change, source, ref_id, standing.is_locked, standing.floor_id)
    return moved, move
