"""How stars become cards: pure arithmetic."""

from datetime import datetime

from server.gamification.star_cards.types import Collected, StarCard


def collected(card: StarCard, stars: int) -> Collected:
    """Return how the card stands with `stars` that can be spent.

    A full card that is not claimed stays full and the next one goes on collecting:
    23 stars on a card of 10 are two full cards and 3 stars on the next.
    """
    full, on_card = divmod(max(0, stars), card.target)
    return Collected(card, on_card, full)


def is_running(card: StarCard, now: datetime) -> bool:
    """Tell whether the card is on offer at `now`; its end is the first instant without it."""
    if card.starts_at is not None and now < card.starts_at:
        return False
    return card.ends_at is None or now < card.ends_at
