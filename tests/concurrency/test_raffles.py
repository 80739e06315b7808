"""Raffles that many enter at once: the last ticket goes to one, and sealing loses and adds none."""

import pytest
from sqlalchemy import select

from server.gamification.beacons.port import FixtureBeacon
from server.gamification.draws.types import Manifest
from server.gamification.raffle_draws.sealing import close_raffle
from server.gamification.raffles.errors import RaffleClosed, RaffleFull
from server.gamification.raffles.models import RAFFLE
from server.gamification.tickets.cancelling import cancel_raffle
from server.gamification.tickets.errors import TicketLimitReached
from server.gamification.tickets.leaving import cancel_entry, refund_entries
from server.gamification.tickets.queries import list_pool
from server.gamification.tickets.types import Entry
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, give, open_shop, wallet
from tests.builders.raffles import CAPPED, CHEAP, CLOSES_AT, EVA, enter, open_raffle, standing
from tests.concurrency.crowd import assert_sound, once, refused, rush

BUYERS = 50


@pytest.fixture
def crowd(app):
    """Fifty members with a hundred points each."""

    def join(tx):
        open_shop(tx)
        ids = [add_member(tx) for _ in range(BUYERS)]
        for member_id in ids:
            give(tx, member_id, 100)
        return ids

    return once(app, join)


def entering(member_id, raffle_id, tickets=1):
    return lambda tx: enter(tx, member_id, raffle_id, tickets)


def entries(results):
    return [one for one in results if isinstance(one, Entry)]


def test_the_last_ticket_is_sold_once(app, crowd):
    raffle = once(app, lambda tx: open_raffle(tx, **CAPPED))
    once(app, lambda tx: enter(tx, crowd[0], raffle, 2))
    once(app, lambda tx: enter(tx, crowd[1], raffle, 1))
    results = rush(app, [entering(one, raffle) for one in crowd[2:]])
    assert len(entries(results)) == 1
    assert len(refused(results, RaffleFull)) == BUYERS - 3
    assert once(app, lambda tx: standing(tx, raffle)).tickets == 4
    assert_sound(app, NOW)


def test_the_budget_admits_exactly_as_many_as_it_carries(app, crowd):
    raffle = once(app, lambda tx: open_raffle(tx, budget=180))
    results = rush(app, [entering(one, raffle) for one in crowd])
    assert (len(entries(results)), len(refused(results, RaffleFull))) == (13, BUYERS - 13)
    now = once(app, lambda tx: standing(tx, raffle))
    assert (now.entrants, now.consolations) == (13, 3)
    assert_sound(app, NOW)


def test_one_member_on_many_phones_never_passes_the_cap(app, crowd):
    raffle = once(app, lambda tx: open_raffle(tx, settings=CHEAP | {"cap": 5}))
    results = rush(app, [entering(crowd[0], raffle, 2)] * 20)
    assert (len(entries(results)), len(refused(results, TicketLimitReached))) == (2, 18)
    assert_sound(app, NOW)


def test_sealing_during_buying_loses_and_adds_no_ticket(app, crowd):
    raffle = once(app, lambda tx: open_raffle(tx, beacon="fixture"))
    early, late = crowd[:12], crowd[12:]
    for one in early:
        once(app, entering(one, raffle))

    def seal(tx):
        return close_raffle(tx, raffle, FixtureBeacon(), VAULT, EVA, CLOSES_AT)

    acts = [entering(one, raffle) for one in late]
    results = rush(app, [*acts[:19], seal, *acts[19:]])
    (sealed,) = [one for one in results if isinstance(one, Manifest)]
    bought = len(entries(results))
    assert sealed.tickets == sealed.entrants == len(early) + bought
    assert len(refused(results, RaffleClosed)) == len(late) - bought
    assert once(app, lambda tx: len(list_pool(tx, raffle))) == sealed.tickets
    assert_sound(app, CLOSES_AT)


def test_refunds_by_many_workers_give_back_once(app, crowd):
    raffle = once(app, open_raffle)
    for one in crowd:
        once(app, entering(one, raffle))
    once(app, lambda tx: cancel_raffle(tx, raffle, "No dinner.", EVA, NOW))
    batch = [lambda tx: refund_entries(tx, raffle, NOW, 20)] * 8
    assert sum(sum(rush(app, batch)) for _ in range(3)) == BUYERS
    points = once(app, lambda tx: {wallet(tx, one)["available"] for one in crowd})
    assert points == {100}
    assert_sound(app, NOW)


def test_giving_back_at_once_and_twice_returns_the_price_once(app, crowd):
    raffle = once(app, open_raffle)
    made = [once(app, entering(one, raffle)) for one in crowd[:10]]

    def giving_back(entry):
        return lambda tx: cancel_entry(tx, entry.member_id, entry.id, EVA, NOW)

    rush(app, [giving_back(entry) for entry in made] * 3)
    now = once(app, lambda tx: standing(tx, raffle))
    assert (now.entrants, now.tickets) == (0, 0)
    totals = select(RAFFLE.c.consolations).where(RAFFLE.c.id == raffle)
    assert once(app, lambda tx: tx.execute(totals).scalar_one()) == 3
    assert_sound(app, NOW)
