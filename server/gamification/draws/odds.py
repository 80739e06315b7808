"""How likely a ticket wins: exact for small pools, by quadrature for large ones.

A pool is given as how many entrants hold how many tickets. With one prize for each entrant the
main draw is successive sampling: let the tickets come at independent uniform times, the first
`Wm` entrants win, so the chance of one with t tickets is

    integral over u in (0, 1) of t·u^(t-1) · Pr[fewer than Wm of the others came before] du,

where another one with s tickets came before with 1 - u^s. The numbers are for reading: nothing
is decided by them, and they are rounded down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from server.gamification.draws.quadrature import near_main_odds

Pool = Mapping[int, int]
"""How many entrants (value) hold so many tickets (key)."""
_EXACT_WORK_MAX = 60_000
PPM = 1_000_000
FLOOR_PPM = 250_000
"""What is promised: any prize, whatever others hold."""


@dataclass(frozen=True, slots=True)
class Odds:
    """The three numbers that are shown, in millionths; only the floor is promised.

    `..._one_in_tenths` is x of "1 in x", times ten: 39 is "1 in 3.9"; None when there is no chance.
    """

    floor_ppm: int
    any_ppm: int
    main_ppm: int
    any_one_in_tenths: int | None
    main_one_in_tenths: int | None


def odds_of(pool: Pool, main_prizes: int, consolation: int, tickets: int) -> Odds:
    """Return the odds of an entrant of `pool` who holds so many tickets. Raise `KeyError`."""
    return odds_by_tickets(pool, main_prizes, consolation)[tickets]


def odds_by_tickets(pool: Pool, main_prizes: int, consolation: int) -> dict[int, Odds]:
    """Return the odds for each number of tickets in `pool`."""
    main = main_odds(pool, main_prizes)
    second = second_odds(sum(pool.values()), main_prizes, consolation)
    return {tickets: _shown(chance, second) for tickets, chance in main.items()}


def _shown(main: Fraction, second: Fraction) -> Odds:
    either = main + (1 - main) * second
    numbers = (_ppm(either), _ppm(main), one_in_tenths(either), one_in_tenths(main))
    return Odds(FLOOR_PPM, *numbers)


def _ppm(chance: Fraction) -> int:
    return chance.numerator * PPM // chance.denominator


def one_in_tenths(chance: Fraction) -> int | None:
    """Return ten times x of "1 in x", rounded; None for no chance."""
    return round(10 / chance) if chance > 0 else None


def second_odds(entrants: int, main_prizes: int, consolation: int) -> Fraction:
    """Return the chance in the second draw of whoever did not win in the first."""
    others = entrants - main_prizes
    return Fraction(1) if others <= consolation else Fraction(consolation, others)


def main_odds(pool: Pool, prizes: int) -> dict[int, Fraction]:
    """Return the chance of a main prize for each number of tickets: exact for small pools."""
    entrants = sum(pool.values())
    if prizes < 1 or prizes >= entrants:
        return dict.fromkeys(pool, Fraction(int(prizes > 0)))
    tickets = sum(held * many for held, many in pool.items())
    if entrants * prizes * tickets * len(pool) <= _EXACT_WORK_MAX:
        return exact_main_odds(pool, prizes)
    near = near_main_odds(pool, prizes)
    return {held: Fraction(min(max(chance, 0.0), 1.0)) for held, chance in near.items()}


def exact_main_odds(pool: Pool, prizes: int) -> dict[int, Fraction]:
    """Return the same as exact fractions; the work grows with entrants · prizes · tickets."""
    return {held: _exact(pool, prizes, held) for held in pool}


def _exact(pool: Pool, prizes: int, held: int) -> Fraction:
    """Integrate the polynomial in u that the integrand is; keys are powers."""
    earlier: list[dict[int, int]] = [{0: 1}, *({} for _ in range(prizes - 1))]
    for tickets, many in pool.items():
        for _ in range(many - (tickets == held)):
            earlier = _with_rival(earlier, tickets)
    return sum(
        (Fraction(factor * held, power + held) for row in earlier for power, factor in row.items()),
        Fraction(0),
    )


def _with_rival(earlier: list[dict[int, int]], tickets: int) -> list[dict[int, int]]:
    """Count one rival more: later with u^tickets, earlier with 1 - u^tickets."""
    rows: list[dict[int, int]] = []
    for before, row in zip([{}, *earlier], earlier, strict=False):
        made = dict(before)
        for power, factor in before.items():
            made[power + tickets] = made.get(power + tickets, 0) - factor
        for power, factor in row.items():
            made[power + tickets] = made.get(power + tickets, 0) + factor
        rows.append(made)
    return rows


def several_prizes_odds(all_tickets: int, tickets: int, prizes: int) -> Fraction:
    """Return 1 - C(T-t, W) / C(T, W), the chance where one entrant may win several prizes.

    It is never more than the chance of a main prize with one for each, so it is a safe bound.
    """
    kept = (max(all_tickets - prizes - drawn, 0) for drawn in range(tickets))
    return 1 - Fraction(prod(kept), prod(all_tickets - drawn for drawn in range(tickets)))


def worst_main_odds(entrants: int, cap: int, tickets: int, prizes: int) -> Fraction:
    """Return the chance of a main prize when all rivals hold `cap` tickets."""
    if prizes >= entrants:
        return Fraction(1)
    rivals = [cap * (entrants - 1 - drawn) for drawn in range(prizes)]
    return 1 - Fraction(prod(rivals), prod(held + tickets for held in rivals))
