"""Simulating a raffle: the same question has the same answer, and the worst is the worst."""

from dataclasses import replace

from server.gamification.draws.checks import Plan
from server.gamification.draws.simulation import Assumed, simulate

PLAN = Plan(
    main_prizes=10,
    consolation_value=80,
    ticket_price=50,
    cap=10,
    entrants_min=100,
    entrants_max=4000,
    budget=80_000,
    main_value=2000,
)
ASSUMED = Assumed(entrants=3000, tickets=9000)


def test_a_simulation_is_the_same_for_the_same_seed():
    assert simulate(PLAN, ASSUMED) == simulate(PLAN, ASSUMED)
    assert simulate(PLAN, ASSUMED) != simulate(PLAN, replace(ASSUMED, seed=2))


def test_costs_rise_to_the_worst_that_the_plan_admits():
    found = simulate(PLAN, ASSUMED)
    assert found.cost_expected < found.cost_p95 <= found.cost_worst
    assert found.entrants_worst == 4000
    assert found.cost_worst == 2000 + 998 * 80


def test_the_expected_cost_is_that_of_the_expected_entrants():
    without_spread = simulate(PLAN, replace(ASSUMED, spread_percent=0))
    cost = 2000 + 748 * 80
    assert (without_spread.cost_expected, without_spread.cost_p95) == (cost, cost)


def test_nobody_is_admitted_beyond_the_budget():
    found = simulate(replace(PLAN, entrants_max=None, budget=8000), ASSUMED)
    assert found.entrants_worst == 410
    assert found.cost_worst == found.cost_expected == 2000 + 8000


def test_without_any_limit_the_worst_is_the_worst_that_was_seen():
    found = simulate(replace(PLAN, entrants_max=None, budget=None), ASSUMED)
    assert 3000 < found.entrants_worst < 6000
    assert found.cost_worst > found.cost_p95


def test_heavy_members_win_more_and_hold_more():
    found = simulate(PLAN, ASSUMED)
    assert found.heavy_tickets > 3
    assert found.heavy_one_in_tenths
    assert found.one_ticket_one_in_tenths
    assert found.heavy_one_in_tenths < found.one_ticket_one_in_tenths / 3
    assert 20_000 < found.top_share_ppm < 60_000


def test_with_one_ticket_each_nobody_is_heavy():
    found = simulate(PLAN, replace(ASSUMED, tickets=3000))
    assert found.heavy_tickets == 1
    assert found.heavy_one_in_tenths == found.one_ticket_one_in_tenths
    assert found.top_share_ppm == 10_000
