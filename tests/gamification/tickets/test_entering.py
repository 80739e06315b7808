"""Entering a raffle: what it costs, who may, how often, and what is refused without a trace."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from server.core.outbox import OUTBOX
from server.gamification.definitions.service import pause
from server.gamification.invariants.service import check_all
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.models import TRANSFER
from server.gamification.members.models import MEMBER
from server.gamification.raffles.errors import RaffleClosed, RaffleFull, RaffleUnknown
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.rewards.errors import NotEligible, TierTooLow
from server.gamification.tickets.counting import count_in
from server.gamification.tickets.entering import buy_tickets, enter_free
from server.gamification.tickets.errors import AgeRestricted, FreeEntryUsed, TicketLimitReached
from server.gamification.tickets.queries import count_held, list_pool, list_ticket_ids, spread_of
from server.gamification.tickets.types import Asked
from tests.builders.purchases import NOW, add_member, give, open_shop, wallet
from tests.builders.raffles import CAPPED, CLOSES_AT, DAY, EVA, enter, open_raffle, standing


@pytest.fixture
def ana(tx):
    """Ana has a thousand points; at the end everything is in order."""
    open_shop(tx)
    member_id = add_member(tx)
    give(tx, member_id, 1000)
    yield member_id
    assert [str(found) for found in check_all(tx, NOW)] == []


def asked(member_id, raffle_id, tickets=1):
    return Asked(member_id, raffle_id, tickets, f"member:{member_id}")


def refused(tx, refusal, act):
    """The parameters of a refusal that leaves nothing behind."""
    point = tx.begin_nested()
    with pytest.raises(refusal) as found:
        act()
    point.rollback()
    return found.value.params


def test_tickets_are_paid_to_the_account_of_raffles(tx, ana):
    raffle = open_raffle(tx)
    entry = enter(tx, ana, raffle, 3)
    moved = tx.execute(select(TRANSFER).where(TRANSFER.c.id == entry.transfer_id)).one()
    assert (moved.kind, moved.credit_account, moved.amount) == ("entry", "raffle", 150)
    assert (wallet(tx, ana)["available"], count_held(tx, raffle, ana)) == (850, 3)
    numbers = list_ticket_ids(tx, [entry.id])[entry.id]
    assert sorted({len(one) for one in numbers}) == [32]
    assert sorted(numbers) == sorted(ticket for ticket, _, _ in list_pool(tx, raffle))


def test_entrants_and_tickets_are_counted_and_told(tx, ana):
    raffle, ben = open_raffle(tx), add_member(tx)
    give(tx, ben, 100)
    for member_id, tickets in ((ana, 2), (ben, 1), (ana, 3)):
        enter(tx, member_id, raffle, tickets)
    now = standing(tx, raffle)
    assert (now.entrants, now.tickets, spread_of(tx, raffle)) == (2, 6, {5: 1, 1: 1})
    told = select(OUTBOX.c.payload).where(OUTBOX.c.topic == "raffle.ticket_added")
    assert sorted(row["tickets"] for row in tx.execute(told).scalars()) == [1, 2, 5]


def test_what_was_announced_grows_with_entrants(tx, ana):
    raffle = open_raffle(tx)
    for count in range(1, 15):
        member_id = add_member(tx)
        give(tx, member_id, 50)
        enter(tx, member_id, raffle)
        assert standing(tx, raffle).consolations == max(3, -(-(count - 1) // 4))


def test_nobody_holds_more_than_the_cap(tx, ana):
    raffle = open_raffle(tx)
    enter(tx, ana, raffle, 9)
    params = refused(tx, TicketLimitReached, lambda: enter(tx, ana, raffle, 2))
    assert params == {"limit": 10, "held": 9}
    assert wallet(tx, ana)["available"] == 550


def test_without_points_nobody_enters(tx, ana):
    raffle = open_raffle(tx)
    ben = add_member(tx)
    params = refused(tx, BalanceInsufficient, lambda: enter(tx, ben, raffle))
    assert params["missing"] == 50
    assert standing(tx, raffle).entrants == 0


def test_the_budget_is_a_hard_ceiling_and_those_inside_may_buy_on(tx, ana):
    raffle = open_raffle(tx, budget=180)  # three consolation prizes carry 13 entrants
    for _ in range(12):
        member_id = add_member(tx)
        give(tx, member_id, 50)
        enter(tx, member_id, raffle)
    enter(tx, ana, raffle)
    late = add_member(tx)
    give(tx, late, 50)
    assert refused(tx, RaffleFull, lambda: enter(tx, late, raffle)) == {}
    enter(tx, ana, raffle, 9)
    assert standing(tx, raffle).consolations == 3


def test_capped_tickets_end_at_four_for_each_prize(tx, ana):
    raffle = open_raffle(tx, **CAPPED)
    enter(tx, ana, raffle, 3)
    ben = add_member(tx)
    give(tx, ben, 100)
    assert refused(tx, RaffleFull, lambda: enter(tx, ben, raffle, 2)) == {}
    enter(tx, ben, raffle, 1)
    assert standing(tx, raffle).tickets == 4


@pytest.mark.parametrize(
    ("now", "state"),
    [(NOW - 2 * DAY, "not_open_yet"), (CLOSES_AT, "closing"), (CLOSES_AT + DAY, "closing")],
)
def test_tickets_are_had_while_the_raffle_is_open(tx, ana, now, state):
    raffle = open_raffle(tx)
    assert refused(tx, RaffleClosed, lambda: enter(tx, ana, raffle, now=now)) == {"state": state}


def test_a_paused_raffle_takes_nobody(tx, ana):
    raffle = open_raffle(tx)
    pause(tx, RAFFLES, raffle, EVA, NOW)
    assert refused(tx, RaffleClosed, lambda: enter(tx, ana, raffle)) == {"state": "paused"}
    refused(tx, RaffleUnknown, lambda: enter(tx, ana, "rfl_none"))


def test_entering_for_nothing_works_once_in_a_period(tx, ana):
    raffle = open_raffle(tx, free_entry={"tickets": 2, "period": "day"})
    entry = enter_free(tx, asked(ana, raffle), NOW)
    assert (entry.tickets, entry.price, entry.period) == (2, 0, "2026-11-22")
    params = refused(tx, FreeEntryUsed, lambda: enter_free(tx, asked(ana, raffle), NOW))
    assert params == {"period": "2026-11-22"}
    enter_free(tx, asked(ana, raffle), NOW + DAY)
    assert (count_held(tx, raffle, ana), wallet(tx, ana)["available"]) == (4, 1000)


def test_where_there_is_no_free_way_in_nobody_takes_it(tx, ana):
    raffle = open_raffle(tx)
    params = refused(tx, NotEligible, lambda: enter_free(tx, asked(ana, raffle), NOW))
    assert params == {"reasons": ["no_free_entry"]}
    other = open_raffle(tx, "gifts", price=None, given=True)
    params = refused(tx, NotEligible, lambda: buy_tickets(tx, asked(ana, other), NOW))
    assert params == {"reasons": ["not_sold"]}


def test_the_age_gate_wants_a_birthday(tx, ana):
    raffle = open_raffle(tx, who={"age_min": 18})
    params = refused(tx, AgeRestricted, lambda: enter(tx, ana, raffle))
    assert params == {"age_min": 18, "is_known": False}
    born = date(2008, 11, 23)  # eighteen tomorrow
    tx.execute(update(MEMBER).where(MEMBER.c.id == ana).values(birthday=born))
    params = refused(tx, AgeRestricted, lambda: enter(tx, ana, raffle))
    assert params == {"age_min": 18, "is_known": True}
    enter(tx, ana, raffle, now=NOW + timedelta(hours=12))


@pytest.mark.parametrize(
    ("who", "refusal", "params"),
    [
        ({"tiers": ["gold"]}, TierTooLow, {"tiers": ["gold"]}),
        ({"verified_phone": True}, NotEligible, {"reasons": ["phone_not_confirmed"]}),
        (
            {"condition": "activities[referral] >= 1", "words": {"en": "Who recommended us."}},
            NotEligible,
            {"reasons": ["condition"]},
        ),
    ],
)
def test_a_raffle_may_be_for_some(tx, ana, who, refusal, params):
    raffle = open_raffle(tx, who={"age_min": 0} | who)
    assert refused(tx, refusal, lambda: enter(tx, ana, raffle)) == params


def test_who_read_other_rules_does_not_enter(tx, ana):
    raffle = open_raffle(tx)
    entry = enter(tx, ana, raffle)
    params = refused(tx, RaffleClosed, lambda: count_in(tx, entry, 2, is_new=False, now=NOW))
    assert params == {"state": "changed"}
    assert standing(tx, raffle).tickets == 1
