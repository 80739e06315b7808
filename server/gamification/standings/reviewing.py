"""The nightly review: standings whose day has come, a batch at a time.

Every call is one batch of one transaction, safe to repeat and safe twice at once: members are
locked before their standings are read, and whoever was reviewed already has nothing due. Each
decision takes effect as of its own day, however late the review runs.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    select,
    update,
)

from server.core.outbox import record
from server.gamification.ledger.queries import lock_wallets
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.standings import events
from server.gamification.standings.climbing import settle_tier, tally_of
from server.gamification.standings.holders import Holder, load_holders
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.standings.service import (
    NOTICE_DAYS,
    TierMove,
    TierNotice,
    events_of,
    give_notices,
    save_moves,
)
from server.gamification.tiers.evaluation import safe_for_longer
from server.gamification.tiers.outlook import outlook
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.rules import current_tier
from server.gamification.tiers.types import Ladder, Standing, WindowKind

BATCH = 2000
_M = MEMBER_TIER.c
_LIMIT = bindparam("limit", type_=Integer)


def _first_on(due: ColumnElement[date]) -> Select[str]:
    """Select whose day has come, the earliest first."""
    come = select(_M.member_id).where(due <= bindparam("today"))
    return come.order_by(due, _M.member_id).limit(_LIMIT)


_DUE, _AT_RISK = _first_on(_M.review_on), _first_on(_M.risk_on)
_TELL_NEXT = (
    update(MEMBER_TIER)
    .where(_M.member_id == bindparam("of_member"))
    .values(risk_on=bindparam("next_on"))
)


def review_tiers(tx: Connection, as_of_on: date, now: datetime, limit: int = BATCH) -> int:
    """Review up to `limit` standings that are due on `as_of_on`; return how many there were.

    Call it again, in a transaction each, until it returns 0. `as_of_on` is a date in the
    programme's zone, `now` when the review is written down.
    """
    ladder = get_ladder(tx, current_revision(tx))
    ids = tx.execute(_DUE, {"today": as_of_on, "limit": limit}).scalars().all()
    if ids:
        lock_wallets(tx, ids, POINTS)
        holders = load_holders(tx, ladder, ids, as_of_on)
        _save(tx, [move for one in holders for move in settle_tier(one, ladder, as_of_on)], now)
    return len(ids)


def _save(tx: Connection, moves: list[TierMove], now: datetime) -> None:
    save_moves(tx, moves, now)
    record(tx, events_of(moves), now=now)


def announce_risks(tx: Connection, as_of_on: date, now: datetime, limit: int = BATCH) -> int:
    """Tell members whose tier ends in 30 or in 7 days what is missing, each of it once.

    Looks at up to `limit` members; returns how many there were. Call it again, in a transaction
    each, until it returns 0; after `review_tiers`.
    """
    ladder = get_ladder(tx, current_revision(tx))
    ids = tx.execute(_AT_RISK, {"today": as_of_on, "limit": limit}).scalars().all()
    if ids:
        lock_wallets(tx, ids, POINTS)
        holders = load_holders(tx, ladder, ids, as_of_on)
        _tell(tx, ladder, _exact(tx, ladder, holders, as_of_on, now), (as_of_on, now))
    return len(ids)


def _exact(
    tx: Connection, ladder: Ladder, holders: list[Holder], as_of_on: date, now: datetime
) -> list[Holder]:
    """Return the members whose date is right; in a rolling window others are put off first."""
    if ladder.scheme.window.kind is not WindowKind.ROLLING:
        return holders
    exact, moves = [], []
    for one in holders:
        longer = safe_for_longer(ladder, one.standing, tally_of(one, ladder), as_of_on)
        if longer is None:
            exact.append(one)
        else:
            moves.append(TierMove(one.member_id, longer, f"review:{as_of_on}", now))
    save_moves(tx, moves, now)
    return exact


def _tell(
    tx: Connection, ladder: Ladder, holders: Sequence[Holder], of: tuple[date, datetime]
) -> None:
    """Note the notices and when the next is due; only those who would lose the tier are told."""
    as_of_on, now = of
    notices, next_days = [], []
    for one in holders:
        days, next_on = _ahead(one.standing, as_of_on)
        next_days.append({"of_member": one.member_id, "next_on": next_on})
        stage = next((each for each in reversed(NOTICE_DAYS) if 0 <= days <= each), None)
        notice = _risk(ladder, one, as_of_on, f"at_risk_{stage}") if stage else None
        notices += [notice] if notice else []
    if next_days:
        tx.execute(_TELL_NEXT, next_days)
    record(tx, give_notices(tx, notices), now=now)


def _ahead(standing: Standing, as_of_on: date) -> tuple[int, date | None]:
    """Return in how many days a tier ends, and the day of the notice after today's."""
    keep_on = standing.keep_until_on or as_of_on
    days = (keep_on - as_of_on).days
    later = next((each for each in NOTICE_DAYS if each < days), None)
    return days, keep_on - timedelta(days=later) if later else None


def _risk(ladder: Ladder, holder: Holder, as_of_on: date, kind: str) -> TierNotice | None:
    """Return the notice that a member would lose the tier, None for one whose score is enough."""
    ahead = outlook(ladder, holder.standing, tally_of(holder, ladder), as_of_on)
    tier = current_tier(ladder, holder.standing)
    if tier is None or ahead.keep_on is None or ahead.keep_score >= tier.threshold:
        return None
    missing = tier.threshold - ahead.keep_score
    event = events.at_risk(holder.member_id, tier.id, missing, ahead.keep_on)
    return TierNotice(holder.member_id, kind, tier.id, ahead.keep_on, event)
