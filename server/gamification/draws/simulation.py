"""What a raffle would cost and how likely its tickets would win, under assumptions: seeded.

How many enter is not known before: it spreads around the assumed number. Tickets are spread as
purchases are: few members hold many. Amounts are whole, shares and chances in millionths.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

from server.gamification.draws.checks import Plan, can_admit, consolation_prizes
from server.gamification.draws.odds import main_odds, one_in_tenths

RUNS_MAX = 10_000
_RUNS_MIN = 20  # below that a 95th percentile says nothing
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Assumed:
    """Entrants and tickets that are expected, and by how much (per cent) entrants may differ."""

    entrants: int
    tickets: int
    runs: int = 1000
    spread_percent: int = 20
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Simulated:
    """Costs in the plan's unit, with the value of the main prizes; odds as `odds.py` gives them.

    `heavy` is who holds as many tickets as the top hundredth do at least; `top_share_ppm` the share
    of all tickets that the top hundredth holds. `entrants_worst` is the most that may enter.
    """

    cost_expected: int
    cost_p95: int
    cost_worst: int
    entrants_worst: int
    one_ticket_one_in_tenths: int | None
    heavy_tickets: int
    heavy_one_in_tenths: int | None
    top_share_ppm: int


def simulate(plan: Plan, assumed: Assumed) -> Simulated:
    """Return what came of `assumed.runs` seeded runs. The same question has the same answer."""
    random = Random(assumed.seed)
    runs = min(max(assumed.runs, _RUNS_MIN), RUNS_MAX)
    entrants = sorted(_entrants(random, plan, assumed) for _ in range(runs))
    costs = [_cost(plan, many) for many in entrants]
    held = [_tickets(random, plan.cap, assumed) for _ in range(assumed.entrants)]
    heavy, share = _concentration(held)
    most = _entrants_worst(plan, entrants[-1])
    chances = main_odds(Counter([*held, 1, heavy]), plan.main_prizes)
    return Simulated(
        cost_expected=-(-sum(costs) // runs),
        cost_p95=costs[-(-95 * runs // 100) - 1],
        cost_worst=_cost(plan, most),
        entrants_worst=most,
        one_ticket_one_in_tenths=one_in_tenths(chances[1]),
        heavy_tickets=heavy,
        heavy_one_in_tenths=one_in_tenths(chances[heavy]),
        top_share_ppm=share,
    )


def _entrants(random: Random, plan: Plan, assumed: Assumed) -> int:
    """Return how many enter in one run, within what the plan admits."""
    spread = assumed.entrants * assumed.spread_percent / 100
    return min(_most(plan), max(1, round(random.gauss(assumed.entrants, spread))))


def _most(plan: Plan) -> int:
    """Return how many the plan admits at most, by halving: admission is monotone."""
    low, high = 0, 10**9
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if can_admit(plan, middle) else (low, middle)
    return low


def _entrants_worst(plan: Plan, seen: int) -> int:
    most = _most(plan)
    return most if most < 10**9 else seen


def _cost(plan: Plan, entrants: int) -> int:
    consolation = consolation_prizes(entrants, plan.main_prizes) * plan.consolation_value
    return (plan.main_value or 0) + consolation


def _tickets(random: Random, cap: int, assumed: Assumed) -> int:
    """Return one entrant's tickets: one, and geometrically many more, up to the cap."""
    more = max(assumed.tickets / max(assumed.entrants, 1) - 1, 0.0)
    return min(cap, 1 + int(random.expovariate(1 / more)) if more else 1)


def _concentration(held: list[int]) -> tuple[int, int]:
    """Return what the top hundredth holds at least, and its share of all tickets in millionths."""
    ranked = sorted(held, reverse=True)
    top = ranked[: -(-len(ranked) // 100)]
    return top[-1], sum(top) * _MILLION // sum(ranked)
