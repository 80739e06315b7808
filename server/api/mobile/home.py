"""The first screen, in one call."""

from collections.abc import Callable
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.balances import (
    Balance,
    ask_balances,
    points_view,
    present_balances,
    units_of,
)
from server.api.presenters.tiers import TierSummary, TierView, summarise_tier
from server.api.schemas import Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import local_hour
from server.core.i18n import gettext, message
from server.core.statements import Later, at_once
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.queries import ask_shopper
from server.gamification.cards.queries import ask_active_card
from server.gamification.members.queries import ask_member
from server.gamification.standings.climbing import look_up_tier

SECTIONS = ("member", "card", "balances", "tier")
_OPTIONAL = {"optional": True}
_GREETINGS = (
    (5, message("Good night"), message("Good night, {name}")),
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


class HomeQuery(RequestSchema):
    """Which sections to answer, comma separated; all of them when not sent."""

    sections = Text(most=200, load_default=None)


@member.get("/me/home", "getHome", query=HomeQuery, answers={200: Home})
def get_home(call: Call) -> Reply:
    """Get the first screen: card, balances with what expires next, and the tier bar."""
    asked = call.query["sections"]
    wanted = set(asked.split(",")) if asked else set(SECTIONS)
    configuration = get_configuration(call.tx, call.revision or None)
    points = points_view(configuration.programme, call.locale, call.now)
    view = TierView(configuration.ladder, points)
    with at_once(call.tx):
        coming = {name: _SECTIONS[name](call, view) for name in SECTIONS if name in wanted}
    return Reply({name: show() for name, show in coming.items()})


def _member(call: Call, view: TierView) -> Later[Any]:
    found = ask_member(call.tx, call.principal.id)

    def show() -> dict[str, Any]:
        name = found().profile.first_name
        hour = local_hour(call.now, view.points.programme.zone)
        plain, named = next(texts for until, *texts in _GREETINGS if hour < until)
        greeting = gettext(call.locale, named, name=name) if name else gettext(call.locale, plain)
        return {"id": call.principal.id, "first_name": name, "greeting": greeting}

    return show


def _card(call: Call, _view: TierView) -> Later[Any]:
    found = ask_active_card(call.tx, call.principal.id)

    def show() -> dict[str, Any]:
        card = found()
        number = card.number if card else None
        return {"number": number, "barcode_format": "ean13", "qr_mode": "rotating"}

    return show


def _balances(call: Call, view: TierView) -> Later[Any]:
    held = ask_balances(call.tx, call.principal.id)
    units = units_of(view.points.programme, call.locale, call.now)
    return lambda: present_balances(call.principal.id, held(), units)


def _tier(call: Call, view: TierView) -> Later[Any]:
    found = ask_shopper(call.tx, call.principal.id)

    def show() -> dict[str, Any]:
        shopper = found()
        assert shopper is not None  # whoever is signed in exists
        ahead = look_up_tier(call.tx, shopper, view.ladder, call.now)
        return summarise_tier(shopper.standing, ahead, view)

    return show


_SECTIONS: dict[str, Callable[[Call, TierView], Later[Any]]] = {
    "member": _member,
    "card": _card,
    "balances": _balances,
    "tier": _tier,
}
"""Each sends its questions and returns what presents the answers: one round trip for all."""
