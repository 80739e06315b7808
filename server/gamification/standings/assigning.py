"""Tiers by decision of people: given by hand, by invitation or for a fee, locked, and ended."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from server.core.audit import Change, write_audit
from server.core.clock import local_date
from server.core.errors import NotFound
from server.core.outbox import record
from server.gamification.ledger.queries import lock_wallets
from server.gamification.ledger.service import create_wallets
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.standings.climbing import tally_of
from server.gamification.standings.holders import Holder, load_holders
from server.gamification.standings.service import TierMove, events_of, save_moves
from server.gamification.tiers.errors import TierUnknown
from server.gamification.tiers.evaluation import assigned, released
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.types import Ladder, Review, Standing


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which tier is given, why and by whom; whether it is locked, and until when it holds."""

    key: str
    reason: str
    actor: str
    is_locked: bool = False
    until_on: date | None = None


def assign_tier(tx: Connection, member_id: str, given: Assignment, now: datetime) -> Review:
    """Give a member a tier by hand, by invitation or for a fee; return the decision.

    The tier is a floor until `until_on` is over (for ever without a date): more can be earned,
    and lost again down to it. A locked tier does not move at all until then. Raise `TierUnknown`,
    `NotFound`.
    """
    ladder, holder = _locked(tx, member_id, now)
    tier = ladder.by_key(given.key)
    if tier is None:
        raise TierUnknown(key=given.key)
    held = Standing(
        holder.standing.tier_id,
        holder.standing.since_at,
        holder.standing.source,
        is_locked=given.is_locked,
        floor_id=tier.id,
        floor_until_on=given.until_on,
        reason=given.reason,
    )
    review = assigned(ladder, holder.standing, held, tier, now)
    _save(tx, "tier.assigned", holder, review, given.actor, now)
    return review


def unlock_tier(tx: Connection, member_id: str, reason: str, actor: str, now: datetime) -> Review:
    """End a lock and a tier given by people: from now on the tier follows what counts.

    It moves at once to what the score earns. Raise `NotFound`.
    """
    ladder, holder = _locked(tx, member_id, now)
    review = released(ladder, holder.standing, tally_of(holder, ladder), now, reason)
    _save(tx, "tier.unlocked", holder, review, actor, now)
    return review


def _locked(tx: Connection, member_id: str, now: datetime) -> tuple[Ladder, Holder]:
    """Lock a member (the wallet is made when missing) and read them. Raise `NotFound`."""
    ladder = get_ladder(tx, current_revision(tx))
    create_wallets(tx, [member_id], POINTS, now)
    if not lock_wallets(tx, [member_id], POINTS):
        raise NotFound("There is no such member.")
    (holder,) = load_holders(tx, ladder, [member_id], local_date(now, ladder.scheme.zone))
    return ladder, holder


def _save(
    tx: Connection, action: str, holder: Holder, review: Review, actor: str, now: datetime
) -> None:
    move = TierMove(holder.member_id, review, actor, now)
    save_moves(tx, [move], now)
    record(tx, events_of([move]), now=now)
    change = Change(
        action,
        "member",
        holder.member_id,
        _shown(holder.standing),
        _shown(review.standing),
    )
    write_audit(tx, change, actor=actor, now=now)


def _shown(standing: Standing) -> dict[str, object]:
    until = standing.floor_until_on
    return {
        "tier_id": standing.tier_id,
        "source": str(standing.source),
        "is_locked": standing.is_locked,
        "floor_id": standing.floor_id,
        "until_on": until.isoformat() if until else None,
        "reason": standing.reason,
    }
