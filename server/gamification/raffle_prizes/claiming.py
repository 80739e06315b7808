"""Claiming a main prize, losing it, and passing it on to the next in the order of the draw."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from server.core.audit import Change, write_audit
from server.core.outbox import Event, record
from server.gamification.raffle_draws.drawing import claim_end
from server.gamification.raffle_draws.types import Draw, Win, WinState
from server.gamification.raffle_draws.winners import add_alternate
from server.gamification.raffle_prizes import events
from server.gamification.raffle_prizes.errors import PrizeClaimExpired, PrizeUnknown
from server.gamification.raffle_prizes.giving import carry, give_claimed, lock_with_wallet
from server.gamification.raffle_prizes.queries import (
    complaints_end,
    find_win,
    has_open_wins,
    list_ending,
    list_overdue,
    lock_win,
)
from server.gamification.raffle_prizes.storing import change_win
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.queries import get_standing, lock_standing
from server.gamification.raffles.types import RaffleState

_CLOSE = (
    update(RAFFLE)
    .where(RAFFLE.c.id == bindparam("raffle_id"), RAFFLE.c.state == str(RaffleState.DRAWN))
    .values(state=str(RaffleState.CLOSED), closed_at=bindparam("at"))
)
_GONE = (WinState.LAPSED, WinState.VOID)


def claim_prize(tx: Connection, member_id: str, win_id: str, now: datetime) -> Win:
    """Let a winner claim a main prize; it costs nothing. Done again it stays as it is.

    Raise `PrizeUnknown` (also for another member's), `PrizeClaimExpired`.
    """
    win = lock_with_wallet(tx, win_id, now)
    if win is None or win.member_id != member_id:
        raise PrizeUnknown
    if win.draw is Draw.SECOND or win.state in (WinState.CLAIMED, WinState.GIVEN):
        return win
    if win.state in _GONE or (win.claim_by_at is not None and now >= win.claim_by_at):
        raise PrizeClaimExpired(claim_by=win.claim_by_at.isoformat() if win.claim_by_at else None)
    claimed = change_win(tx, win, state=WinState.CLAIMED, claimed_at=now)
    record(tx, [events.of_prize("prize.claimed", claimed)], now=now)
    end = complaints_end(tx, get_standing(tx, win.raffle_id))
    if end is not None and end <= now and give_claimed(tx, [win_id], now):
        return find_win(tx, win_id) or claimed
    return claimed


def lapse_prizes(tx: Connection, now: datetime, limit: int) -> int:
    """Pass up to `limit` prizes on that were not claimed in time; return how many."""
    due = list_overdue(tx, now, limit)
    for found in due:
        lock_standing(tx, found.raffle_id)
        win = lock_win(tx, found.id)
        if win is not None and win.state is WinState.WON:
            lapsed = change_win(tx, win, state=WinState.LAPSED, ended_at=now)
            record(tx, [events.of_prize("prize.lapsed", lapsed)], now=now)
            _pass_on(tx, lapsed, now)
    return len(due)


def void_prize(tx: Connection, win_id: str, why: str, actor: str, now: datetime) -> Win:
    """Take a main prize that was not given yet from its winner, with a public reason.

    It takes two people (`acts`). Raise `PrizeUnknown`, `PrizeClaimExpired`.
    """
    found = find_win(tx, win_id)
    if found is None or found.draw is not Draw.MAIN:
        raise PrizeUnknown
    lock_standing(tx, found.raffle_id)
    win = lock_win(tx, win_id)
    if win is None or win.state not in (WinState.WON, WinState.CLAIMED):
        raise PrizeClaimExpired(claim_by=None)
    voided = change_win(tx, win, state=WinState.VOID, why=why, ended_at=now)
    told = {"prize_id": win.id, "place": win.place, "why": why}
    change = Change("raffle.prize_voided", "raffle", win.raffle_id, None, told)
    write_audit(tx, change, actor=actor, now=now)
    record(tx, [events.of_prize("prize.voided", voided)], now=now)
    _pass_on(tx, voided, now)
    return voided


def _pass_on(tx: Connection, win: Win, now: datetime) -> None:
    """Give the next in order the prize that somebody has lost; after the last it is carried."""
    standing = get_standing(tx, win.raffle_id)
    if win.prize_place is None or add_alternate(tx, win, claim_end(tx, standing, now), now):
        return
    carry(tx, win.raffle_id, win.prize_place, now)


def warn_winners(tx: Connection, now: datetime, limit: int) -> int:
    """Tell winners that the time to claim ends, three days and one day before; return how many."""
    found = list_ending(tx, now, limit)
    for hours, win in found:
        change_win(tx, win, warned_hours=hours)
    record(tx, [events.of_deadline(win, hours) for hours, win in found], now=now)
    return len(found)


def close_raffle(tx: Connection, raffle_id: str, now: datetime) -> bool:
    """Close a drawn raffle when every prize was given or nobody is left for it."""
    standing = lock_standing(tx, raffle_id)
    end = complaints_end(tx, standing)
    is_over = standing.state is RaffleState.DRAWN and end is not None and end <= now
    if not is_over or has_open_wins(tx, raffle_id):
        return False
    tx.execute(_CLOSE, {"raffle_id": raffle_id, "at": now})
    record(tx, [Event("raffle.closed", {"raffle_id": raffle_id})], now=now)
    return True
