"""The first screen, in one call."""

from collections.abc import Callable
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.balances import Balance, points_view, read_balances
from server.api.presenters.tiers import TierSummary, TierView, summarise_tier
from server.api.schemas import Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import local_hour
from server.core.i18n import gettext, message
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.queries import get_shopper
from server.gamification.cards.queries import find_active_card
from server.gamification.members.queries import get_member
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
    return Reply({name: _BUILDERS[name](call) for name in SECTIONS if name in wanted})


def _member(call: Call) -> dict[str, Any]:
    profile = get_member(call.tx, call.principal.id).profile
    programme = get_configuration(call.tx, call.revision or None).programme
    hour = local_hour(call.now, programme.zone)
    plain, named = next(texts for until, *texts in _GREETINGS if hour < until)
    name = profile.first_name
    return {
        "id": call.principal.id,
        "first_name": name,
        "greeting": gettext(call.locale, named, name=name) if name else gettext(call.locale, plain),
    }


def _card(call: Call) -> dict[str, Any]:
    card = find_active_card(call.tx, call.principal.id)
    number = card.number if card else None
    return {"number": number, "barcode_format": "ean13", "qr_mode": "rotating"}


def _balances(call: Call) -> list[dict[str, Any]]:
    programme = get_configuration(call.tx, call.revision or None).programme
    return read_balances(call.tx, call.principal.id, programme, call.locale, call.now)


def _tier(call: Call) -> dict[str, Any]:
    configuration = get_configuration(call.tx, call.revision or None)
    shopper = get_shopper(call.tx, call.principal.id)
    points = points_view(configuration.programme, call.locale, call.now)
    view = TierView(configuration.ladder, points)
    ahead = look_up_tier(call.tx, shopper, configuration.ladder, call.now)
    return summarise_tier(shopper.standing, ahead, view)


_BUILDERS: dict[str, Callable[[Call], Any]] = {
    "member": _member,
    "card": _card,
    "balances": _balances,
    "tier": _tier,
}
