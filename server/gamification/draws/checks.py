"""Whether a raffle keeps its promise, can be paid for and is not worth cheating: in integers.

All values (prizes, price, budget) are in one unit, which the caller chooses; None: not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

MARGIN_ENTRANTS = 4
"""How many more entrants than main prizes there should at least be."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A raffle as it is to be published.

    `main_value` is that of all main prizes together, `consolation_value` that of one prize,
    `ticket_price` None where tickets cannot be bought, `entrants_max` None where new entrants are
    refused only by the budget, `accepted` the codes that the owner accepts by name.
    """

    main_prizes: int
    consolation_value: int
    ticket_price: int | None
    cap: int
    entrants_min: int
    entrants_max: int | None = None
    budget: int | None = None
    main_value: int | None = None
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a plan: a stable code and the numbers that show it.

    What is `acceptable` can be accepted by the owner, by name.
    """

    code: str
    numbers: dict[str, int] = field(default_factory=dict)
    acceptable: bool = False


def consolation_prizes(entrants: int, main_prizes: int) -> int:
    """Return how many consolation prizes give everybody a quarter: ceil((N - Wm) / 4)."""
    return max(0, -(-(entrants - main_prizes) // 4))


def ratcheted(announced: int, entrants: int, main_prizes: int) -> int:
    """Return the number to announce now: it never falls, even when entrants leave."""
    return max(announced, consolation_prizes(entrants, main_prizes))


def keeps_quarter(entrants: int, main_prizes: int, consolation: int) -> bool:
    """Tell whether everybody wins something with at least a quarter: 4·Wc ≥ N - Wm or Wm ≥ N."""
    return 4 * consolation >= entrants - main_prizes or main_prizes >= entrants


def entrants_within(budget: int, main_prizes: int, consolation_value: int) -> int:
    """Return how many entrants a consolation budget can carry: Wm + 4·floor(budget / value)."""
    return main_prizes + 4 * (budget // consolation_value)


def can_admit(plan: Plan, entrants: int) -> bool:
    """Tell whether one more entrant fits the limit and the budget; present ones may always stay."""
    most = [] if plan.entrants_max is None else [plan.entrants_max]
    if plan.budget is not None and plan.consolation_value > 0:
        most.append(entrants_within(plan.budget, plan.main_prizes, plan.consolation_value))
    return not most or entrants < min(most)


def tickets_within(prizes: int) -> int:
    """Return how many tickets the policy `capped` sells: each wins with a quarter at least."""
    return 4 * prizes


def blocking(plan: Plan) -> list[Finding]:
    """Return what keeps a plan from being published; empty: nothing does."""
    found = findings(plan)
    return [one for one in found if not (one.acceptable and one.code in plan.accepted)]


def findings(plan: Plan) -> list[Finding]:
    """Return everything that is wrong with a plan, accepted or not."""
    return [*_counts(plan), *_cost(plan), *_sham(plan), *_farming(plan)]


def _counts(plan: Plan) -> Iterator[Finding]:
    if plan.main_prizes < 1:
        yield Finding("main_prizes_missing", {"main_prizes": plan.main_prizes})
    if plan.cap < 1:
        yield Finding("cap_missing", {"cap": plan.cap})
    if plan.consolation_value < 1:
        yield Finding("consolation_value_missing", {"value": plan.consolation_value})
    needed = plan.main_prizes + MARGIN_ENTRANTS
    if plan.entrants_min < needed:
        yield Finding("entrants_min_low", _pair(plan.entrants_min, needed), acceptable=True)
    if plan.entrants_max is not None and plan.entrants_max < plan.entrants_min:
        yield Finding("entrants_max_low", _pair(plan.entrants_max, plan.entrants_min))


def _cost(plan: Plan) -> Iterator[Finding]:
    if plan.budget is None:
        yield Finding("budget_missing")
        return
    if plan.consolation_value < 1:
        return
    entrants = max(plan.entrants_min, plan.entrants_max or 0)
    cost = consolation_prizes(entrants, plan.main_prizes) * plan.consolation_value
    if cost > plan.budget:
        carried = entrants_within(plan.budget, plan.main_prizes, plan.consolation_value)
        numbers = {"entrants": entrants, "cost": cost, "budget": plan.budget, "carried": carried}
        yield Finding("budget_exceeded", numbers)


def _sham(plan: Plan) -> Iterator[Finding]:
    """A prize that is worth less than the ticket would be no prize."""
    if plan.ticket_price is not None and plan.consolation_value < plan.ticket_price:
        yield Finding("consolation_sham", _pair(plan.consolation_value, plan.ticket_price))


def _farming(plan: Plan) -> Iterator[Finding]:
    """Many accounts with one ticket each must not pay: a tenth is kept as margin."""
    price = plan.ticket_price
    if price is None:
        return
    if 10 * plan.consolation_value > 36 * price:
        yield Finding("consolation_farmed", _pair(plan.consolation_value, 36 * price // 10))
    for entrants in range(plan.entrants_min, plan.entrants_min + 4):  # the ceil repeats by fours
        returned = _return_of_all(plan, entrants)
        if returned >= price * entrants:
            numbers = {"entrants": entrants, "return": returned, "price": price * entrants}
            yield Finding("return_above_price", numbers, acceptable=True)
            return


def _return_of_all(plan: Plan, entrants: int) -> int:
    """Return what `entrants` with one ticket each win together, on average and exactly."""
    consolation = min(consolation_prizes(entrants, plan.main_prizes), entrants)
    return (plan.main_value or 0) + consolation * plan.consolation_value


def _pair(given: int, needed: int) -> dict[str, int]:
    return {"given": given, "needed": needed}
