"""The entries of a member in a raffle: how many tickets, their numbers, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.api.presenters.actions import ActionOut, action
from server.api.presenters.raffles import RaffleAmount, RaffleView
from server.api.schemas import Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, in_language, message
from server.gamification.raffles.types import Standing
from server.gamification.tickets.rules import why_not_open
from server.gamification.tickets.types import Entry, EntryState, Source

_ENDED = {
    EntryState.CANCELLED: message("Given back"),
    EntryState.WITHDRAWN: message("Taken back"),
    EntryState.REFUNDED: message("The raffle was cancelled"),
}


class RaffleEntryOut(Out):
    """One act of entering; `numbers` are those of its tickets in the sealed list."""

    id = Text(required=True)
    raffle_id = Text(required=True)
    source = Text(required=True)
    state = Text(required=True)
    tickets = Integer(required=True)
    numbers = Items(Text(), required=True)
    text = Text(required=True)
    price = Nested(RaffleAmount, required=True, allow_none=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
    actions = Items(Nested(ActionOut), required=True)


def present_entry(
    entry: Entry,
    numbers: Sequence[str],
    reason: Mapping[str, str] | None,
    standing: Standing,
    view: RaffleView,
) -> dict[str, Any]:
    """Return an entry as its member sees it; `reason` are the names of what gave the tickets."""
    price = view.amount(entry.unit, entry.price) if entry.price else ""
    paid = {"amount": entry.price, "unit": entry.unit, "text": price} if entry.price else None
    return {
        "id": entry.id,
        "raffle_id": entry.raffle_id,
        "source": str(entry.source),
        "state": str(entry.state),
        "tickets": entry.tickets,
        "numbers": list(numbers),
        "text": _text(entry, reason, price, view.locale),
        "price": paid,
        "created_at": entry.created_at,
        "ended_at": entry.ended_at,
        "actions": _actions(entry, standing, view),
    }


def _text(entry: Entry, reason: Mapping[str, str] | None, price: str, locale: str) -> str:
    if entry.state is not EntryState.COUNTED:
        return gettext(locale, _ENDED[entry.state])
    if entry.source is Source.BOUGHT:
        return gettext(locale, "Bought for {price}", price=price)
    if entry.source is Source.FREE:
        return gettext(locale, "Entered for nothing")
    return in_language(reason or {}, locale) or gettext(locale, "A gift")


def _actions(entry: Entry, standing: Standing, view: RaffleView) -> list[dict[str, Any]]:
    if entry.state is not EntryState.COUNTED:
        return []
    why_not = why_not_open(standing, view.now)
    label = gettext(view.locale, "Give back")
    return [action("cancel", label, why_not.code if why_not else None)]
