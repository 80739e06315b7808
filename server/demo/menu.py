"""What the café sells, and what goes into a basket at which hour."""

from dataclasses import dataclass
from random import Random

from server.gamification.activities.types import PurchaseLine


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the menu with its price in cents, tax included."""

    sku: str
    category: str
    price_minor: int


COFFEE = (
    Article("espresso", "coffee", 250),
    Article("flat-white", "coffee", 390),
    Article("cappuccino", "coffee", 370),
    Article("filter", "coffee", 280),
)
TEA = (Article("black-tea", "tea", 250), Article("rooibos", "tea", 290))
PASTRY = (
    Article("croissant", "pastry", 290),
    Article("cinnamon-bun", "pastry", 320),
    Article("rye-sandwich", "pastry", 540),
)
CAKE = (
    Article("kringel", "cake", 480),
    Article("curd-cake", "cake", 520),
    Article("honey-cake", "cake", 560),
)
LUNCH = (
    Article("soup", "lunch", 750),
    Article("lunch-of-the-day", "lunch", 1190),
    Article("salad", "lunch", 1050),
)
SHELF = (
    Article("beans-250", "beans", 1190),
    Article("beans-1000", "beans", 3490),
    Article("gift-card", "gifts", 2500),
    Article("mug", "gifts", 1490),
)
PLATTERS = (
    Article("pastry-platter", "catering", 2890),
    Article("lunch-platter", "catering", 4490),
    Article("cake-whole", "catering", 3600),
    Article("coffee-flask", "catering", 1490),
)


def basket_for(rng: Random, people: int, hour: int, *, is_office: bool) -> tuple[PurchaseLine, ...]:
    """Return the lines of a receipt for some `people` at an hour of the day."""
    if is_office:
        return _lines([(rng.choice(PLATTERS), rng.randint(1, 2)) for _ in range(rng.randint(1, 3))])
    chosen = [(rng.choice(COFFEE if rng.random() < 0.8 else TEA), people)]
    if hour < 11:
        chosen.append((rng.choice(PASTRY), rng.randint(1, people)))
    elif hour < 15 and rng.random() < 0.7:
        chosen.append((rng.choice(LUNCH), people))
    elif rng.random() < 0.6:
        chosen.append((rng.choice(CAKE), rng.randint(1, people)))
    if rng.random() < 0.08:
        chosen.append((rng.choice(SHELF), 1))
    return _lines(chosen)


def _lines(chosen: list[tuple[Article, int]]) -> tuple[PurchaseLine, ...]:
    return tuple(
        PurchaseLine(one.price_minor * pieces, pieces, sku=one.sku, category=one.category)
        for one, pieces in chosen
    )
