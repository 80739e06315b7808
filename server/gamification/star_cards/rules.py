"""How stars become cards: pure arithmetic."""

from collections.abc import Iterable
from datetime import datetime

from server.gamification.star_cards.types import ClaimMode, Collected, StarCard


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


def is_in_ring(card: StarCard, others: Iterable[StarCard]) -> bool:
    """Tell whether what `card` gives comes back to it through cards exchanged by themselves.

    Such cards would fill each other for ever.
    """
    automatic = [one for one in (card, *others) if one.claim is ClaimMode.AUTOMATIC]
    if card not in automatic:
        return False
    reached: set[str] = set()
    coming = {benefit.key for benefit in card.gift}
    while coming - reached:
        reached |= coming
        coming = {gift.key for one in automatic if one.unit in reached for gift in one.gift}
    return card.unit in reached
