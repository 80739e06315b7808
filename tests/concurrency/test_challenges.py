"""Many at once after the same reward: it is given once, whoever comes first."""

from server.gamification.challenges.errors import AlreadyClaimed
from server.gamification.challenges.queries import get_challenge
from server.gamification.challenges.service import claim
from server.gamification.quizzes.errors import AttemptsUsedUp
from server.gamification.quizzes.service import answer
from server.gamification.streaks.errors import FreezeNoneLeft
from server.gamification.streaks.queries import get_calendar, get_streak
from server.gamification.streaks.service import Buyer, buy_freeze
from tests.builders.games import ANYBODY
from tests.builders.playing import open_challenge, open_quiz, open_streak, play, rounds
from tests.builders.purchases import NOW, add_member, balances, give, open_shop
from tests.concurrency.crowd import assert_sound, once, refused, rush

CROWD = 12


def ready(tx):
    """A member who has done a challenge, and the challenge's id."""
    open_shop(tx)
    ana, three = add_member(tx), open_challenge(tx)
    for _ in range(3):
        play(tx, ana, NOW)
    return ana, three.id


def test_a_reward_claimed_many_times_at_once_is_given_once(app):
    ana, three = once(app, ready)
    works = [lambda tx: claim(tx, ana, get_challenge(tx, three), "member:ana", NOW)] * CROWD
    results = rush(app, works)
    assert len(refused(results, AlreadyClaimed)) == CROWD - 1
    assert once(app, lambda tx: balances(tx, ana)) == (50, 0, 0, 0)
    assert_sound(app, NOW)


def test_attempts_at_once_are_not_more_than_there_are(app):
    ana, _ = once(app, ready)
    quiz = once(app, lambda tx: open_quiz(tx, attempts=3)).id
    wrong = {"bean": frozenset({"no"})}
    works = [lambda tx: answer(tx, ana, get_challenge(tx, quiz), wrong, ANYBODY, NOW)] * CROWD
    results = rush(app, works)
    assert len(refused(results, AttemptsUsedUp)) == CROWD - 3
    assert (1, 0, False) in once(app, lambda tx: rounds(tx, ana))
    assert_sound(app, NOW)


def test_freezes_bought_at_once_are_not_more_than_one_may_have(app):
    ana, _ = once(app, ready)
    freezes = {"start": 0, "most": 2, "price_points": 10}
    streak = once(app, lambda tx: open_streak(tx, freezes=freezes)).id
    once(app, lambda tx: give(tx, ana, 100))

    def buy(tx):
        buyer = Buyer(ana, NOW.date(), get_calendar(tx))
        return buy_freeze(tx, get_streak(tx, streak), buyer, NOW)

    results = rush(app, [buy] * CROWD)
    assert len(refused(results, FreezeNoneLeft)) == CROWD - 2
    assert once(app, lambda tx: balances(tx, ana)) == (80, 0, 0, 0)
    assert_sound(app, NOW)
