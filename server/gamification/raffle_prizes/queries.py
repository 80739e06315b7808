"""Reading prizes that were won, and what is due with them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, func, or_, select

from server.core.columns import UTCDateTime
from server.core.pagination import newest_first
from server.core.statements import Prepared
from server.gamification.raffle_draws.models import RAFFLE_DRAW, RAFFLE_WIN
from server.gamification.raffle_draws.queries import win_of
from server.gamification.raffle_draws.types import Draw, Win
from server.gamification.raffle_prizes.models import RAFFLE_SUBSTITUTE
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.queries import raffle_at
from server.gamification.raffles.types import Standing

WARNED_HOURS = (24, 72)
"""So long before the end winners who have not claimed are told, the shortest first."""
_W, _R, _D, _U = RAFFLE_WIN.c, RAFFLE.c, RAFFLE_DRAW.c, RAFFLE_SUBSTITUTE.c
_NOW = bindparam("now", type_=UTCDateTime)
_MOST = bindparam("most", type_=Integer)
_IS_MAIN = _W.draw == str(Draw.MAIN)
_BY_ID = Prepared(select(RAFFLE_WIN).where(_W.id == bindparam("win_id")))
_LOCK = Prepared(select(RAFFLE_WIN).where(_W.id == bindparam("win_id")).with_for_update())
_MINE = newest_first(
    select(RAFFLE_WIN).where(_W.member_id == bindparam("member_id")), _W.won_at, _W.id
)
_MINE_IN = Prepared(
    select(RAFFLE_WIN)
    .where(_W.raffle_id == bindparam("raffle_id"), _W.member_id == bindparam("member_id"))
    .order_by(_W.draw, _W.place)
)
_UNGIVEN = (
    select(RAFFLE_WIN)
    .where(_W.draw == str(Draw.SECOND), _W.state == "won")
    .order_by(_W.raffle_id, _W.place)
    .limit(_MOST)
)
_OVERDUE = (
    select(RAFFLE_WIN)
    .where(_IS_MAIN, _W.state == "won", _W.claim_by_at <= _NOW)
    .order_by(_W.claim_by_at, _W.id)
    .limit(_MOST)
)
_CLAIMED = (
    select(RAFFLE_WIN, _R.version.label("raffle_version"), _D.drawn_at)
    .join(RAFFLE, _R.id == _W.raffle_id)
    .join(RAFFLE_DRAW, _D.raffle_id == _W.raffle_id)
    .where(_IS_MAIN, _W.state == "claimed")
    .order_by(_W.claimed_at, _W.id)
)
_ENDING = [
    (
        hours,
        select(RAFFLE_WIN)
        .where(
            _IS_MAIN,
            _W.state == "won",
            _W.claim_by_at > _NOW,
            _W.claim_by_at <= bindparam("until", type_=UTCDateTime),
            or_(_W.warned_hours == 0, _W.warned_hours > hours),
        )
        .order_by(_W.claim_by_at, _W.id)
        .limit(_MOST),
    )
    for hours in WARNED_HOURS
]
_OPEN = (
    select(func.count())
    .select_from(RAFFLE_WIN)
    .where(and_(_W.raffle_id == bindparam("raffle_id"), _W.ended_at.is_(None)))
)
_DRAWN = (
    select(_R.id)
    .join(RAFFLE_DRAW, _D.raffle_id == _R.id)
    .where(_R.state == "drawn", _D.told_at.is_not(None))
    .order_by(_R.id)
)
_SUBSTITUTES = select(RAFFLE_SUBSTITUTE).where(_U.raffle_id == bindparam("raffle_id"))
_NEXT_CLAIM_BY = select(func.min(_W.claim_by_at)).where(
    _IS_MAIN, _W.state == "won", _W.claim_by_at > _NOW
)


def find_win(tx: Connection, win_id: str) -> Win | None:
    """Return a prize that was won, None without one."""
    row = _BY_ID.first(tx, {"win_id": win_id})
    return win_of(row) if row else None


def lock_win(tx: Connection, win_id: str) -> Win | None:
    """Lock a prize that was won, after the wallet of its member, and return it."""
    row = _LOCK.first(tx, {"win_id": win_id})
    return win_of(row) if row else None


def page_wins(tx: Connection, member_id: str, parameters: dict[str, Any]) -> list[Win]:
    """Return a page of the prizes that a member has won, newest first."""
    return [win_of(row) for row in tx.execute(_MINE, parameters | {"member_id": member_id})]


def list_wins_of(tx: Connection, raffle_id: str, member_id: str) -> list[Win]:
    """Return what a member has won in a raffle: main prizes first."""
    rows = _MINE_IN.all(tx, {"raffle_id": raffle_id, "member_id": member_id})
    return [win_of(row) for row in rows]


def list_ungiven(tx: Connection, limit: int) -> list[Win]:
    """Return up to `limit` consolation prizes that are to be given."""
    return [win_of(row) for row in tx.execute(_UNGIVEN, {"most": limit})]


def list_overdue(tx: Connection, now: datetime, limit: int) -> list[Win]:
    """Return up to `limit` main prizes that were not claimed in time."""
    return [win_of(row) for row in tx.execute(_OVERDUE, {"now": now, "most": limit})]


def list_ending(tx: Connection, now: datetime, limit: int) -> list[tuple[int, Win]]:
    """Return unclaimed prizes whose winners are to be told, with the hours that are left."""
    found: dict[str, tuple[int, Win]] = {}
    for hours, asked in _ENDING:
        until = {"now": now, "until": now + timedelta(hours=hours), "most": limit}
        for row in tx.execute(asked, until):
            found.setdefault(row.id, (hours, win_of(row)))
    return list(found.values())


def list_deliverable(tx: Connection, now: datetime) -> list[str]:
    """Return the claimed main prizes of draws about which nobody can complain any more."""
    due = []
    for row in tx.execute(_CLAIMED):
        days = raffle_at(tx, row.raffle_id, row.raffle_version).complaint_days
        if row.drawn_at + timedelta(days=days) <= now:
            due.append(row.id)
    return due


def complaints_end(tx: Connection, standing: Standing) -> datetime | None:
    """Return until when one may complain about a draw, None before it."""
    if standing.drawn_at is None:
        return None
    days = raffle_at(tx, standing.id, standing.version).complaint_days
    return standing.drawn_at + timedelta(days=days)


def has_open_wins(tx: Connection, raffle_id: str) -> bool:
    """Tell whether a prize of a raffle is still to be claimed or given."""
    return bool(tx.execute(_OPEN, {"raffle_id": raffle_id}).scalar_one())


def list_told(tx: Connection) -> list[str]:
    """Return the drawn raffles all of whose entrants have been told."""
    return list(tx.execute(_DRAWN).scalars())


def list_substitutes(tx: Connection, raffle_id: str) -> dict[int, Any]:
    """Return what is given instead of main prizes, by place."""
    return {row.place: row for row in tx.execute(_SUBSTITUTES, {"raffle_id": raffle_id})}


def next_claim_end_at(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next unclaimed prize lapses after `now`."""
    found: datetime | None = tx.execute(_NEXT_CLAIM_BY, {"now": now}).scalar()
    return found
