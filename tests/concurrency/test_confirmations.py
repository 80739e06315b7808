"""A confirmation, a return and a cancellation of the same purchase at once: no point too many."""

from datetime import UTC, datetime, timedelta

from server.core.errors import Refusal
from server.gamification.activities.queries import get_purchase
from server.gamification.activities.types import Return, ReturnOutcome
from server.gamification.confirmations.cancelling import cancel_unconfirmed
from server.gamification.confirmations.errors import TransactionClosed
from server.gamification.confirmations.service import Confirmed, confirm_purchase
from server.gamification.playing.returning import return_purchase
from tests.builders.purchases import NOW, add_member, balances, buy, kinds, open_shop, recording
from tests.concurrency.crowd import assert_sound, once, rush

LATER = NOW + timedelta(days=1)
LAST = datetime(2026, 12, 22, 22, tzinfo=UTC)
"""The end of the thirtieth day in Tallinn: from then on the purchase is cancelled."""
SOME = Return("some", amount_minor=30_00)
ALL = Return("all", is_cancellation=True)


def order(tx):
    """A purchase of 10 points that awaits its confirmation; the member and its id."""
    open_shop(tx)
    member_id = add_member(tx)
    return member_id, buy(tx, member_id, 100_00, awaits_confirmation=True).activity_id


def confirming(activity_id):
    return lambda tx: confirm_purchase(tx, activity_id, recording(tx, LATER))


def returning(activity_id, back):
    return lambda tx: return_purchase(tx, activity_id, back, recording(tx, LATER))


def first_ones(results):
    """How many confirmations and returns were not repetitions."""
    confirmed = [one for one in results if isinstance(one, Confirmed)]
    returned = [one for one in results if isinstance(one, ReturnOutcome)]
    return (
        sum(not one.is_repeated for one in confirmed),
        sum(not one.is_duplicate for one in returned),
    )


def test_twenty_at_once_confirm_and_return_a_part(app):
    ana, activity_id = once(app, order)
    works = [confirming(activity_id), returning(activity_id, SOME)] * 10
    results = rush(app, works)
    assert not [one for one in results if isinstance(one, Refusal)]
    assert first_ones(results) == (1, 1)
    assert once(app, lambda tx: balances(tx, ana)) == (7, 0, 0, 0)
    assert_sound(app, LATER)


def test_twenty_at_once_confirm_return_a_part_and_cancel(app):
    ana, activity_id = once(app, order)
    works = [confirming(activity_id), returning(activity_id, SOME), returning(activity_id, ALL)]
    results = rush(app, (works * 7)[:20])
    late = [one for one in results[::3] if isinstance(one, Refusal)]
    assert all(isinstance(one, TransactionClosed) for one in late)
    assert first_ones(results)[0] <= 1
    assert once(app, lambda tx: get_purchase(tx, activity_id).state) == "cancelled"
    assert once(app, lambda tx: balances(tx, ana)) == (0, 0, 0, 0)
    assert_sound(app, LATER)


def test_twenty_at_once_confirm_and_find_it_overdue(app):
    ana, activity_id = once(app, order)
    works = [confirming(activity_id), lambda tx: cancel_unconfirmed(tx, LAST)] * 10
    results = rush(app, works)
    state = once(app, lambda tx: get_purchase(tx, activity_id).state)
    confirmed = [one for one in results if isinstance(one, Confirmed)]
    moved = once(app, lambda tx: kinds(tx, ana))
    if confirmed:
        assert (state, len(confirmed), moved[-1]) == ("settled", 10, ("maturity", 10))
    else:
        assert (state, moved[-1]) == ("cancelled", ("reversal", 10))
    assert len(moved) == 2
    assert_sound(app, LAST)
