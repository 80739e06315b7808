"""Star cards: the bar, the gift, and what can be claimed."""

from typing import Any

from server.api.presenters.actions import ActionOut, ImageOut, action, present_image
from server.api.presenters.balances import UnitView
from server.api.presenters.progress import ProgressOut, bar
from server.api.schemas import Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, in_language, message
from server.gamification.star_cards.types import CardState, Collected


class GiftOut(Out):
    """What a full card gives."""

    title = Text(required=True)
    image = Nested(ImageOut, required=True, allow_none=True)


class StarCardOut(Out):
    """A star card of the member. `full` cards wait to be claimed; the bar is the next one's.

    `state` is collecting or full.
    """

    id = Text(required=True)
    title = Text(required=True)
    text = Text(required=True, allow_none=True)
    state = Text(required=True)
    progress = Nested(ProgressOut, required=True)
    full = Integer(required=True)
    gift = Nested(GiftOut, required=True)
    unit = Text(required=True)
    ends_at = Instant(required=True, allow_none=True)
    actions = Items(Nested(ActionOut), required=True)


def present_star_card(collected: Collected, view: UnitView) -> dict[str, Any]:
    """Return a star card as a member sees it; a full one shows a full bar."""
    card, locale = collected.card, view.locale
    is_full = collected.state is CardState.FULL
    stars = card.target if is_full else collected.stars
    gift = in_language(card.gift_names, locale)
    return {
        "id": card.id,
        "title": in_language(card.names, locale),
        "text": in_language(card.texts, locale) if card.texts else None,
        "state": str(collected.state),
        "progress": bar(stars, card.target, card.unit, _bar_text(card.target - stars, gift, view)),
        "full": collected.full,
        "gift": {"title": gift, "image": present_image(card.image, locale)},
        "unit": card.unit,
        "ends_at": card.ends_at,
        "actions": [action("claim", gettext(locale, message("Claim")))] if is_full else [],
    }


def _bar_text(missing: int, gift: str, view: UnitView) -> str:
    if not missing:
        return gettext(view.locale, message("Ready: {gift}"), gift=gift)
    text = message("{stars} to {gift}")
    return gettext(view.locale, text, stars=view.text(missing), gift=gift)
