"""A raffle is published only when it keeps the quarter, can be paid and is not worth cheating."""

from dataclasses import replace

import pytest

from server.gamification.draws.checks import (
    Plan,
    blocking,
    can_admit,
    consolation_prizes,
    entrants_within,
    findings,
    keeps_quarter,
    ratcheted,
    tickets_within,
)

PLAN = Plan(
    main_prizes=10,
    consolation_value=80,
    ticket_price=50,
    cap=10,
    entrants_min=100,
    entrants_max=1000,
    budget=20_000,
    main_value=2000,
)


def codes(plan):
    return [finding.code for finding in findings(plan)]


@pytest.mark.parametrize(
    ("entrants", "main_prizes", "needed"),
    [(1000, 10, 248), (14, 10, 1), (15, 10, 2), (10, 10, 0), (3, 10, 0), (2950, 10, 735)],
)
def test_a_quarter_of_the_others_is_rounded_up(entrants, main_prizes, needed):
    assert consolation_prizes(entrants, main_prizes) == needed
    assert keeps_quarter(entrants, main_prizes, needed)
    assert entrants <= main_prizes or not keeps_quarter(entrants, main_prizes, needed - 1)


def test_the_announced_number_never_falls():
    assert ratcheted(0, 100, 10) == 23
    assert ratcheted(23, 50, 10) == 23
    assert ratcheted(23, 200, 10) == 48


def test_a_sound_plan_has_nothing_against_it():
    assert findings(PLAN) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"main_prizes": 0}, "main_prizes_missing"),
        ({"cap": 0}, "cap_missing"),
        ({"consolation_value": 0}, "consolation_value_missing"),
        ({"entrants_min": 13}, "entrants_min_low"),
        ({"entrants_max": 99}, "entrants_max_low"),
        ({"budget": None}, "budget_missing"),
        ({"budget": 248 * 80 - 1}, "budget_exceeded"),
        ({"entrants_max": None, "budget": 23 * 80 - 1}, "budget_exceeded"),
        ({"consolation_value": 49}, "consolation_sham"),
        ({"consolation_value": 181, "budget": 248 * 181}, "consolation_farmed"),
        ({"main_value": 3160}, "return_above_price"),
    ],
)
def test_what_is_wrong_is_named(change, code):
    assert code in codes(replace(PLAN, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"entrants_min": 14, "main_value": 0},
        {"budget": 248 * 80},
        {"consolation_value": 50},
        {"consolation_value": 180, "budget": 248 * 180, "main_value": 0},
        {"main_value": 3159},
        {"ticket_price": None, "main_value": 10**9},
    ],
)
def test_the_bound_itself_is_still_sound(change):
    assert codes(replace(PLAN, **change)) == []


def test_the_numbers_say_how_far_the_budget_goes():
    [finding] = findings(replace(PLAN, budget=8000))
    assert finding.numbers == {"entrants": 1000, "cost": 19840, "budget": 8000, "carried": 410}
    assert entrants_within(8000, 10, 80) == 410


def test_the_owner_accepts_by_name_what_may_be_accepted():
    few = replace(PLAN, entrants_min=13, main_value=0)
    assert [finding.code for finding in blocking(few)] == ["entrants_min_low"]
    assert blocking(replace(few, accepted=frozenset({"entrants_min_low"}))) == []
    sham = replace(PLAN, consolation_value=49, accepted=frozenset({"consolation_sham"}))
    assert [finding.code for finding in blocking(sham)] == ["consolation_sham"]


def test_one_more_entrant_must_fit_limit_and_budget():
    assert can_admit(PLAN, 999)
    assert not can_admit(PLAN, 1000)
    by_budget = replace(PLAN, entrants_max=None, budget=800)
    assert can_admit(by_budget, 49)
    assert not can_admit(by_budget, 50)
    assert can_admit(replace(PLAN, entrants_max=None, budget=None), 10**9)


@pytest.mark.parametrize("main_prizes", range(4))
@pytest.mark.parametrize("budget", range(12))
def test_the_budget_carries_exactly_so_many_entrants(main_prizes, budget):
    most = entrants_within(budget, main_prizes, 3)
    assert consolation_prizes(most, main_prizes) * 3 <= budget
    assert consolation_prizes(most + 1, main_prizes) * 3 > budget


def test_a_capped_raffle_sells_four_tickets_a_prize():
    assert tickets_within(25) == 100
