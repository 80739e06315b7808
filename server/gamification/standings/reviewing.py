"""The nightly review: standings whose day has come, a batch at a time.

Every call is one batch of one transaction, safe to repeat and safe twice at once: members are
locked before their standings are read, and whoever was reviewed already has nothing due. Each
decision takes effect as of its own day, however late the review runs.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Integer, bindparam, select

from server.core.outbox import record
from server.gamification.ledger.queries import lock_wallets
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.standings import events
from server.gamification.standings.climbing import settle_tier, tally_of
from server.gamification.standings.holders import Holder, load_holders
from server.gamification.standings.models import MEMBER_TIER, TIER_NOTICE
from server.gamification.standings.service import (
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
from server.gamification.tiers.types import Ladder, WindowKind

BATCH = 2000
NOTICE_DAYS = (30, 7)
_M, _N = MEMBER_TIER.c, TIER_NOTICE.c
_LIMIT = bindparam("limit", type_=Integer)
_DUE = (
    select(_M.member_id)
    .where(_M.review_on <= bindparam("today"))
    .order_by(_M.review_on, _M.member_id)
    .limit(_LIMIT)
)
_TOLD = (
    select(_N.member_id)
    .where(
        _N.member_id == _M.member_id,
        _N.kind == bindparam("kind"),
        _N.tier_id == _M.tier_id,
        _N.period_on == _M.keep_until_on,
    )
    .exists()
)
_ENDING = (
    select(_M.member_id)
    .where(
        _M.keep_until_on > bindparam("after_on"),
        _M.keep_until_on <= bindparam("until_on"),
        _M.grace_until_on.is_(None),
        ~_M.is_locked,
        ~_TOLD,
    )
    .order_by(_M.keep_until_on, _M.member_id)
    .limit(_LIMIT)
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

    Looks at up to `limit` members for each of the two; returns how many there were. Call it again
    until it returns 0, after `review_tiers`.
    """
    ladder = get_ladder(tx, current_revision(tx))
    nearest = (*NOTICE_DAYS[1:], -1)
    return sum(
        _announce(tx, ladder, (as_of_on, days, least), now, limit)
        for days, least in zip(NOTICE_DAYS, nearest, strict=True)
    )


def _announce(
    tx: Connection, ladder: Ladder, of: tuple[date, int, int], now: datetime, limit: int
) -> int:
    """Announce tiers that end in more than `least` and at most `days` days: `of` has both."""
    as_of_on, days, least = of
    kind = f"at_risk_{days}"
    dates = {
        "after_on": as_of_on + timedelta(days=least),
        "until_on": as_of_on + timedelta(days=days),
    }
    ids = tx.execute(_ENDING, dates | {"kind": kind, "limit": limit}).scalars().all()
    if ids:
        _tell(tx, ladder, _exact(tx, ladder, ids, as_of_on, now), (kind, as_of_on, now))
    return len(ids)


def _exact(
    tx: Connection, ladder: Ladder, ids: Sequence[str], as_of_on: date, now: datetime
) -> list[Holder]:
    """Return the members whose date is right; in a rolling window others are put off first."""
    lock_wallets(tx, ids, POINTS)
    holders = load_holders(tx, ladder, ids, as_of_on)
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
    tx: Connection, ladder: Ladder, holders: Sequence[Holder], of: tuple[str, date, datetime]
) -> None:
    """Note the notices; only those who would lose the tier are told."""
    kind, as_of_on, now = of
    notices, short = [], set()
    for one in holders:
        ahead = outlook(ladder, one.standing, tally_of(one, ladder), as_of_on)
        tier = current_tier(ladder, one.standing)
        if tier is None or ahead.keep_on is None:
            continue
        missing = tier.threshold - ahead.keep_score
        event = events.at_risk(one.member_id, tier.id, max(0, missing), ahead.keep_on)
        notice = TierNotice(one.member_id, kind, tier.id, ahead.keep_on, event)
        notices.append(notice)
        short |= {notice.event.member_id} if missing > 0 else set()
    told = give_notices(tx, notices)
    record(tx, [event for event in told if event.member_id in short], now=now)
