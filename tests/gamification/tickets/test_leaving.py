"""Tickets that count no longer: what they cost goes back to the lots it came from."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from server.core.audit import AUDIT
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give as give_benefits
from server.gamification.grants.service import take_back
from server.gamification.grants.types import PartState, Reason
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import WALLET
from server.gamification.points.ladders import expiry_ladder
from server.gamification.raffle_acts.errors import ActUnknown, DrawNeedsSecondPerson
from server.gamification.raffle_acts.service import approve_act, list_waiting
from server.gamification.raffles.errors import RaffleClosed
from server.gamification.raffles.types import RaffleState
from server.gamification.tickets.cancelling import ask_cancellation, cancel_raffle
from server.gamification.tickets.errors import EntryUnknown
from server.gamification.tickets.leaving import cancel_entry, refund_entries
from server.gamification.tickets.queries import count_held, list_pool
from server.gamification.tickets.types import EntryState
from tests.builders.purchases import NOW, add_member, give, open_shop, wallet
from tests.builders.raffles import CLOSES_AT, DAY, EVA, enter, open_raffle, standing
from tests.builders.rewards import give_lots, offer, pieces

LATE = CLOSES_AT - timedelta(seconds=1)


@pytest.fixture
def ana(tx):
    """Ana has points in lots that end in 3, 20 and 60 days; at the end everything is in order."""
    open_shop(tx)
    member_id = add_member(tx)
    give_lots(tx, member_id, (60, 3), (60, 20), (60, 60))
    yield member_id
    assert [str(found) for found in check_all(tx, LATE)] == []


def lots(tx, member_id):
    """What expires in how many days, of what can be spent."""
    return [((at - NOW).days, amount) for at, amount in expiry_ladder(tx, member_id, "points")]


def give_back(tx, member_id, entry, now=NOW):
    return cancel_entry(tx, member_id, entry.id, f"member:{member_id}", now)


def test_tickets_given_back_return_to_the_very_lots(tx, ana):
    raffle = open_raffle(tx)
    first, second = enter(tx, ana, raffle), enter(tx, ana, raffle)
    assert lots(tx, ana) == [(20, 20), (60, 60)]
    assert give_back(tx, ana, first).state is EntryState.CANCELLED
    assert lots(tx, ana) == [(3, 50), (20, 20), (60, 60)]
    give_back(tx, ana, second)
    assert lots(tx, ana) == [(3, 60), (20, 60), (60, 60)]
    now = standing(tx, raffle)
    assert (now.entrants, now.tickets, now.consolations) == (0, 0, 3)
    assert list_pool(tx, raffle) == []


def test_giving_back_twice_changes_nothing(tx, ana):
    entry = enter(tx, ana, open_raffle(tx), 2)
    assert give_back(tx, ana, entry) == give_back(tx, ana, entry, NOW + DAY)
    assert wallet(tx, ana)["available"] == 180


def test_what_has_expired_meanwhile_comes_back_for_a_while(tx, ana):
    entry = enter(tx, ana, open_raffle(tx))
    give_back(tx, ana, entry, NOW + 5 * DAY)
    assert sum(amount for _, amount in lots(tx, ana)) == 170


def test_only_the_buyer_gives_back_and_only_until_the_end(tx, ana):
    entry, ben = enter(tx, ana, open_raffle(tx)), add_member(tx)
    with pytest.raises(EntryUnknown):
        give_back(tx, ben, entry)
    with pytest.raises(RaffleClosed):
        give_back(tx, ana, entry, CLOSES_AT)
    assert count_held(tx, entry.raffle_id, ana) == 1


def test_announced_prizes_stay_when_entrants_leave(tx, ana):
    raffle = open_raffle(tx)
    entries = []
    for _ in range(17):
        member_id = add_member(tx)
        give(tx, member_id, 50)
        entries.append(enter(tx, member_id, raffle))
    assert standing(tx, raffle).consolations == 4
    for entry in entries:
        give_back(tx, entry.member_id, entry)
    assert standing(tx, raffle).consolations == 4


def test_tickets_of_a_grant_go_with_it_until_the_raffle_closes(tx, ana):
    raffle = open_raffle(tx, given=True)
    tickets = [Benefit(BenefitKind.TICKETS, 2, "xmas")]
    for ref in ("kept", "taken"):
        give_benefits(tx, ana, tickets, Reason("challenge", ref, {"en": "x"}), EVA, NOW)
    assert count_held(tx, raffle, ana) == 4
    taken = take_back(tx, ana, ("challenge", "taken"), EVA, NOW)
    kept = take_back(tx, ana, ("challenge", "kept"), EVA, CLOSES_AT)
    states = [one.parts[0].state for one in (taken, kept) if one is not None]
    assert states == [PartState.TAKEN, PartState.KEPT]
    assert (count_held(tx, raffle, ana), standing(tx, raffle).tickets) == (2, 2)


def test_a_grant_gives_what_fits_and_says_why_it_cannot(tx, ana):
    raffle = open_raffle(tx, given=True, cap=3)
    given = [
        give_benefits(
            tx,
            ana,
            [Benefit(BenefitKind.TICKETS, 2, "xmas")],
            Reason("challenge", ref, {}),
            EVA,
            NOW,
        )
        for ref in "abc"
    ]
    assert [one.parts[0].why for one in given] == [None, None, "ticket_limit_reached"]
    assert count_held(tx, raffle, ana) == 3


def test_cancelling_takes_two_people(tx, ana):
    raffle = open_raffle(tx)
    act = ask_cancellation(tx, raffle, "The dinner is off.", EVA, NOW)
    assert list_waiting(tx) == [act]
    with pytest.raises(DrawNeedsSecondPerson):
        approve_act(tx, act.id, EVA, NOW)
    assert approve_act(tx, act.id, "staff:finn", NOW).approved_by == "staff:finn"
    with pytest.raises(ActUnknown):
        approve_act(tx, act.id, "staff:finn", NOW)
    told = select(AUDIT.c.action, AUDIT.c.actor).where(AUDIT.c.action.like("raffle_act%"))
    assert set(tx.execute(told)) == {
        ("raffle_act.asked", EVA),
        ("raffle_act.approved", "staff:finn"),
    }


def test_a_cancelled_raffle_gives_everything_back_for_thirty_days_at_least(tx, ana):
    mug = offer(tx, "mug", stock=1)
    prizes = [{"names": {"en": "Mug"}, "value_minor": 9_00, "reward": "mug"}]
    raffle = open_raffle(tx, prizes=prizes)
    enter(tx, ana, raffle)
    enter(tx, ana, raffle, 2)
    cancel_raffle(tx, raffle, "The mug broke.", EVA, NOW)
    assert pieces(tx, mug) == (1, 0, 0)
    with pytest.raises(RaffleClosed):
        enter(tx, ana, raffle)
    assert refund_entries(tx, raffle, NOW, 10) == 2
    assert refund_entries(tx, raffle, NOW, 10) == 0
    assert lots(tx, ana) == [(30, 120), (60, 60)]
    now = standing(tx, raffle)
    assert (now.state, now.tickets, now.entrants) == (RaffleState.CANCELLED, 0, 0)


def test_a_refund_puts_off_that_idle_points_expire(tx, ana):
    raffle = open_raffle(tx)
    enter(tx, ana, raffle)
    soon = NOW + DAY
    tx.execute(update(WALLET).where(WALLET.c.member_id == ana).values(idle_at=soon))
    cancel_raffle(tx, raffle, "No.", EVA, NOW)
    refund_entries(tx, raffle, NOW, 10)
    assert wallet(tx, ana)["idle_at"] == NOW + 30 * DAY
