"""Chance in whole numbers: exact, repeatable, never below one in four."""

import hashlib
import hmac
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise, product
from math import comb

import pytest

from server.core.ids import is_id
from server.gamification.games import rules
from server.gamification.games.types import Chance
from tests.builders.instant_wins import game_of, prize

SEED = bytes(range(32))
QUARTER = Chance(1, 4)


def ids(count):
    return [rules.play_id_of("gam_1", 1, number, "ab") for number in range(1, count + 1)]


def enumerated(win, plays, most=3):
    """Every history of hazards with its probability, as exact fractions."""
    found: dict[tuple[int, tuple[int, ...]], Fraction] = {(0, ()): Fraction(1)}
    for _ in range(plays):
        after: defaultdict[tuple[int, tuple[int, ...]], Fraction] = defaultdict(Fraction)
        for (losses, history), share in found.items():
            hazard = Fraction(1) if losses >= most else win
            after[0, (*history, 1)] += share * hazard
            if hazard < 1:
                after[losses + 1, (*history, 0)] += share * (1 - hazard)
        found = after
    return {history: share for (_, history), share in found.items()}


def test_a_win_is_a_number_below_the_fraction_of_all_numbers():
    """The law's own words: HMAC(seed, play_id) < 2^254 is exactly one in four."""
    for play_id in ids(500):
        mac = hmac.new(SEED, play_id.encode(), hashlib.sha256).hexdigest()
        assert rules.is_win(SEED, play_id, QUARTER) == (int(mac, 16) < 2**254)


@pytest.mark.parametrize(("p", "q"), [(1, 4), (1, 3), (2, 7), (333333, 999983), (1, 1)])
def test_the_winning_numbers_are_never_fewer_than_the_fraction(p, q, monkeypatch):
    threshold = -(-(p << 256) // q)
    for number, wins in ((threshold - 1, True), (threshold, False), (0, True)):
        monkeypatch.setattr(rules, "drawn_number", lambda *_, number=number: number)
        assert rules.is_win(b"", "", Chance(p, q)) is wins
    assert Fraction(threshold, 2**256) >= Fraction(p, q)


def test_a_play_is_named_by_what_the_member_chose_and_a_count():
    first = rules.play_id_of("gam_1", 1, 1, rules.nonce_hash("mem_1", "abc"))
    assert is_id(first, "ply")
    others = {
        rules.play_id_of("gam_2", 1, 1, rules.nonce_hash("mem_1", "abc")),
        rules.play_id_of("gam_1", 2, 1, rules.nonce_hash("mem_1", "abc")),
        rules.play_id_of("gam_1", 1, 2, rules.nonce_hash("mem_1", "abc")),
        rules.play_id_of("gam_1", 1, 1, rules.nonce_hash("mem_1", "abd")),
        rules.play_id_of("gam_1", 1, 1, rules.nonce_hash("mem_2", "abc")),
        rules.play_id_of("gam_1", 1, 1, rules.nonce_hash("mem_1a", "bc")),
    }
    assert len(others) == 6
    assert first not in others


def test_the_production_function_wins_as_often_as_it_says():
    """Deterministic: 40,000 plays under a fixed seed, within 3.3 standard deviations."""
    game = game_of(prizes=[prize("a", 1), prize("b", 6)], consolation={"points": 1, "weight": 3})
    found: Counter[str] = Counter()
    for play_id in ids(40_000):
        decided = rules.decide(game, SEED, play_id, 0)
        found[decided.prize.key if decided.prize else "lost"] += 1
    for key, chance in (rules.odds(game, 0) | {"lost": Fraction(3, 4)}).items():
        assert (found[key] - 40_000 * chance) ** 2 < Fraction(109, 10) * 40_000 * chance * (
            1 - chance
        )


FIRST_HALF = frozenset(ids(20_000))
RIGGED = {
    "a hundredth too few": lambda seed, play_id: rules.is_win(seed, play_id, Chance(24, 100)),
    "eight bits, one too few": lambda seed, play_id: rules.drawn_number(seed, play_id) % 256 < 60,
    "every fifth": lambda seed, play_id: rules.drawn_number(seed, play_id) % 5 == 0,
    "the first half alone": lambda seed, play_id: (
        play_id in FIRST_HALF and rules.is_win(seed, play_id, Chance(1, 4))
    ),
}


@pytest.mark.parametrize("rigged", RIGGED)
def test_a_rigged_game_is_caught_by_the_same_numbers(rigged):
    wins = sum(RIGGED[rigged](SEED, play_id) for play_id in ids(40_000))
    assert (wins - 10_000) ** 2 > Fraction(109, 10) * 40_000 * Fraction(3, 16)


def test_wins_do_not_depend_on_what_happened_before():
    """After a win and after a loss the next play of the production function wins alike."""
    won = [rules.is_win(SEED, play_id, QUARTER) for play_id in ids(40_000)]
    after = {before: [b for a, b in pairwise(won) if a is before] for before in (True, False)}
    for plays in after.values():
        share = Fraction(sum(plays), len(plays))
        assert (share - Fraction(1, 4)) ** 2 < Fraction(109, 10) * Fraction(3, 16) / len(plays)


def test_never_unlucky_wins_64_of_175_plays_in_the_long_run():
    game = game_of(mode="never_unlucky")
    assert rules.long_run(game) == Fraction(64, 175)
    assert rules.long_run(game_of()) == Fraction(1, 4)
    for plays in (1, 4, 7):
        histories = enumerated(Fraction(1, 4), plays)
        assert sum(histories.values()) == 1
        assert all("0000" not in "".join(map(str, history)) for history in histories)
    renewals = {1: Fraction(1, 4), 2: Fraction(3, 16), 3: Fraction(9, 64), 4: Fraction(27, 64)}
    assert 1 / sum(at * share for at, share in renewals.items()) == Fraction(64, 175)


def test_never_unlucky_gives_at_least_a_quarter_whatever_happened_before():
    game = game_of(mode="never_unlucky")
    for history in product((0, 1), repeat=6):
        losses = 0
        for won in history:
            chance = rules.chance_after(game, losses)
            assert 4 * chance.p >= chance.q
            losses = 0 if won or (chance.p, chance.q) == (1, 1) else losses + 1
        assert losses <= 3


def test_the_production_function_never_loses_four_times_in_a_row():
    game, losses, run, wins = game_of(mode="never_unlucky"), 0, 0, 0
    for play_id in ids(20_000):
        decided = rules.decide(game, SEED, play_id, losses)
        losses, wins = decided.losses_after, wins + decided.is_win
        run = 0 if decided.is_win else run + 1
        assert run == losses <= 3
    assert abs(Fraction(wins, 20_000) - Fraction(64, 175)) < Fraction(1, 100)


def test_the_odds_add_up_and_what_is_sold_out_falls_to_the_points():
    game = game_of(prizes=[prize("a", 1), prize("b", 6)], consolation={"points": 1, "weight": 3})
    assert rules.odds(game, 0) == {
        "a": Fraction(1, 40),
        "b": Fraction(6, 40),
        "points": Fraction(3, 40),
    }
    without = rules.odds(game, 0, ["b"])
    assert without == {"a": Fraction(1, 40), "b": 0, "points": Fraction(9, 40)}


@pytest.mark.parametrize(("plays", "most"), [(100, 39), (1000, 293), (10_000, 2635)])
def test_what_plays_cost_at_most(plays, most):
    assert rules.wins_at_most(Fraction(1, 4), plays) == most


@pytest.mark.parametrize(("plays", "chance"), [(100, "1/4"), (400, "1/3"), (1000, "1/4")])
def test_the_bound_is_the_one_of_the_exact_distribution(plays, chance):
    p = Fraction(chance)
    most = rules.wins_at_most(p, plays)
    terms = [comb(plays, k) * p**k * (1 - p) ** (plays - k) for k in range(most + 1)]
    assert sum(terms) >= Fraction(999, 1000) > sum(terms[:-1])
