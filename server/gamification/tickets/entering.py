"""Entering a raffle: tickets bought, had for nothing, or given. Nothing here commits.

The member's wallet of points is locked first, so that one member enters once at a time; the row of
the raffle is changed last, by one statement that knows whether it is open and has room.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert

from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause, Kind
from server.gamification.programme.queries import current_revision, get_programme
from server.gamification.programme.types import POINTS
from server.gamification.raffles.errors import RaffleClosed, RaffleUnknown
from server.gamification.raffles.queries import find_live, find_standing, raffle_at
from server.gamification.raffles.types import Raffle
from server.gamification.rewards.errors import NotEligible
from server.gamification.tickets import events
from server.gamification.tickets.counting import count_in
from server.gamification.tickets.errors import FreeEntryUsed, TicketLimitReached
from server.gamification.tickets.models import RAFFLE_ENTRY, RAFFLE_TICKET
from server.gamification.tickets.queries import count_held, get_entrant, has_entered_free
from server.gamification.tickets.rules import period_of, why_not_entered, why_not_open
from server.gamification.tickets.types import Asked, Entry, EntryState, Source

_INSERT = Prepared(insert(RAFFLE_ENTRY))
_INSERT_TICKET = Prepared(insert(RAFFLE_TICKET))


def buy_tickets(tx: Connection, asked: Asked, now: datetime) -> Entry:
    """Let a member buy tickets of a raffle.

    Raise `RaffleUnknown`, `RaffleClosed`, `RaffleFull`, `AgeRestricted`, `TierTooLow`,
    `NotEligible`, `TicketLimitReached`, `BalanceInsufficient`, `MemberBlocked`.
    """
    points = open_book(tx, asked.member_id, POINTS, now)
    raffle = _check(tx, asked, now)
    held = count_held(tx, raffle.id, asked.member_id)
    if held + asked.tickets > raffle.cap:
        raise TicketLimitReached(limit=raffle.cap, held=held)
    if raffle.price is None:
        raise NotEligible(reasons=["not_sold"])
    unit = raffle.price.unit
    book = points if unit == POINTS else open_book(tx, asked.member_id, unit, now)
    made = _made(raffle, asked, Source.BOUGHT, asked.tickets, now)
    entry = _pay(book, replace(made, unit=unit, price=asked.tickets * raffle.price.amount))
    count_in(tx, entry, raffle.version, is_new=not held, now=now)
    save_book(tx, book)
    return _store(tx, entry, held)


def enter_free(tx: Connection, asked: Asked, now: datetime) -> Entry:
    """Let a member enter for nothing, once in each period; `asked.tickets` does not matter.

    Raise as `buy_tickets`, and `FreeEntryUsed`.
    """
    open_book(tx, asked.member_id, POINTS, now)
    raffle = _check(tx, asked, now)
    if raffle.free_entry is None:
        raise NotEligible(reasons=["no_free_entry"])
    period = period_of(raffle.free_entry.period, now, get_programme(tx).zone)
    if has_entered_free(tx, raffle.id, asked.member_id, period):
        raise FreeEntryUsed(period=period)
    held = count_held(tx, raffle.id, asked.member_id)
    fits = _fitting(raffle, held, raffle.free_entry.tickets)
    entry = replace(_made(raffle, asked, Source.FREE, fits, now), period=period)
    count_in(tx, entry, raffle.version, is_new=not held, now=now)
    return _store(tx, entry, held)


def receive_tickets(tx: Connection, asked: Asked, grant_id: str, now: datetime) -> Entry:
    """Give a member tickets of a raffle (its id or key), as many as the cap allows.

    A refusal leaves nothing behind. Raise as `buy_tickets`.
    """
    open_book(tx, asked.member_id, POINTS, now)
    raffle = _check(tx, asked, now)
    held = count_held(tx, raffle.id, asked.member_id)
    fits = _fitting(raffle, held, asked.tickets)
    entry = replace(_made(raffle, asked, Source.GRANTED, fits, now), ref_id=grant_id)
    count_in(tx, entry, raffle.version, is_new=not held, now=now)
    return _store(tx, entry, held)


def _check(tx: Connection, asked: Asked, now: datetime) -> Raffle:
    """Return the raffle if it is open to this member. Raise why it is not."""
    live = find_live(tx, current_revision(tx), asked.raffle_id)
    standing = find_standing(tx, live.id if live else asked.raffle_id)
    if standing is None:
        raise RaffleUnknown
    if live is None:
        raise RaffleClosed(state="paused")
    raffle = raffle_at(tx, standing.id, standing.version)
    refusal = why_not_open(standing, now)
    refusal = refusal or why_not_entered(raffle, get_entrant(tx, asked.member_id, now))
    if refusal is not None:
        raise refusal
    return raffle


def _fitting(raffle: Raffle, held: int, wanted: int) -> int:
    if held >= raffle.cap:
        raise TicketLimitReached(limit=raffle.cap, held=held)
    return min(wanted, raffle.cap - held)


def _made(raffle: Raffle, asked: Asked, source: Source, tickets: int, now: datetime) -> Entry:
    return Entry(
        id=new_id("ent", now),
        raffle_id=raffle.id,
        member_id=asked.member_id,
        source=source,
        state=EntryState.COUNTED,
        tickets=tickets,
        unit="",
        price=0,
        transfer_id=None,
        period="",
        ref_id=None,
        nonce=asked.nonce,
        actor=asked.actor,
        created_at=now,
        ended_at=None,
    )


def _pay(book: Book, entry: Entry) -> Entry:
    now = entry.created_at
    cause = Cause("entry", entry.id, entry.actor, now, now)
    return replace(entry, transfer_id=book.spend(entry.price, cause, Kind.ENTRY))


def _store(tx: Connection, entry: Entry, held: int) -> Entry:
    row = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    _INSERT.run(tx, [row | {"source": str(entry.source), "state": str(entry.state)}])
    tickets = [{"id": secrets.token_hex(16), "entry_id": entry.id} for _ in range(entry.tickets)]
    _INSERT_TICKET.run(tx, tickets)
    record(tx, [events.of_entry(entry, held + entry.tickets)], now=entry.created_at)
    return entry
