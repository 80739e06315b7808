"""A play has one outcome, gives what it says, and uses one play of the member's."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import change_draft, pause, publish
from server.gamification.game_plays.players import force_outcome
from server.gamification.game_plays.queries import find_play, latest_plays
from server.gamification.game_plays.types import Outcome, Pay, Source
from server.gamification.games.credits import lapse_plays
from server.gamification.games.editions import end_editions, open_editions
from server.gamification.games.errors import (
    GameNotForYou,
    GameNotOpen,
    NoPlaysLeft,
    PlayNotForSale,
)
from server.gamification.games.queries import find_player, get_game
from server.gamification.games.rules import seed_hash
from server.gamification.games.settings import GAMES
from server.gamification.grants.service import take_back
from server.gamification.invariants.service import check_all
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.models import WALLET
from server.gamification.programme.queries import current_revision
from tests.builders.instant_wins import (
    ALWAYS,
    EVA,
    credits_of,
    editions,
    give_plays,
    open_game,
    play,
    prize,
    stock_of,
    wheel,
)
from tests.builders.members import VAULT
from tests.builders.playing import open_challenge, undo
from tests.builders.playing import play as do
from tests.builders.purchases import NOW, add_member, give, open_shop

DAY = timedelta(days=1)


@pytest.fixture
def ana(tx):
    """A member of a shop."""
    open_shop(tx)
    return add_member(tx)


def held(tx, member_id):
    rows = tx.execute(select(WALLET).where(WALLET.c.member_id == member_id))
    return {row.unit: row.available for row in rows}


def assert_sound(tx, now=NOW):
    assert check_all(tx, now, vault=VAULT) == []


def test_the_same_nonce_is_the_same_play(tx, ana):
    game = open_game(tx, chance=ALWAYS)
    first = play(tx, ana, game, "one")
    assert play(tx, ana, game, "one") == first
    assert (first.number, first.source, first.outcome != Outcome.LOST) == (1, Source.FREE, True)
    assert find_play(tx, ana, first.id) == first
    assert len(latest_plays(tx, ana, game.id)) == 1
    assert_sound(tx)


def test_there_is_one_free_play_a_day_of_the_shops_calendar(tx, ana):
    """At 14:30 in London it is 16:30 in Tallinn; the next day begins at 22:00 in London."""
    game = open_game(tx)
    play(tx, ana, game, "one")
    with pytest.raises(NoPlaysLeft) as refused:
        play(tx, ana, game, "two")
    next_at = refused.value.params["next_play_at"]
    assert next_at.isoformat() == "2026-11-22T22:00:00+00:00"
    assert play(tx, ana, game, "two", now=next_at).number == 2
    assert_sound(tx, next_at)


def test_a_prize_is_given_in_stars_and_the_consolation_in_points(tx, ana):
    game = open_game(tx, free_per_day=2)
    for wanted in ("star", "points"):
        force_outcome(tx, ana, game.id, wanted, NOW.date())
        play(tx, ana, game, wanted)
    assert held(tx, ana) == {"points": 5, "stars": 3}
    assert_sound(tx)


def test_the_last_piece_is_given_once_then_there_are_points(tx, ana):
    game = open_game(
        tx, chance=ALWAYS, free_per_day=3, prizes=[prize(stock=1)], consolation={"points": 5}
    )
    plays = [play(tx, ana, game, str(number)) for number in range(3)]
    assert [one.outcome for one in plays] == [Outcome.PRIZE, Outcome.POINTS, Outcome.POINTS]
    assert [one.prize_key for one in plays] == ["star"] * 3
    assert (held(tx, ana), stock_of(tx)) == ({"points": 10, "stars": 3}, {"star": (1, 1)})
    assert_sound(tx)


def test_a_prize_is_released_bit_by_bit(tx, ana):
    paced = prize(stock=5, pacing={"count": 2, "per": "hour"})
    game = open_game(tx, chance=ALWAYS, free_per_day=9, prizes=[paced], consolation={"points": 5})
    first = [play(tx, ana, game, f"a{number}").outcome for number in range(3)]
    later = NOW + timedelta(minutes=30)
    second = [play(tx, ana, game, f"b{number}", now=later).outcome for number in range(3)]
    assert first == second == [Outcome.PRIZE, Outcome.PRIZE, Outcome.POINTS]
    assert stock_of(tx) == {"star": (4, 5)}
    assert_sound(tx, later)


def test_a_prize_that_cannot_be_given_whole_becomes_points_and_leaves_no_trace(tx, ana):
    """The reward is none of the catalogue, so that its star is not given either."""
    gone = [{"kind": "stars", "amount": 1}, {"kind": "reward", "key": "nothing"}]
    prizes = [prize(stock=4, benefits=gone)]
    game = open_game(tx, chance=ALWAYS, prizes=prizes, consolation={"points": 5})
    assert play(tx, ana, game, "one").outcome is Outcome.POINTS
    assert (held(tx, ana), stock_of(tx)) == ({"points": 5}, {"star": (0, 4)})
    assert_sound(tx)


def test_plays_given_are_used_after_the_free_one_soonest_end_first(tx, ana):
    game = open_game(tx, plays_days=7)
    give_plays(tx, ana, 2, "old", NOW - DAY)
    give_plays(tx, ana, 1, "new")
    sources = [play(tx, ana, game, str(number)).source for number in range(4)]
    assert sources == [Source.FREE] + [Source.CREDIT] * 3
    with pytest.raises(NoPlaysLeft):
        play(tx, ana, game, "five")
    assert credits_of(tx, ana) == [(0, 2, 0, 0), (0, 1, 0, 0)]
    assert_sound(tx)


def test_plays_given_are_taken_back_as_far_as_they_are_there(tx, ana):
    game = open_game(tx, free_per_day=0)
    give_plays(tx, ana, 3)
    play(tx, ana, game, "one")
    assert take_back(tx, ana, ("test", "plays-one"), EVA, NOW) is not None
    assert credits_of(tx, ana) == [(0, 1, 2, 0)]
    with pytest.raises(NoPlaysLeft) as refused:
        play(tx, ana, game, "two")
    assert refused.value.params == {"next_play_at": None}
    assert_sound(tx)


def test_plays_given_end_after_their_days(tx, ana):
    game = open_game(tx, free_per_day=0, plays_days=7)
    give_plays(tx, ana, 3)
    over = NOW + 7 * DAY
    assert lapse_plays(tx, over - timedelta(seconds=1), 10) == 0
    with pytest.raises(NoPlaysLeft):
        play(tx, ana, game, "one", now=over)
    assert (lapse_plays(tx, over, 10), lapse_plays(tx, over, 10)) == (1, 0)
    assert credits_of(tx, ana) == [(0, 0, 0, 3)]
    assert_sound(tx, over)


def test_a_play_is_bought_with_points_only_when_asked_for(tx, ana):
    game = open_game(tx, free_per_day=0, price_points=4)
    give(tx, ana, 9)
    with pytest.raises(NoPlaysLeft):
        play(tx, ana, game, "one")
    for nonce in ("one", "two"):
        force_outcome(tx, ana, game.id, "lost", NOW.date())
        assert play(tx, ana, game, nonce, Pay.POINTS).source is Source.POINTS
    with pytest.raises(BalanceInsufficient):
        play(tx, ana, game, "three", Pay.POINTS)
    assert held(tx, ana) == {"points": 1}
    assert_sound(tx)


def test_plays_that_are_not_for_sale_cost_nothing(tx, ana):
    game = open_game(tx)
    give(tx, ana, 9)
    with pytest.raises(PlayNotForSale):
        play(tx, ana, game, "one", Pay.POINTS)


def test_nobody_plays_more_than_the_limit_of_a_day(tx, ana):
    game = open_game(tx, per_day_max=2, price_points=4)
    give(tx, ana, 100)
    give_plays(tx, ana, 5)
    sources = [play(tx, ana, game, str(number)).source for number in range(2)]
    assert sources == [Source.FREE, Source.CREDIT]
    for pay in Pay:
        with pytest.raises(NoPlaysLeft) as refused:
            play(tx, ana, game, "three", pay)
        assert refused.value.params["next_play_at"] is not None
    assert_sound(tx)


def test_a_game_is_for_whom_its_condition_names(tx, ana):
    game = open_game(tx, condition="tier = gold")
    with pytest.raises(GameNotForYou):
        play(tx, ana, game, "one")
    assert play(tx, ana, open_game(tx, "all", condition="member_days >= 0"), "one").number == 1


def test_a_game_is_played_in_its_time_alone(tx, ana):
    window = {"starts_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-25T00:00:00Z"}
    game = open_game(tx, **window)
    for days, reason in ((0, "not_started"), (3, "ended")):
        with pytest.raises(GameNotOpen) as refused:
            play(tx, ana, game, "one", now=NOW + days * DAY)
        assert refused.value.params == {"reason": reason}
    assert play(tx, ana, game, "one", now=NOW + DAY).number == 1
    assert end_editions(tx, VAULT, NOW + 3 * DAY) == 1
    assert_sound(tx, NOW + 3 * DAY)


def test_a_new_version_has_a_new_seed_and_the_old_one_is_told(tx, ana):
    game = open_game(tx)
    play(tx, ana, game, "one")
    before = editions(tx)[0]
    assert (before.seed, end_editions(tx, VAULT, NOW)) == (None, 0)
    stored = get_definition(tx, GAMES.name, game.id)
    changed = wheel(chance={"p": 1, "q": 3})
    change_draft(tx, GAMES, (stored.id, stored.edit), changed, EVA, NOW)
    publish(tx, GAMES, game.id, EVA, NOW)
    newer = get_game(tx, current_revision(tx), "wheel")
    with pytest.raises(GameNotOpen) as refused:
        play(tx, ana, newer, "two", now=NOW + DAY)
    assert refused.value.params == {"reason": "opening"}
    assert (end_editions(tx, VAULT, NOW), open_editions(tx, VAULT, NOW)) == (1, 1)
    with pytest.raises(GameNotOpen):
        play(tx, ana, game, "two", now=NOW + DAY)
    old, new = editions(tx)
    assert seed_hash(bytes.fromhex(old.seed)) == old.seed_hash == before.seed_hash
    assert (new.seed, new.seed_hash != old.seed_hash) == (None, True)
    assert play(tx, ana, newer, "two", now=NOW + DAY).number == 2
    assert (end_editions(tx, VAULT, NOW), open_editions(tx, VAULT, NOW)) == (0, 0)
    assert_sound(tx, NOW + DAY)


def test_a_paused_game_keeps_its_seed(tx, ana):
    game = open_game(tx)
    pause(tx, GAMES, game.id, EVA, NOW)
    assert (end_editions(tx, VAULT, NOW), open_editions(tx, VAULT, NOW)) == (0, 0)
    publish(tx, GAMES, game.id, EVA, NOW)
    assert play(tx, ana, game, "one").number == 1


def test_losses_are_counted_until_the_sure_win(tx, ana):
    game = open_game(tx, mode="never_unlucky", free_per_day=9)
    for number in range(3):
        force_outcome(tx, ana, game.id, "lost", NOW.date())
        assert play(tx, ana, game, str(number)).losses_before == number
    assert find_player(tx, ana, game.id).losses == 3
    sure = play(tx, ana, game, "sure")
    assert (sure.losses_before, sure.is_forced, sure.outcome != Outcome.LOST) == (3, False, True)
    assert find_player(tx, ana, game.id).losses == 0
    assert_sound(tx)


def test_a_challenge_gives_plays_and_a_return_takes_the_unused_ones_back(tx, ana):
    """Two plays for a purchase: one is used, the purchase comes back, one is left to take."""
    game = open_game(tx, free_per_day=0)
    plays = [{"kind": "plays", "key": "wheel", "amount": 2}]
    automatic = {"mode": "automatic"}
    open_challenge(tx, key="once", target=1, benefits=plays, claim=automatic)
    fact = do(tx, ana, NOW)
    assert credits_of(tx, ana) == [(2, 0, 0, 0)]
    assert play(tx, ana, game, "one").source is Source.CREDIT
    undo(tx, fact, now=NOW)
    assert credits_of(tx, ana) == [(0, 1, 1, 0)]
    with pytest.raises(NoPlaysLeft):
        play(tx, ana, game, "two")
