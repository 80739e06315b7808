"""Entering raffles, the member's tickets with why there are, and giving them back."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.mobile.raffles import Desk, EntryIn
from server.api.presenters.balances import balance_update, unit_view
from server.api.presenters.raffle_entries import RaffleEntryOut, present_entry
from server.api.presenters.raffles import RaffleOut, RaffleView
from server.api.presenters.updates import Updates
from server.api.schemas import Integer, Items, Nested, PageQuery, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.pagination import CursorInvalid, Position, page_of, page_parameters, write_cursor
from server.gamification.grants.queries import list_reasons
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.raffles.errors import RaffleClosed, RaffleFull, RaffleUnknown
from server.gamification.raffles.queries import get_standing
from server.gamification.rewards.errors import NotEligible, TierTooLow
from server.gamification.tickets.entering import buy_tickets, enter_free
from server.gamification.tickets.errors import (
    AgeRestricted,
    EntryUnknown,
    FreeEntryUsed,
    TicketLimitReached,
)
from server.gamification.tickets.leaving import cancel_entry
from server.gamification.tickets.queries import list_ticket_ids, page_entries
from server.gamification.tickets.types import Asked, Entry


class RaffleUpdate(Out):
    """A raffle whose tickets have changed."""

    id = Text(required=True)
    tickets = Integer(required=True)


class RaffleUpdates(Updates):
    """What changed with tickets: balances, and how many tickets there are now."""

    raffles = Items(Nested(RaffleUpdate), required=True)


class EntryGiven(Out):
    """An entry after a write, the raffle as it is now, and the balances after it."""

    entry = Nested(RaffleEntryOut, required=True)
    raffle = Nested(RaffleOut, required=True)
    updates = Nested(RaffleUpdates, required=True)


class EntryPage(Out):
    """A page of the member's entries in a raffle, newest first."""

    items = Items(Nested(RaffleEntryOut), required=True)
    next_cursor = Text(required=True, allow_none=True)


class GiveBackIn(RequestSchema):
    """Nothing needs to be said."""


@member.post(
    "/me/raffles/{raffle_id}/entries",
    "enterRaffle",
    body=EntryIn,
    answers={201: EntryGiven},
    refuses=(
        RaffleUnknown,
        RaffleClosed,
        RaffleFull,
        AgeRestricted,
        TierTooLow,
        NotEligible,
        TicketLimitReached,
        FreeEntryUsed,
        BalanceInsufficient,
    ),
    idempotency="required",
    personal=True,
)
def enter_raffle(call: Call, raffle_id: str) -> Reply:
    """Enter a raffle: buy tickets, or enter for nothing where that is offered."""
    me, body = call.principal.id, call.body
    asked = Asked(me, raffle_id, body["tickets"], f"member:{me}", body["nonce"] or "")
    enter = enter_free if body["kind"] == "free" else buy_tickets
    return Reply(_given(call, enter(call.tx, asked, call.now)), 201)


@member.get(
    "/me/raffles/{raffle_id}/tickets",
    "listMyTickets",
    query=PageQuery,
    answers={200: EntryPage},
    refuses=(RaffleUnknown, CursorInvalid),
)
def list_my_tickets(call: Call, raffle_id: str) -> Reply:
    """List the member's entries in a raffle with the numbers of their tickets, and why."""
    me, limit = call.principal.id, call.query["limit"]
    get_standing(call.tx, raffle_id)
    scope = f"tickets:{raffle_id}:{me}"
    parameters = page_parameters(call.vault, scope, call.query["cursor"], limit)
    entries = page_entries(call.tx, raffle_id, me, parameters)
    shown = _presented(call, entries)

    def cursor_of(entry: Entry) -> str:
        return write_cursor(call.vault, scope, Position(entry.created_at, entry.id))

    return Reply(page_of(entries, limit, lambda entry: shown[entry.id], cursor_of))


@member.post(
    "/me/raffles/{raffle_id}/entries/{entry_id}/cancellation",
    "cancelMyEntry",
    body=GiveBackIn,
    answers={200: EntryGiven},
    refuses=(RaffleUnknown, EntryUnknown, RaffleClosed),
    idempotency="required",
    personal=True,
)
def cancel_my_entry(call: Call, raffle_id: str, entry_id: str) -> Reply:
    """Give tickets back before the raffle closes; what they cost returns."""
    me = call.principal.id
    get_standing(call.tx, raffle_id)
    entry = cancel_entry(call.tx, me, entry_id, f"member:{me}", call.now)
    if entry.raffle_id != raffle_id:
        raise EntryUnknown
    return Reply(_given(call, entry))


def _given(call: Call, entry: Entry) -> dict[str, Any]:
    """Return an entry after a write, with all that it has moved."""
    raffle = Desk(call).present(get_standing(call.tx, entry.raffle_id))
    units = list(dict.fromkeys([POINTS, entry.unit or POINTS]))
    programme = call.configuration.programme
    balances = [
        balance_update(
            open_book(call.tx, entry.member_id, unit, call.now).wallet,
            unit_view(programme, unit, call.locale, call.now),
        )
        for unit in units
    ]
    mine = {"id": entry.raffle_id, "tickets": raffle["my"]["tickets"]}
    updates = {"balances": balances, "tier": None, "raffles": [mine]}
    return {"entry": _presented(call, [entry])[entry.id], "raffle": raffle, "updates": updates}


def _presented(call: Call, entries: list[Entry]) -> dict[str, dict[str, Any]]:
    """Return entries of one raffle as the member sees them, by id."""
    if not entries:
        return {}
    standing = get_standing(call.tx, entries[0].raffle_id)
    numbers = list_ticket_ids(call.tx, [entry.id for entry in entries])
    reasons = list_reasons(call.tx, [entry.ref_id for entry in entries if entry.ref_id])
    view = RaffleView(call.configuration.programme, call.locale, call.now)
    return {
        entry.id: present_entry(
            entry, numbers[entry.id], reasons.get(entry.ref_id or ""), standing, view
        )
        for entry in entries
    }
