"""The first screen, in one call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import orjson

from server import __version__
from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.mobile.next_best import NextBest, next_best
from server.api.mobile.raffles import RaffleShelf
from server.api.mobile.shelves import (
    GLANCES,
    REWARDS,
    SHELVES,
    ChallengeShelf,
    GameShelf,
    InboxGlance,
    RewardsShelf,
    StarCardShelf,
    StreakShelf,
    read_shelves,
)
from server.api.presenters.balances import Balance, present_balances, units_of
from server.api.presenters.tiers import TierSummary, TierView, summarise_tier
from server.api.schemas import Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.clock import local_date, local_hour
from server.core.i18n import gettext, message
from server.gamification.programme.types import Programme
from server.gamification.screens.queries import Screen, find_screen
from server.gamification.standings.climbing import look_up_tier
from server.gamification.tiers.types import Outlook

SECTIONS = ("member", "card", "balances", "tier")
PLAY = {*SHELVES, REWARDS, "game"}
NEXT_BEST = "next_best"
_OPTIONAL = {"optional": True}
_GREETINGS = (
    (5, message("Good evening"), message("Good evening, {name}")),
    (12, message("Good morning"), message("Good morning, {name}")),
    (18, message("Good afternoon"), message("Good afternoon, {name}")),
    (24, message("Good evening"), message("Good evening, {name}")),
)


class HomeMember(Out):
    """Who is greeted."""

    id = Text(required=True)
    first_name = Text(required=True, allow_none=True)
    greeting = Text(required=True)


class HomeCard(Out):
    """The stub of the card; null fields while there is none."""

    number = Text(required=True, allow_none=True)
    barcode_format = Text(required=True)
    qr_mode = Text(required=True)


class Home(Out):
    """The first screen. Sections that were not asked for, or are switched off, are absent."""

    member = Nested(HomeMember, metadata=_OPTIONAL)
    card = Nested(HomeCard, metadata=_OPTIONAL)
    balances = Items(Nested(Balance), metadata=_OPTIONAL)
    tier = Nested(TierSummary, metadata=_OPTIONAL)
    star_cards = Nested(StarCardShelf, metadata=_OPTIONAL)
    challenges = Nested(ChallengeShelf, metadata=_OPTIONAL)
    streaks = Nested(StreakShelf, metadata=_OPTIONAL)
    game = Nested(GameShelf, metadata=_OPTIONAL)
    raffle = Nested(RaffleShelf, metadata=_OPTIONAL)
    rewards = Nested(RewardsShelf, metadata=_OPTIONAL)
    inbox = Nested(InboxGlance, metadata=_OPTIONAL)
    next_best = Nested(NextBest, metadata=_OPTIONAL, allow_none=True)


class HomeQuery(RequestSchema):
    """Which sections to answer, comma separated; all of them when not sent."""

    sections = Text(most=200, load_default=None)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read for the screen, and who reads it."""

    call: Call
    view: TierView
    screen: Screen
    ahead: Outlook
    shelves: dict[str, Any]


@member.get("/me/home", "getHome", query=HomeQuery, answers={200: Home})
def get_home(call: Call) -> Reply:
    """Get the first screen: card, balances, tier, what to play, rewards, what is next.

    Of star cards, challenges, streaks, games and raffles only the most pressing are shown, of
    rewards up to three that can be had or almost. `next_best` is null where there is nothing to be
    done, and absent where the shop has neither games nor rewards.
    """
    asked = call.query["sections"]
    wanted = set(asked.split(",")) if asked else {*SECTIONS, *PLAY, *GLANCES, NEXT_BEST}
    view = tier_view_of(call)
    screen = find_screen(call.tx, call.principal.id)
    assert screen is not None  # whoever is signed in exists
    ahead = look_up_tier(call.tx, screen.shopper, view.ladder, call.now)
    shelves = _shelves(call, screen, wanted)
    seen = Seen(call, view, screen, ahead, shelves)
    sections = [name for name in SECTIONS if name in wanted]

    def show() -> dict[str, Any]:
        return {name: _SECTIONS[name](seen) for name in sections} | shelves

    return Reply(show, tag=_tag(seen, asked))


def _shelves(call: Call, screen: Screen, wanted: set[str]) -> dict[str, Any]:
    """Return the shelves that are wanted, and the best of all that there are, if there are any."""
    if NEXT_BEST not in wanted:
        return read_shelves(call, screen, wanted)
    found = read_shelves(call, screen, PLAY | wanted)
    shown = {name: shelf for name, shelf in found.items() if name in wanted}
    return shown | {NEXT_BEST: next_best(found, call.locale)} if found.keys() & PLAY else shown


def _tag(seen: Seen, asked: str | None) -> str:
    """Return a text that changes whenever the screen would.

    It is made of what was read and of what the clock decides: the greeting, the day, and which
    points are past their date. A new release may say the same in other words.
    """
    call, programme = seen.call, seen.view.points.programme
    steps = chain.from_iterable(seen.screen.ladders.values())
    expired = sum(at <= call.now for at, _ in steps)
    today = local_date(call.now, programme.zone)
    clock = (_greeting(call.now, programme), today, expired)
    standing = (seen.screen.shopper.standing, seen.ahead)
    parts = [__version__, call.revision, asked, clock, seen.screen.seen, standing, seen.shelves]
    return orjson.dumps(parts).decode()


def _greeting(now: datetime, programme: Programme) -> int:
    """Return which greeting fits the time of day."""
    hour = local_hour(now, programme.zone)
    return next(number for number, (until, *_) in enumerate(_GREETINGS) if hour < until)


def _member(seen: Seen) -> dict[str, Any]:
    name, locale = seen.screen.first_name, seen.call.locale
    _, plain, named = _GREETINGS[_greeting(seen.call.now, seen.view.points.programme)]
    greeting = gettext(locale, named, name=name) if name else gettext(locale, plain)
    return {"id": seen.call.principal.id, "first_name": name, "greeting": greeting}


def _card(seen: Seen) -> dict[str, Any]:
    number = seen.screen.card_number
    return {"number": number, "barcode_format": "ean13", "qr_mode": "rotating"}


def _balances(seen: Seen) -> list[dict[str, Any]]:
    held = (seen.screen.wallets, seen.screen.ladders)
    units = units_of(seen.view.points.programme, seen.call.locale, seen.call.now)
    return present_balances(seen.call.principal.id, held, units)


def _tier(seen: Seen) -> dict[str, Any]:
    return summarise_tier(seen.screen.shopper.standing, seen.ahead, seen.view)


_SECTIONS: dict[str, Callable[[Seen], Any]] = {
    "member": _member,
    "card": _card,
    "balances": _balances,
    "tier": _tier,
}
"""Each presents a part of what was read with one statement."""
