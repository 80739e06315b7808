"""Raffles: what can be won and how likely, and entering."""

from datetime import timedelta
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.raffles import Mine, RaffleOut, RaffleView, present_raffle
from server.api.schemas import Choice, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import Refusal
from server.gamification.draws.pseudonyms import pseudonym
from server.gamification.raffle_prizes.queries import list_wins_of
from server.gamification.raffles.errors import RaffleClosed, RaffleUnknown
from server.gamification.raffles.queries import (
    PUBLISHED,
    find_standing,
    list_standings,
    raffle_at,
)
from server.gamification.raffles.types import Raffle, Standing
from server.gamification.tickets.gauge import odds_now
from server.gamification.tickets.queries import get_entrant, list_free, list_held
from server.gamification.tickets.rules import period_of, why_not_entered, why_not_open

SHOWN_AFTER = timedelta(days=30)


class RafflesOut(Out):
    """The raffles that are open or near, and those that closed in the last thirty days."""

    items = Items(Nested(RaffleOut), required=True)


class RaffleGlance(Out):
    """The odds of any prize in words."""

    text = Text(required=True)
    as_of = Instant(required=True)


class RaffleShelf(Out):
    """The raffle that matters most on the first screen."""

    status = Text(required=True)
    id = Text(required=True)
    title = Text(required=True)
    my_tickets = Integer(required=True)
    odds = Nested(RaffleGlance, required=True)
    closes_at = Instant(required=True)
    draws_at = Instant(required=True)


class EntryIn(RequestSchema):
    """How to enter: `buy` so many tickets, or `free`. `nonce` (hex) is thrown in by the app where
    the organiser's own numbers decide.
    """

    kind = Choice("buy", "free", required=True)
    tickets = Integer(least=1, most=1000, load_default=1)
    nonce = Text(most=64, pattern="([0-9a-f]{2}){1,32}", load_default=None)

    example = {"kind": "buy", "tickets": 1}


@member.get("/me/raffles", "listMyRaffles", answers={200: RafflesOut})
def list_my_raffles(call: Call) -> Reply:
    """List the raffles, those that close first before the others."""
    desk = Desk(call)
    shown = [desk.present(one) for one in desk.visible()]
    return Reply({"items": shown})


@member.get(
    "/me/raffles/{raffle_id}", "getMyRaffle", answers={200: RaffleOut}, refuses=(RaffleUnknown,)
)
def get_my_raffle(call: Call, raffle_id: str) -> Reply:
    """Get one raffle. Of its three odds only the floor is promised."""
    return Reply(Desk(call).show(raffle_id))


def first_raffle(call: Call) -> dict[str, Any] | None:
    """Return the raffle of the first screen: one with tickets of the member, else one that is
    open; of several that which closes first. None while there is none.
    """
    if not PUBLISHED.live(call.tx, call.configuration.programme.revision):
        return None
    desk = Desk(call)
    opened = [one for one in desk.visible() if why_not_open(one, call.now) is None]
    opened.sort(key=lambda one: (not desk.held.get(one.id), one.closes_at))
    if not opened:
        return None
    shown = desk.present(opened[0])
    odds = {"text": shown["odds"]["any_prize"]["text"], "as_of": shown["odds"]["as_of"]}
    kept = {name: shown[name] for name in ("id", "title", "closes_at", "draws_at")}
    return {**kept, "my_tickets": shown["my"]["tickets"], "odds": odds}


class Desk:
    """The raffles as they stand to the member who calls; what is needed is read once."""

    def __init__(self, call: Call) -> None:
        self.call = call
        programme = call.configuration.programme
        self.view = RaffleView(programme, call.locale, call.now)
        self.live = {one.id for one in PUBLISHED.live(call.tx, programme.revision)}
        self.held = list_held(call.tx, call.principal.id)
        self.who = get_entrant(call.tx, call.principal.id, call.now)

    def visible(self) -> list[Standing]:
        """Return the raffles that are shown: in force, or with tickets of the member."""
        standings = list_standings(self.call.tx, self.call.now - SHOWN_AFTER)
        return [one for one in standings if one.id in self.live or self.held.get(one.id)]

    def show(self, raffle_id: str) -> dict[str, Any]:
        """Return one raffle as the member sees it. Raise `RaffleUnknown`."""
        standing = find_standing(self.call.tx, raffle_id)
        if standing is None or not (raffle_id in self.live or self.held.get(raffle_id)):
            raise RaffleUnknown
        return self.present(standing)

    def present(self, standing: Standing) -> dict[str, Any]:
        """Return a raffle as the member sees it."""
        raffle = raffle_at(self.call.tx, standing.id, standing.version)
        return present_raffle(raffle, standing, self._mine(raffle, standing), self.view)

    def _mine(self, raffle: Raffle, standing: Standing) -> Mine:
        tickets = self.held.get(raffle.id, 0)
        odds, as_of = odds_now(self.call.tx, standing, tickets, self.call.now)
        return Mine(
            tickets,
            pseudonym(bytes.fromhex(standing.pseudonym_key), self.call.principal.id),
            self._why_not(raffle, standing),
            self._is_free_used(raffle),
            odds,
            as_of,
            self._has_won(standing),
        )

    def _has_won(self, standing: Standing) -> bool | None:
        """Tell whether the member has won; None before the draw, or without tickets."""
        if standing.drawn_at is None or not self.held.get(standing.id):
            return None
        return bool(list_wins_of(self.call.tx, standing.id, self.call.principal.id))

    def _why_not(self, raffle: Raffle, standing: Standing) -> Refusal | None:
        if raffle.id not in self.live:
            return RaffleClosed(state="paused")
        return why_not_open(standing, self.call.now) or why_not_entered(raffle, self.who)

    def _is_free_used(self, raffle: Raffle) -> bool:
        if raffle.free_entry is None:
            return False
        zone = self.view.programme.zone
        period = period_of(raffle.free_entry.period, self.call.now, zone)
        return (raffle.id, period) in list_free(self.call.tx, self.call.principal.id, [raffle.id])
