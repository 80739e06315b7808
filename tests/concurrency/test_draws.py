"""Draws by several workers at once are one draw, and a prize has one owner."""

import pytest

from server.gamification.raffle_draws.drawing import work_out
from server.gamification.raffle_draws.types import Win
from server.gamification.raffle_prizes.claiming import claim_prize, lapse_prizes
from server.gamification.raffle_prizes.errors import PrizeClaimExpired
from server.gamification.raffle_prizes.giving import finish_draw, give_consolations
from tests.builders.draws import (
    DRAWS_AT,
    crowded_raffle,
    draw,
    main_wins,
    round_for,
    seal,
    second_wins,
)
from tests.builders.members import VAULT
from tests.builders.purchases import open_shop, wallet
from tests.builders.raffles import CLOSES_AT, DAY, EVA
from tests.concurrency.crowd import assert_sound, once, refused, rush

WORKERS = 8
CLAIM_BY = DRAWS_AT + 30 * DAY


@pytest.fixture
def sealed(app):
    """A raffle of thirty entrants, sealed."""

    def make(tx):
        open_shop(tx)
        raffle = crowded_raffle(tx, 30)
        seal(tx, raffle)
        return raffle

    return once(app, make)


def drawing(raffle):
    return lambda tx: finish_draw(
        tx, work_out(tx, raffle, round_for(tx, raffle), VAULT), EVA, DRAWS_AT
    )


def test_workers_that_draw_at_once_make_one_draw(app, sealed):
    results = rush(app, [drawing(sealed)] * WORKERS)
    assert sorted(results) == [False] * (WORKERS - 1) + [True]
    expected = once(app, lambda tx: work_out(tx, sealed, round_for(tx, sealed), VAULT)).drawn
    main, second = once(app, lambda tx: (main_wins(tx, sealed), second_wins(tx, sealed)))
    assert [win.entrant for win in main] == [one.entrant for one in expected.main]
    assert [win.entrant for win in second] == [one.entrant for one in expected.second]
    assert_sound(app, DRAWS_AT)


def test_workers_that_give_at_once_give_each_prize_once(app, sealed):
    once(app, lambda tx: draw(tx, sealed))
    winners = [win.member_id for win in once(app, lambda tx: second_wins(tx, sealed))]
    before = once(app, lambda tx: [wallet(tx, one).available for one in winners])
    rush(app, [lambda tx: give_consolations(tx, DRAWS_AT, 20)] * WORKERS)
    after = once(app, lambda tx: [wallet(tx, one).available for one in winners])
    assert after == [amount + 60 for amount in before]
    assert_sound(app, DRAWS_AT)


def test_a_prize_is_claimed_or_passed_on_but_not_both(app, sealed):
    once(app, lambda tx: draw(tx, sealed))
    [win] = once(app, lambda tx: main_wins(tx, sealed))
    late = CLAIM_BY - (CLAIM_BY - CLOSES_AT) / 1000
    claims = [lambda tx: claim_prize(tx, win.member_id, win.id, late)] * 4
    lapses = [lambda tx: lapse_prizes(tx, CLAIM_BY, 10)] * 4
    results = rush(app, [*claims, *lapses])
    claimed = [one for one in results if isinstance(one, Win)]
    assert len(claimed) in (0, 4)
    assert len(refused(results, PrizeClaimExpired)) == 4 - len(claimed)
    wins = once(app, lambda tx: main_wins(tx, sealed))
    assert len(wins) == (1 if claimed else 2)
    assert_sound(app, CLAIM_BY)
