"""Odds: the formulas equal an enumeration of all courses of a draw; nobody is under a quarter."""

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from random import Random

import pytest

from server.gamification.draws.checks import consolation_prizes
from server.gamification.draws.odds import (
    FLOOR_PPM,
    exact_main_odds,
    main_odds,
    odds_by_tickets,
    odds_of,
    second_odds,
    several_prizes_odds,
    worst_main_odds,
)
from server.gamification.draws.quadrature import near_main_odds

QUARTER = Fraction(1, 4)
SMALL = [
    (held, prizes)
    for entrants in range(1, 7)
    for held in combinations_with_replacement(range(1, 5), entrants)
    for prizes in range(1, 4)
]


@cache
def wins_by_enumeration(mine, others, prizes):
    """Follow every course of the draw: the next winner is anybody, in proportion to tickets."""
    if prizes == 0:
        return Fraction(0)
    total = mine + sum(others)
    lost = (
        Fraction(held, total)
        * wins_by_enumeration(mine, (*others[:at], *others[at + 1 :]), prizes - 1)
        for at, held in enumerate(others)
    )
    return Fraction(mine, total) + sum(lost)


def test_every_small_pool_equals_the_enumeration():
    for held, prizes in SMALL:
        found = main_odds(Counter(held), prizes)
        for at, mine in enumerate(held):
            others = (*held[:at], *held[at + 1 :])
            assert found[mine] == wins_by_enumeration(mine, others, prizes), (held, prizes)


def test_nobody_in_a_small_pool_is_under_a_quarter():
    least = []
    for held, prizes in SMALL:
        second = second_odds(len(held), prizes, consolation_prizes(len(held), prizes))
        main = main_odds(Counter(held), prizes)
        least.append(min(p + (1 - p) * second for p in main.values()))
    assert min(least) > QUARTER


def test_the_second_chance_alone_is_a_quarter_for_any_size():
    for entrants in range(1, 300):
        for prizes in range(1, 12):
            consolation = consolation_prizes(entrants, prizes)
            assert second_odds(entrants, prizes, consolation) >= QUARTER


def test_the_example_of_a_thousand_entrants():
    shown = odds_by_tickets({1: 700, 3: 200, 10: 100}, 10, 248)
    assert [(o.main_ppm, o.any_ppm) for o in shown.values()] == [
        (4_385, 253_792),
        (13_106, 260_328),
        (43_085, 282_797),
    ]
    assert [(o.main_one_in_tenths, o.any_one_in_tenths) for o in shown.values()] == [
        (2280, 39),
        (763, 38),
        (232, 35),
    ]
    assert {o.floor_ppm for o in shown.values()} == {FLOOR_PPM} == {250_000}


def random_pools(count):
    random = Random(5)
    for _ in range(count):
        pool = Counter(random.randint(1, 9) for _ in range(random.randint(2, 12)))
        yield pool, random.randint(1, pool.total() - 1)


def test_the_quadrature_equals_the_fractions():
    for pool, prizes in random_pools(60):
        exact, near = exact_main_odds(pool, prizes), near_main_odds(pool, prizes)
        assert {held: float(p) for held, p in exact.items()} == pytest.approx(near, abs=1e-12)


@pytest.mark.parametrize(
    ("pool", "prizes"),
    [
        ({1: 70_000, 3: 20_000, 10: 10_000}, 10),
        ({1: 70_000, 3: 20_000, 10: 10_000}, 25_000),
        (dict.fromkeys(range(1, 101), 1000), 500),
        ({1: 1000, 50: 5}, 1004),
        ({1: 99_999, 100_000: 1}, 3),
        ({5: 1000}, 1),
    ],
)
def test_all_chances_of_a_large_pool_add_up_to_its_prizes(pool, prizes):
    odds = near_main_odds(pool, prizes)
    assert sum(odds[held] * many for held, many in pool.items()) == pytest.approx(prizes, abs=1e-8)


def test_a_first_prize_is_won_in_proportion_to_tickets():
    odds = main_odds({1: 60_000, 4: 10_000}, 1)
    assert float(odds[1]) == pytest.approx(1 / 100_000)
    assert float(odds[4]) == pytest.approx(4 / 100_000)


def test_with_a_prize_for_everybody_all_win():
    assert main_odds({1: 2, 7: 1}, 3) == {1: 1, 7: 1}
    assert odds_of({1: 2, 7: 1}, 5, 0, 7).any_ppm == 1_000_000
    assert odds_of({1: 2, 7: 1}, 5, 0, 7).main_one_in_tenths == 10
    assert main_odds({1: 2}, 0) == {1: 0}


def test_several_prizes_for_one_entrant_is_a_lower_bound():
    assert several_prizes_odds(10, 3, 2) == 1 - Fraction(7 * 6, 10 * 9)
    for held, prizes in SMALL:
        for mine, chance in main_odds(Counter(held), prizes).items():
            assert several_prizes_odds(sum(held), mine, prizes) <= chance


def test_the_worst_case_is_rivals_at_the_cap():
    for mine in range(1, 5):
        exact = exact_main_odds(Counter([mine, 4, 4, 4, 4]), 3)[mine]
        assert worst_main_odds(5, 4, mine, 3) == exact
    assert worst_main_odds(3, 4, 1, 3) == 1


def test_odds_of_tickets_nobody_holds_are_not_guessed():
    with pytest.raises(KeyError):
        odds_of({1: 5}, 1, 1, 2)
