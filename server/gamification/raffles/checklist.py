"""What a raffle must have before it is published: odds, budget, and what the law asks for by
region. A product feature and no legal advice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from server.gamification.definitions.reading import Reader
from server.gamification.draws.checks import (
    Plan,
    blocking,
    consolation_prizes,
    entrants_within,
    findings,
    tickets_within,
)
from server.gamification.raffles.types import Policy, Raffle

EE_WARN_MINOR, EE_MOST_MINOR = 10_000_00, 100_000_00
_WORDS = {
    "main_prizes_missing": "There is no main prize.",
    "cap_missing": "Say how many tickets one may hold.",
    "consolation_value_missing": "Say what a consolation prize is.",
    "entrants_min_low": "There should be at least {needed} entrants, four more than main prizes;"
    " here {given} are enough. The owner may put entrants_min_low into `accepted`.",
    "entrants_max_low": "At most {given} may enter, but {needed} are needed.",
    "budget_missing": "Say how much the consolation prizes may cost together.",
    "budget_exceeded": "With {entrants} entrants the consolation prizes cost {cost}, the budget is"
    " {budget}: it carries {carried} entrants.",
    "consolation_sham": "A consolation prize is worth {given}, a ticket costs {needed}.",
    "consolation_farmed": "With prizes of {given} many accounts pay; at most {needed}.",
    "return_above_price": "With {entrants} entrants of one ticket the prizes return {return} of"
    " {price} paid. The owner may put return_above_price into `accepted`.",
}


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to know before publishing; it does not stop anybody. `numbers` fill the text."""

    code: str
    text: str


def plan_of(raffle: Raffle) -> Plan:
    """Return a raffle with consolation prizes as the checks see it, in the unit of these."""
    assert raffle.consolation is not None
    prize, price = raffle.consolation, raffle.price
    return Plan(
        raffle.main_prizes,
        prize.amount,
        price.amount if price is not None else None,
        raffle.cap,
        raffle.entrants_min,
        raffle.entrants_max or None,
        raffle.budget or None,
        _main_value(raffle),
        frozenset(raffle.accepted),
    )


def _main_value(raffle: Raffle) -> int | None:
    """Return what the main prizes are worth in the unit of the consolation prize, rounded up."""
    prize = raffle.consolation
    if prize is None or not prize.value_minor:
        return None
    minor = sum(one.quantity * one.value_minor for one in raffle.prizes)
    return -(-minor * prize.amount // prize.value_minor)


def entrants_limit(raffle: Raffle) -> int:
    """Return how many may enter at most: by the limit, the budget, or the tickets there are."""
    if raffle.policy is Policy.CAPPED:
        most = tickets_within(raffle.main_prizes)
    else:
        assert raffle.consolation is not None
        most = entrants_within(raffle.budget, raffle.main_prizes, raffle.consolation.amount)
    return min(most, raffle.entrants_max or most)


def first_announced(raffle: Raffle) -> int:
    """Return how many consolation prizes are announced before anybody has entered."""
    if raffle.policy is Policy.CAPPED:
        return 0
    return consolation_prizes(raffle.entrants_min, raffle.main_prizes)


def blame_unfit(reader: Reader, raffle: Raffle) -> None:
    """Note everything for which these settings cannot be published."""
    if not raffle.opens_at < raffle.closes_at:
        reader.blame("closes_at", "invalid", "Must be later than opens_at.")
    if not raffle.prizes:
        reader.blame("prizes", "required", "There is no main prize.")
    if raffle.price is None and raffle.free_entry is None and not raffle.gives_tickets:
        reader.blame("price", "required", "Say how tickets are had: price, free_entry, purchases.")
    if not raffle.regions:
        reader.blame("regions", "required", "Say where it takes place, such as EE.")
    if "US" in raffle.regions and raffle.free_entry is None:
        reader.blame("free_entry", "required", "In the US there must be a way in without a price.")
    if raffle.accepted and not raffle.accepted_by:
        reader.blame("accepted/by", "required", "Say who accepts it.")
    (_blame_capped if raffle.policy is Policy.CAPPED else _blame_second_chance)(reader, raffle)


def _blame_capped(reader: Reader, raffle: Raffle) -> None:
    if raffle.consolation is not None or raffle.budget:
        reader.blame("consolation", "invalid", "Where tickets are capped there is none.")
    if raffle.cap > tickets_within(raffle.main_prizes):
        most = tickets_within(raffle.main_prizes)
        reader.blame("cap", "invalid", f"There are only {most} tickets: four for each prize.")


def _blame_second_chance(reader: Reader, raffle: Raffle) -> None:
    prize, price = raffle.consolation, raffle.price
    if prize is None:
        reader.blame("consolation", "required", "Say what a consolation prize is.")
        return
    if price is not None and price.unit != prize.unit:
        reader.blame("consolation/unit", "invalid", "Must be the unit in which tickets are paid.")
        return
    for one in blocking(plan_of(raffle)):
        reader.blame("", one.code, _WORDS[one.code].format(**one.numbers))


def accepted_of(raffle: Raffle) -> list[str]:
    """Return what the owner has accepted by name, in words."""
    if raffle.policy is Policy.CAPPED:
        return []
    found = [one for one in findings(plan_of(raffle)) if one.code in raffle.accepted]
    return [_WORDS[one.code].format(**one.numbers) for one in found]


def fund_findings(raffle: Raffle, currency: str) -> Iterator[tuple[bool, Warned]]:
    """Yield what the fund of prizes means in the regions; True where it forbids publishing."""
    if "EE" not in raffle.regions:
        return
    if currency != "EUR":
        text = "Estonia limits the fund of prizes in euros; it is not checked in another currency."
        yield False, Warned("fund_unchecked", text)
    elif raffle.fund_minor > EE_MOST_MINOR:
        text = f"Estonia: prizes of {raffle.fund_minor} cents are more than {EE_MOST_MINOR}."
        yield True, Warned("fund_too_large", text)
    elif raffle.fund_minor > EE_WARN_MINOR:
        text = f"Estonia: prizes of {raffle.fund_minor} cents are more than {EE_WARN_MINOR};"
        yield False, Warned("fund_large", f"{text} ask whether the raffle must be registered.")
