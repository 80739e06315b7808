"""Giving prizes: consolation prizes at once, main prizes when nobody can complain any more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.core.errors import Refusal
from server.core.outbox import record
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give
from server.gamification.grants.types import Reason
from server.gamification.ledger.queries import lock_wallets
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.raffle_draws.drawing import store_draw
from server.gamification.raffle_draws.queries import list_wins
from server.gamification.raffle_draws.types import Draw, Drawing, Win, WinState
from server.gamification.raffle_prizes import events
from server.gamification.raffle_prizes.errors import PrizeNotDue, PrizeUnknown
from server.gamification.raffle_prizes.queries import (
    complaints_end,
    find_win,
    list_substitutes,
    list_ungiven,
    lock_win,
)
from server.gamification.raffle_prizes.storing import change_win
from server.gamification.raffles.queries import get_standing, raffle_at
from server.gamification.raffles.reserved import prize_at, release_piece
from server.gamification.rewards.catalogue import reward_at
from server.gamification.vouchers.redeeming import Reason as VoucherReason
from server.gamification.vouchers.redeeming import issue

GIVING = "system:raffles"
REASON = "raffle"


def finish_draw(tx: Connection, drawing: Drawing, actor: str, now: datetime) -> bool:
    """Write a draw down; main prizes that nobody could win stay for the next raffle.

    Return False when it was written down before. Raise `VoidListChanged`.
    """
    if not store_draw(tx, drawing, actor, now):
        return False
    manifest = drawing.sealed.manifest
    won = len(list_wins(tx, manifest.raffle_id, Draw.MAIN))
    for place in range(won + 1, manifest.main_prizes + 1):
        carry(tx, manifest.raffle_id, place, now)
    return True


def carry(tx: Connection, raffle_id: str, place: int, now: datetime) -> None:
    """Keep a main prize for the next raffle: its piece goes back on the shelf."""
    if place not in list_substitutes(tx, raffle_id):  # then its piece went back before
        release_piece(tx, raffle_id, place)
    record(tx, [events.of_carrying(raffle_id, place)], now=now)


def give_consolations(tx: Connection, now: datetime, limit: int) -> int:
    """Give up to `limit` consolation prizes; return how many. Given twice it is given once."""
    waiting = list_ungiven(tx, limit)
    if waiting:
        lock_wallets(tx, sorted({win.member_id for win in waiting}), POINTS)
    for win in waiting:
        _give_consolation(tx, win.id, now)
    return len(waiting)


def _give_consolation(tx: Connection, win_id: str, now: datetime) -> None:
    win = lock_win(tx, win_id)
    if win is None or win.state is not WinState.WON:
        return
    standing = get_standing(tx, win.raffle_id)
    raffle = raffle_at(tx, win.raffle_id, standing.version)
    assert raffle.consolation is not None
    benefit = Benefit(BenefitKind.POINTS, raffle.consolation.amount, raffle.consolation.unit)
    reason = Reason(REASON, win.id, dict(raffle.names))
    given = give(tx, win.member_id, [benefit], reason, GIVING, now)
    after = change_win(tx, win, state=WinState.GIVEN, ref_id=given.grant_id, ended_at=now)
    record(tx, [events.of_prize("prize.given", after)], now=now)


def give_claimed(tx: Connection, win_ids: Sequence[str], now: datetime) -> int:
    """Give claimed main prizes that are rewards of the catalogue; return how many were given.

    What people hand over, and what cannot be given now (the reward is archived), stays claimed.
    """
    return sum(_give_reward(tx, win_id, now) for win_id in win_ids)


def _give_reward(tx: Connection, win_id: str, now: datetime) -> bool:
    win = lock_with_wallet(tx, win_id, now)
    if win is None or win.state is not WinState.CLAIMED or win.prize_place is None:
        return False
    if not is_given_by_itself(tx, win.raffle_id, win.prize_place):
        return False
    prize = prize_at(tx, win.raffle_id, win.prize_place)
    key = reward_at(tx, prize.reward_id, prize.reward_version).key
    try:
        with tx.begin_nested():
            release_piece(tx, win.raffle_id, win.prize_place)
            reason = VoucherReason(REASON, win.id, GIVING)
            voucher = issue(tx, win.member_id, key, reason, now)
    except Refusal:
        return False
    after = change_win(tx, win, state=WinState.GIVEN, ref_id=voucher.id, ended_at=now)
    record(tx, [events.of_prize("prize.given", after)], now=now)
    return True


def note_delivery(tx: Connection, win_id: str, actor: str, now: datetime) -> Win:
    """Note that people have handed a claimed main prize over. Done again it stays as it is.

    A reward of the catalogue is given by itself. Raise `PrizeUnknown`, `PrizeNotDue`.
    """
    win = lock_win(tx, win_id)
    if win is None or win.prize_place is None:
        raise PrizeUnknown
    if win.state is WinState.GIVEN:
        return win
    end = complaints_end(tx, get_standing(tx, win.raffle_id))
    is_due = win.state is WinState.CLAIMED and end is not None and now >= end
    if not is_due or is_given_by_itself(tx, win.raffle_id, win.prize_place):
        raise PrizeNotDue(state=str(win.state), from_at=end.isoformat() if end else None)
    after = change_win(tx, win, state=WinState.GIVEN, why=actor, ended_at=now)
    record(tx, [events.of_prize("prize.given", after)], now=now)
    return after


def lock_with_wallet(tx: Connection, win_id: str, now: datetime) -> Win | None:
    """Lock the wallet of points of a winner, then the prize, and return it."""
    found = find_win(tx, win_id)
    if found is None:
        return None
    open_book(tx, found.member_id, POINTS, now)
    return lock_win(tx, win_id)


def is_given_by_itself(tx: Connection, raffle_id: str, place: int) -> bool:
    """Tell whether a main prize is a reward of the catalogue, which is given as a voucher."""
    prize = prize_at(tx, raffle_id, place)
    return prize.reward_id is not None and place not in list_substitutes(tx, raffle_id)
