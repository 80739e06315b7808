"""Raffles as members see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.api.presenters.actions import ActionOut, ImageOut, action
from server.api.presenters.balances import unit_view
from server.api.presenters.raffle_odds import RaffleOdds, present_odds
from server.api.schemas import Boolean, Instant, Integer, Items, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import Refusal
from server.core.i18n import format_money, gettext, in_language, message
from server.gamification.definitions.images import Image
from server.gamification.draws.odds import Odds
from server.gamification.programme.types import Programme
from server.gamification.raffles.rules_text import tickets_text
from server.gamification.raffles.types import Raffle, Standing
from server.gamification.tickets.errors import FreeEntryUsed, TicketLimitReached


@dataclass(frozen=True, slots=True)
class RaffleView:
    """How a reader sees raffles: the programme, the language, and when."""

    programme: Programme
    locale: str
    now: datetime

    def amount(self, unit: str, amount: int) -> str:
        """Return an amount of a unit in words."""
        return unit_view(self.programme, unit, self.locale, self.now).text(amount)

    def money(self, minor: int) -> dict[str, Any]:
        """Return an amount of money as answers have it."""
        return {"amount_minor": minor, "currency": self.programme.currency_code}


@dataclass(frozen=True, slots=True)
class Mine:
    """What a member has of a raffle: tickets, the name under which they are in the list, and why
    neither buying nor entering for nothing is possible now.
    """

    tickets: int
    entrant: str
    why_not: Refusal | None
    is_free_used: bool
    odds: Odds
    as_of: datetime
    has_won: bool | None = None


class RaffleMine(Out):
    """What the member has: tickets, the name under which they stand in the public list, and after
    the draw the result, `won` or `not_won` (prizes are in `GET /v1/me/prizes`).
    """

    tickets = Integer(required=True)
    entrant = Text(required=True)
    text = Text(required=True)
    result = Text(required=True, allow_none=True)


class RaffleTotals(Out):
    """How many have entered with how many tickets, and the prizes announced so far."""

    tickets = Integer(required=True)
    entrants = Integer(required=True)
    main_prizes = Integer(required=True)
    consolation_prizes = Integer(required=True)


class RaffleAmount(Out):
    """An amount of a unit, and in words."""

    amount = Integer(required=True)
    unit = Text(required=True)
    text = Text(required=True)


class RaffleTerms(Out):
    """How to enter: the price of a ticket (null: not sold), the cap, and how many are left of it;
    whether there is a way in for nothing.
    """

    price = Nested(RaffleAmount, required=True, allow_none=True)
    cap = Integer(required=True)
    left = Integer(required=True)
    free_route = Boolean(required=True)


class RafflePrize(Out):
    """A main prize, so many times, with what it is worth."""

    title = Text(required=True)
    quantity = Integer(required=True)
    value = Nested(Money, required=True)
    image = Nested(ImageOut, required=True, allow_none=True)


class RaffleWay(Out):
    """A way to get (more) tickets, in words."""

    kind = Text(required=True)
    text = Text(required=True)


class RaffleBeacon(Out):
    """The public randomness that decides; the round is fixed when it is published, of a source
    `local` when the raffle is sealed.
    """

    source = Text(required=True)
    chain_hash = Text(required=True)
    round = Integer(required=True)


class RaffleOut(Out):
    """A raffle: what can be won, how likely, and how to enter."""

    id = Text(required=True)
    key = Text(required=True)
    title = Text(required=True)
    description = Text(required=True, allow_none=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    state = Text(required=True)
    policy = Text(required=True)
    my = Nested(RaffleMine, required=True)
    totals = Nested(RaffleTotals, required=True)
    odds = Nested(RaffleOdds, required=True)
    entry = Nested(RaffleTerms, required=True)
    ways = Items(Nested(RaffleWay), required=True)
    prizes = Items(Nested(RafflePrize), required=True)
    consolation = Nested(RaffleAmount, required=True, allow_none=True)
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    draws_at = Instant(required=True)
    beacon = Nested(RaffleBeacon, required=True)
    rules_url = Text(required=True)
    rules_hash = Text(required=True)
    result_url = Text(required=True)
    proof_url = Text(required=True, allow_none=True)
    actions = Items(Nested(ActionOut), required=True)


def present_raffle(
    raffle: Raffle, standing: Standing, mine: Mine, view: RaffleView
) -> dict[str, Any]:
    """Return a raffle as a member sees it."""
    prize = raffle.consolation
    return {
        "id": raffle.id,
        "key": raffle.key,
        "title": in_language(raffle.names, view.locale),
        "description": in_language(raffle.texts, view.locale) or None,
        "image": _present_image(raffle.image, view.locale),
        "state": str(standing.state),
        "policy": str(standing.policy),
        "my": _present_mine(mine, view),
        "totals": _present_totals(standing),
        "odds": present_odds(mine.odds, mine.as_of, view.locale),
        "entry": _present_terms(raffle, mine, view),
        "ways": [*_ways(raffle, view)],
        "prizes": [
            {
                "title": in_language(one.names, view.locale),
                "quantity": one.quantity,
                "value": view.money(one.value_minor),
                "image": _present_image(one.image, view.locale),
            }
            for one in raffle.prizes
        ],
        "consolation": _present_amount(prize.unit, prize.amount, view) if prize else None,
        "opens_at": standing.opens_at,
        "closes_at": standing.closes_at,
        "draws_at": standing.draws_at,
        "beacon": {
            "source": standing.source,
            "chain_hash": standing.chain_hash,
            "round": standing.round,
        },
        "rules_url": f"/raffles/{raffle.id}/rules",
        "rules_hash": standing.rules_hash,
        "result_url": f"/raffles/{raffle.id}",
        "proof_url": f"/v1/raffles/{raffle.id}/proof" if standing.sealed_at else None,
        "actions": _actions(raffle, mine, view),
    }


def _present_image(image: Image | None, locale: str) -> dict[str, Any] | None:
    if image is None:
        return None
    size = {"width": image.width, "height": image.height}
    return {"url": image.url, **size, "alt": in_language(image.alt, locale)}


def _present_mine(mine: Mine, view: RaffleView) -> dict[str, Any]:
    text = gettext(
        view.locale, "You have {tickets}", tickets=tickets_text(view.locale, mine.tickets)
    )
    result = {None: None, True: "won", False: "not_won"}[mine.has_won]
    return {"tickets": mine.tickets, "entrant": mine.entrant, "text": text, "result": result}


def _present_totals(standing: Standing) -> dict[str, Any]:
    return {
        "tickets": standing.tickets,
        "entrants": standing.entrants,
        "main_prizes": standing.prizes,
        "consolation_prizes": standing.consolations,
    }


def _present_terms(raffle: Raffle, mine: Mine, view: RaffleView) -> dict[str, Any]:
    price = raffle.price
    return {
        "price": _present_amount(price.unit, price.amount, view) if price else None,
        "cap": raffle.cap,
        "left": max(0, raffle.cap - mine.tickets),
        "free_route": raffle.free_entry is not None,
    }


def _present_amount(unit: str, amount: int, view: RaffleView) -> dict[str, Any]:
    return {"amount": amount, "unit": unit, "text": view.amount(unit, amount)}


def _ways(raffle: Raffle, view: RaffleView) -> Sequence[dict[str, str]]:
    """Return how to get tickets, the cheapest way first."""
    found = []
    if raffle.free_entry is not None:
        text = message("Enter for nothing: {tickets}")
        free = tickets_text(view.locale, raffle.free_entry.tickets)
        found.append(("free", gettext(view.locale, text, tickets=free)))
    if raffle.purchases is not None:
        paid = format_money(view.locale, raffle.purchases.per_minor, view.programme.currency_code)
        text = message("Buy something: {tickets} for each {money}")
        given = tickets_text(view.locale, raffle.purchases.tickets)
        found.append(("purchases", gettext(view.locale, text, tickets=given, money=paid)))
    if raffle.is_given:
        found.append(("given", gettext(view.locale, "Challenges and badges may give tickets")))
    if raffle.price is not None:
        price = view.amount(raffle.price.unit, raffle.price.amount)
        found.append(("buy", gettext(view.locale, "A ticket for {price}", price=price)))
    return [{"kind": kind, "text": text} for kind, text in found]


def _actions(raffle: Raffle, mine: Mine, view: RaffleView) -> list[dict[str, Any]]:
    why_not = mine.why_not.code if mine.why_not else None
    if why_not is None and mine.tickets >= raffle.cap:
        why_not = TicketLimitReached.code
    found = []
    if raffle.price is not None:
        found.append(action("enter", gettext(view.locale, "Get a ticket"), why_not))
    if raffle.free_entry is not None:
        used = FreeEntryUsed.code if mine.is_free_used else None
        label = gettext(view.locale, "Enter for nothing")
        found.append(action("enter_free", label, why_not or used))
    return found
