"""Prizes of drawn raffles: given once, claimed in time, else the next in order has them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.outbox import OUTBOX
from server.gamification.draws.types import Scope, Void
from server.gamification.invariants.service import check_all
from server.gamification.raffle_acts.errors import DrawNeedsSecondPerson
from server.gamification.raffle_draws.telling import tell_results
from server.gamification.raffle_draws.types import WinState
from server.gamification.raffle_prizes.acts import (
    approve,
    ask_substitute,
    ask_void,
    ask_void_prize,
)
from server.gamification.raffle_prizes.claiming import (
    claim_prize,
    close_raffle,
    lapse_prizes,
    warn_winners,
)
from server.gamification.raffle_prizes.errors import (
    PrizeClaimExpired,
    PrizeNotDue,
    PrizeUnknown,
    SubstituteUnfit,
)
from server.gamification.raffle_prizes.giving import (
    give_claimed,
    give_consolations,
    note_delivery,
)
from server.gamification.raffle_prizes.queries import list_deliverable, list_substitutes
from server.gamification.raffle_prizes.substituting import Substitute
from server.gamification.raffles.types import RaffleState
from server.gamification.tickets.cancelling import ask_cancellation
from server.gamification.vouchers.queries import find_voucher
from tests.builders.draws import (
    DAN,
    DRAWS_AT,
    crowded_raffle,
    draw,
    drawn_raffle,
    main_wins,
    seal,
    second_wins,
    worked_out,
)
from tests.builders.purchases import add_member, open_shop, wallet
from tests.builders.raffles import CLOSES_AT, DAY, EVA, standing
from tests.builders.rewards import offer, pieces

CLAIM_BY = DRAWS_AT + 30 * DAY
COMPLAINED_BY = DRAWS_AT + 7 * DAY
MUGS = [{"names": {"en": "Mug"}, "value_minor": 9_00, "quantity": 2, "reward": "mug"}]


@pytest.fixture
def shop(tx):
    """A shop; whatever a test does, everything is in order at its end."""
    open_shop(tx)
    yield
    assert [str(found) for found in check_all(tx, CLAIM_BY + 60 * DAY)] == []


def states(tx, raffle):
    """Place, main prize and state of all who won or were next."""
    return [(win.place, win.prize_place, str(win.state)) for win in main_wins(tx, raffle)]


def claimed(tx, raffle, now=DRAWS_AT, index=0):
    win = main_wins(tx, raffle)[index]
    return claim_prize(tx, win.member_id, win.id, now)


def told(tx, topic):
    asked = select(OUTBOX.c.payload).where(OUTBOX.c.topic == topic).order_by(OUTBOX.c.id)
    return list(tx.execute(asked).scalars())


def test_consolation_prizes_are_given_once(tx, shop):
    raffle = drawn_raffle(tx, 12)
    before = {win.member_id: wallet(tx, win.member_id).available for win in second_wins(tx, raffle)}
    assert give_consolations(tx, DRAWS_AT, 2) == 2
    assert give_consolations(tx, DRAWS_AT, 20) == 1
    assert give_consolations(tx, DRAWS_AT, 20) == 0
    for win in second_wins(tx, raffle):
        assert wallet(tx, win.member_id).available == before[win.member_id] + 60
        assert (win.state, win.ended_at) == (WinState.GIVEN, DRAWS_AT)


def test_a_prize_of_the_catalogue_is_given_when_nobody_can_complain_any_more(tx, shop):
    mug = offer(tx, "mug", stock=2)
    raffle = drawn_raffle(tx, 12, prizes=MUGS)
    win = claimed(tx, raffle)
    assert (win.state, list_deliverable(tx, COMPLAINED_BY - DAY)) == (WinState.CLAIMED, [])
    assert list_deliverable(tx, COMPLAINED_BY) == [win.id]
    assert give_claimed(tx, [win.id], COMPLAINED_BY) == 1
    assert give_claimed(tx, [win.id], COMPLAINED_BY) == 0
    given = main_wins(tx, raffle)[0]
    voucher = find_voucher(tx, str(given.ref_id))
    assert voucher is not None
    assert (given.state, voucher.member_id, voucher.reward_id) == ("given", win.member_id, mug)
    assert pieces(tx, mug) == (2, 2, 0)


def test_claimed_later_it_is_given_at_once(tx, shop):
    offer(tx, "mug", stock=2)
    raffle = drawn_raffle(tx, 12, prizes=MUGS)
    assert claimed(tx, raffle, COMPLAINED_BY).state is WinState.GIVEN
    assert claimed(tx, raffle, COMPLAINED_BY).state is WinState.GIVEN


def test_a_prize_that_people_hand_over_is_noted_by_them(tx, shop):
    raffle = drawn_raffle(tx, 12)
    [win] = main_wins(tx, raffle)
    with pytest.raises(PrizeNotDue):
        note_delivery(tx, win.id, DAN, COMPLAINED_BY)
    claimed(tx, raffle)
    assert give_claimed(tx, [win.id], COMPLAINED_BY) == 0
    with pytest.raises(PrizeNotDue):
        note_delivery(tx, win.id, DAN, COMPLAINED_BY - DAY)
    assert note_delivery(tx, win.id, DAN, COMPLAINED_BY).state is WinState.GIVEN
    assert note_delivery(tx, win.id, DAN, COMPLAINED_BY).state is WinState.GIVEN


def test_what_is_not_claimed_in_time_goes_to_the_next_in_order(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    order = worked_out(tx, raffle).drawn.main_alternates
    draw(tx, raffle)
    [first] = main_wins(tx, raffle)
    with pytest.raises(PrizeClaimExpired):
        claim_prize(tx, first.member_id, first.id, CLAIM_BY)
    assert lapse_prizes(tx, CLAIM_BY - timedelta(seconds=1), 10) == 0
    assert lapse_prizes(tx, CLAIM_BY, 10) == 1
    assert states(tx, raffle) == [(1, 1, "lapsed"), (2, 1, "won")]
    second = main_wins(tx, raffle)[1]
    assert (second.entrant, second.ticket) == (order[0].entrant, order[0].ticket)
    assert second.claim_by_at == CLAIM_BY + 30 * DAY
    with pytest.raises(PrizeClaimExpired):
        claimed(tx, raffle, CLAIM_BY)
    assert claimed(tx, raffle, CLAIM_BY, 1).state is WinState.CLAIMED


def test_after_the_last_in_order_a_prize_stays_for_the_next_raffle(tx, shop):
    mug = offer(tx, "mug", stock=2)
    raffle = drawn_raffle(tx, 12, prizes=MUGS)
    now = CLAIM_BY
    for _ in range(7):
        lapse_prizes(tx, now, 10)
        now += 30 * DAY
    assert len(states(tx, raffle)) == 12
    assert {state for _, _, state in states(tx, raffle)} == {"lapsed"}
    assert (pieces(tx, mug), len(told(tx, "prize.carried"))) == ((2, 0, 0), 2)


def test_prizes_for_which_there_was_nobody_are_on_the_shelf_again(tx, shop):
    mug = offer(tx, "mug", stock=14)
    accepted = {"findings": ["return_above_price", "entrants_min_low"], "by": "Eva"}
    drawn_raffle(tx, 12, prizes=[MUGS[0] | {"quantity": 14}], accepted=accepted)
    assert pieces(tx, mug) == (14, 12, 0)


def test_nobody_claims_for_somebody_else(tx, shop):
    raffle = drawn_raffle(tx, 12)
    [win] = main_wins(tx, raffle)
    with pytest.raises(PrizeUnknown):
        claim_prize(tx, add_member(tx), win.id, DRAWS_AT)
    with pytest.raises(PrizeUnknown):
        claim_prize(tx, win.member_id, "prz_none", DRAWS_AT)


def test_winners_are_warned_three_days_and_one_day_before_the_end(tx, shop):
    drawn_raffle(tx, 12)
    warned = [warn_winners(tx, CLAIM_BY - timedelta(hours=left), 10) for left in (73, 72, 25, 24)]
    assert warned == [0, 1, 0, 1]
    assert [one["hours"] for one in told(tx, "prize.claim_ending")] == [72, 24]


def test_it_takes_two_to_take_a_prize_from_its_winner(tx, shop):
    raffle = drawn_raffle(tx, 12)
    [win] = main_wins(tx, raffle)
    act = ask_void_prize(tx, win.id, "Works in the shop.", EVA, DRAWS_AT)
    with pytest.raises(DrawNeedsSecondPerson):
        approve(tx, act.id, EVA, DRAWS_AT)
    approve(tx, act.id, DAN, DRAWS_AT)
    assert states(tx, raffle) == [(1, 1, "void"), (2, 1, "won")]
    assert main_wins(tx, raffle)[0].why == "Works in the shop."


def test_a_substitute_is_worth_as_much_and_needs_two(tx, shop):
    mug = offer(tx, "mug", stock=2)
    raffle = drawn_raffle(tx, 12, prizes=MUGS)
    with pytest.raises(SubstituteUnfit):
        ask_substitute(tx, raffle, Substitute(1, {"en": "Cup"}, 8_99, "Broken."), EVA, DRAWS_AT)
    with pytest.raises(SubstituteUnfit):
        ask_substitute(tx, raffle, Substitute(3, {"en": "Cup"}, 9_00, "Broken."), EVA, DRAWS_AT)
    instead = Substitute(1, {"en": "Cup"}, 9_00, "The mugs broke.")
    act = ask_substitute(tx, raffle, instead, EVA, DRAWS_AT)
    assert pieces(tx, mug) == (2, 2, 0)
    approve(tx, act.id, DAN, DRAWS_AT)
    assert list_substitutes(tx, raffle)[1].note == "The mugs broke."
    win = claimed(tx, raffle, COMPLAINED_BY)
    assert (win.state, pieces(tx, mug)) == (WinState.CLAIMED, (2, 1, 0))
    assert note_delivery(tx, win.id, DAN, COMPLAINED_BY).state is WinState.GIVEN


def test_voiding_before_the_draw_waits_for_a_second_person_once_the_round_may_be_known(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    first, second = (one.ticket for one in worked_out(tx, raffle).drawn.main_alternates[:2])
    assert ask_void(tx, raffle, Void(Scope.TICKET, first, "Staff."), EVA, CLOSES_AT) is None
    act = ask_void(tx, raffle, Void(Scope.TICKET, second, "Staff."), EVA, DRAWS_AT)
    assert act is not None
    assert len(worked_out(tx, raffle).void.entries) == 1
    approve(tx, act.id, DAN, DRAWS_AT)
    assert len(worked_out(tx, raffle).void.entries) == 2


def test_two_people_cancel_a_raffle_that_is_not_sealed(tx, shop):
    raffle = crowded_raffle(tx, 2)
    act = ask_cancellation(tx, raffle, "It rains.", EVA, CLOSES_AT - DAY)
    approve(tx, act.id, DAN, CLOSES_AT - DAY)
    assert standing(tx, raffle).state is RaffleState.CANCELLED


def test_a_raffle_is_closed_when_every_prize_is_where_it_belongs(tx, shop):
    raffle = drawn_raffle(tx, 12)
    tell_results(tx, raffle, DRAWS_AT, 20)
    give_consolations(tx, DRAWS_AT, 20)
    win = claimed(tx, raffle)
    assert not close_raffle(tx, raffle, COMPLAINED_BY)
    note_delivery(tx, win.id, DAN, COMPLAINED_BY)
    assert close_raffle(tx, raffle, COMPLAINED_BY)
    assert not close_raffle(tx, raffle, COMPLAINED_BY)
    assert standing(tx, raffle).state is RaffleState.CLOSED
