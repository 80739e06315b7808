"""Games that many play at once: the last prize is given once, and so is the last play."""

import pytest

from server.gamification.game_plays.types import Outcome, Play
from server.gamification.games.editions import end_editions, open_editions
from server.gamification.games.errors import GameNotOpen, NoPlaysLeft
from tests.builders.instant_wins import (
    ALWAYS,
    credits_of,
    editions,
    give_plays,
    open_game,
    play,
    prize,
    stock_of,
)
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, open_shop
from tests.concurrency.crowd import assert_sound, once, refused, rush

PLAYERS = 50
SURE = {"chance": ALWAYS, "consolation": {"points": 5}}


def crowd(app, members, **settings):
    def join(tx):
        open_shop(tx)
        return [add_member(tx) for _ in range(members)], open_game(tx, **settings)

    return once(app, join)


def playing(member_id, game, nonce):
    return lambda tx: play(tx, member_id, game, nonce)


def test_the_last_prize_goes_to_one_of_fifty_and_the_others_have_points(app):
    members, game = crowd(app, PLAYERS, prizes=[prize(stock=1)], **SURE)
    results = rush(app, [playing(member, game, "one") for member in members])
    outcomes = [one.outcome for one in results]
    assert (outcomes.count(Outcome.PRIZE), outcomes.count(Outcome.POINTS)) == (1, PLAYERS - 1)
    assert once(app, stock_of) == {"star": (1, 1)}
    assert_sound(app, NOW)


def test_the_same_key_twenty_times_is_one_play(app):
    (ana,), game = crowd(app, 1, free_per_day=20)
    results = rush(app, [playing(ana, game, "same")] * 20)
    assert len({one.id for one in results}) == 1
    assert once(app, lambda tx: play(tx, ana, game, "next")).number == 2
    assert_sound(app, NOW)


@pytest.mark.parametrize("is_given", [True, False])
def test_twenty_threads_with_one_play_left_play_once(app, is_given):
    (ana,), game = crowd(app, 1, free_per_day=0 if is_given else 1)
    if is_given:
        once(app, lambda tx: give_plays(tx, ana, 1))
    results = rush(app, [playing(ana, game, f"n{number}") for number in range(20)])
    assert len([one for one in results if isinstance(one, Play)]) == 1
    assert len(refused(results, NoPlaysLeft)) == 19
    assert once(app, lambda tx: credits_of(tx, ana)) == ([(0, 1, 0, 0)] if is_given else [])
    assert_sound(app, NOW)


def test_a_game_that_ends_while_it_is_played_tells_its_seed_after_the_last_play(app):
    """Each play is either in the edition before its seed is told, or refused."""
    members, game = crowd(app, 20, ends_at="2026-11-23T00:00:00Z")
    over = game.ends_at
    works = [playing(member, game, "one") for member in members]
    results = rush(app, [*works[:10], lambda tx: end_editions(tx, VAULT, over), *works[10:]])
    played = [one for one in results if isinstance(one, Play)]
    assert len(played) + len(refused(results, GameNotOpen)) == 20
    (edition,) = once(app, editions)
    assert edition.seed is not None
    assert_sound(app, over)


def test_workers_that_open_at_once_open_once(app):
    _, game = crowd(app, 0)
    once(app, lambda tx: end_editions(tx, VAULT, NOW))
    results = rush(app, [lambda tx: open_editions(tx, VAULT, NOW)] * 5)
    assert results == [0] * 5
    assert len(once(app, editions)) == 1
    assert game.version == 1
