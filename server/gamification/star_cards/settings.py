"""How a star card is configured."""

from datetime import datetime

from sqlalchemy import Connection

from server.core.errors import FieldError
from server.gamification.definitions.benefits import read_benefits
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.images import read_image
from server.gamification.definitions.queries import list_definitions
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Definition, Kind, Settings, State
from server.gamification.programme.types import STARS
from server.gamification.star_cards.rules import is_in_ring
from server.gamification.star_cards.types import ClaimMode, StarCard

STARS_MAX = 10_000


def read_star_card(definition_id: str, key: str, settings: Settings) -> StarCard:
    """Return a star card from its settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("target", "gift")
    card = StarCard(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        texts=reader.localised("texts", lines=True),
        unit=reader.text("unit", STARS, most=40),
        target=reader.integer("target", 1, least=1, most=STARS_MAX),
        gift=read_benefits(reader, "gift"),
        gift_names=reader.localised("gift_names", required=True),
        head_start=reader.integer("head_start", 0, most=STARS_MAX),
        claim=reader.choice("claim", ClaimMode, ClaimMode.MANUAL),
        image=read_image(reader),
        starts_at=reader.instant("starts_at"),
        ends_at=reader.instant("ends_at"),
    )
    _check(reader, card)
    reader.close()
    return card


def _check(reader: Reader, card: StarCard) -> None:
    if card.head_start >= card.target:
        reader.blame("head_start", "too_many", "A card must not begin full.")
    if any(benefit.key == card.unit for benefit in card.gift):
        reader.blame("gift", "circular", "A card cannot give its own stars.")
    if card.starts_at and card.ends_at and card.starts_at >= card.ends_at:
        reader.blame("ends_at", "order", "It must end after it starts.")


def _refuse_ring(tx: Connection, made: Definition, _now: datetime) -> None:
    """Refuse a card in a ring of automatic ones: a night would never end. Paused ones count too."""
    live = list_definitions(tx, made.kind, (State.PUBLISHED, State.PAUSED))
    cards = [read_star_card(one.id, one.key, one.settings) for one in live]
    others = [card for card in cards if card.id != made.id]
    if is_in_ring(read_star_card(made.id, made.key, made.settings), others):
        detail = "Cards that are exchanged by themselves would fill each other for ever."
        raise DefinitionInvalid.of([FieldError(pointer="/gift", code="circular", detail=detail)])


STAR_CARDS: Kind[StarCard] = Kind("star_card", "stc", read_star_card, _refuse_ring)
