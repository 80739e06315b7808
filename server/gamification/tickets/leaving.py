"""Tickets that count no longer: given back, taken back, or the raffle is cancelled.

What a ticket cost goes back to the lots it came from. Of a raffle that the organiser cancels it is
good for thirty days at least.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, update

from server.core.outbox import record
from server.gamification.ledger.book import Book
from server.gamification.ledger.queries import lock_wallets, net_draws
from server.gamification.ledger.service import load_lots, open_book, save_book
from server.gamification.ledger.types import Cause, Kind
from server.gamification.programme.types import POINTS
from server.gamification.raffles.errors import RaffleClosed
from server.gamification.raffles.queries import get_standing
from server.gamification.raffles.types import RaffleState
from server.gamification.tickets import events
from server.gamification.tickets.counting import count_out, count_refund
from server.gamification.tickets.errors import EntryUnknown
from server.gamification.tickets.models import RAFFLE_ENTRY
from server.gamification.tickets.queries import count_held, find_entry, list_counted
from server.gamification.tickets.types import Entry, EntryState

REFUNDING = "system:raffles"
KEPT_DAYS = 30
_END = (
    update(RAFFLE_ENTRY)
    .where(RAFFLE_ENTRY.c.id == bindparam("entry_id"))
    .values(state=bindparam("new_state"), ended_at=bindparam("at"))
)


def cancel_entry(tx: Connection, member_id: str, entry_id: str, actor: str, now: datetime) -> Entry:
    """Let a member give tickets back before the raffle closes. Done again it stays as it is.

    Raise `EntryUnknown` (also for another member's), `RaffleClosed`.
    """
    entry = _locked(tx, entry_id, now)
    if entry is None or entry.member_id != member_id:
        raise EntryUnknown
    if entry.state is not EntryState.COUNTED:
        return entry
    return _leave(tx, entry, EntryState.CANCELLED, actor, now)


def withdraw_entry(tx: Connection, entry_id: str, actor: str, now: datetime) -> bool:
    """Take tickets back that were given; False when the raffle has closed and they stay."""
    entry = _locked(tx, entry_id, now)
    if entry is None or entry.state is not EntryState.COUNTED:
        return entry is not None
    try:
        _leave(tx, entry, EntryState.WITHDRAWN, actor, now)
    except RaffleClosed:
        return False
    return True


def refund_entries(tx: Connection, raffle_id: str, now: datetime, limit: int) -> int:
    """Refund up to `limit` entries of a cancelled raffle; return how many, of any other none.

    Call it again, in a transaction each, until it returns 0. Raise `RaffleUnknown`.
    """
    if get_standing(tx, raffle_id).state is not RaffleState.CANCELLED:
        return 0
    entries = list_counted(tx, raffle_id, limit)
    _lock_all(tx, entries)
    refunded = 0
    for found in entries:
        entry = _locked(tx, found.id, now)
        if entry is not None and entry.state is EntryState.COUNTED:
            held = count_held(tx, raffle_id, entry.member_id)
            count_refund(tx, entry, is_last=held == entry.tickets)
            _end(tx, entry, EntryState.REFUNDED, (REFUNDING, KEPT_DAYS), now)
            refunded += 1
    return refunded


def _locked(tx: Connection, entry_id: str, now: datetime) -> Entry | None:
    """Return an entry as it is once the wallet of its member is locked."""
    entry = find_entry(tx, entry_id)
    if entry is None:
        return None
    open_book(tx, entry.member_id, POINTS, now)
    return find_entry(tx, entry_id)


def _lock_all(tx: Connection, entries: Sequence[Entry]) -> None:
    """Lock the wallets of several members in the one order."""
    if entries:
        lock_wallets(tx, sorted({entry.member_id for entry in entries}), POINTS)


def _leave(tx: Connection, entry: Entry, state: EntryState, actor: str, now: datetime) -> Entry:
    held = count_held(tx, entry.raffle_id, entry.member_id)
    count_out(tx, entry, is_last=held == entry.tickets, now=now)
    return _end(tx, entry, state, (actor, 0), now)


def _end(
    tx: Connection, entry: Entry, state: EntryState, by: tuple[str, int], now: datetime
) -> Entry:
    """End an entry and give back what it cost, to be kept for so many days at least."""
    actor, days = by
    after = replace(entry, state=state, ended_at=now)
    tx.execute(_END, {"entry_id": entry.id, "new_state": str(state), "at": now})
    if entry.transfer_id is not None:
        book = open_book(tx, entry.member_id, entry.unit, now)
        if days:
            _keep(book, now + timedelta(days=days))
        cause = Cause("entry", entry.id, actor, now, now, reverses_id=entry.transfer_id)
        _give_back(tx, book, entry, cause)
    record(tx, [events.of_ending(after)], now=now)
    return after


def _keep(book: Book, until: datetime) -> None:
    """Let what comes back live until then at least, whatever its date was."""
    book.kept_until = until
    if book.wallet.idle_at is not None:
        book.put_off_idling(until)


def _give_back(tx: Connection, book: Book, entry: Entry, cause: Cause) -> None:
    assert entry.transfer_id is not None
    draws = net_draws(tx, entry.transfer_id)
    load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
    book.grace_until = max(filter(None, (book.grace_until, book.kept_until)), default=None)
    book.restore(entry.price, draws, cause, Kind.ENTRY)
    save_book(tx, book)
