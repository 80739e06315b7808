"""The local chain: numbers are given out once, and a link is revealed only to who was sealed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from server.core.crypto import SealBroken, Vault
from server.core.db import transaction
from server.gamification.beacons.errors import RoundLate
from server.gamification.beacons.local import (
    LocalBeacon,
    broken_chains,
    current_chain,
    publish_chain,
)
from server.gamification.beacons.models import LOCAL_CHAIN
from server.gamification.beacons.rules import link_of
from server.gamification.beacons.verification import verify_round
from tests.builders.purchases import NOW

VAULT = Vault("a secret of this installation only, for tests")


@pytest.fixture
def tx(app):
    with app.app_context(), transaction() as connection:
        yield connection
        connection.rollback()


def test_numbers_follow_each_other_and_lead_to_the_published_tail(tx):
    chain = publish_chain(tx, VAULT, NOW, length=5)
    beacon = LocalBeacon(tx, VAULT)
    fixed = [beacon.fix(NOW, NOW) for _ in range(3)]
    assert [(one.chain_hash, one.number) for one in fixed] == [(chain.tail, n) for n in (1, 2, 3)]
    revealed = [beacon.fetch(one) for one in fixed]
    for one in revealed:
        verify_round(one)
    assert link_of(bytes.fromhex(revealed[2].signature), 2).hex() == revealed[0].signature
    assert beacon.fetch(fixed[0]) == revealed[0]


def test_a_link_that_was_not_given_out_stays_secret(tx):
    beacon = LocalBeacon(tx, VAULT)
    fixed = beacon.fix(NOW, NOW)
    for number in (fixed.number + 1, 0, -1, 1000):
        with pytest.raises(RoundLate):
            beacon.fetch(replace(fixed, number=number))
    with pytest.raises(RoundLate):
        beacon.fetch(replace(fixed, chain_hash="00" * 32))


def test_a_used_up_chain_is_followed_by_the_next(tx):
    first = publish_chain(tx, VAULT, NOW, length=1)
    beacon = LocalBeacon(tx, VAULT)
    numbers = [beacon.fix(NOW, NOW + timedelta(seconds=n)) for n in range(1, 4)]
    assert [one.number for one in numbers] == [1, 1, 2]
    assert numbers[0].chain_hash == first.tail != numbers[1].chain_hash == numbers[2].chain_hash
    for one in numbers:
        verify_round(beacon.fetch(one))


def test_the_first_chain_is_made_when_it_is_asked_for(tx):
    assert tx.execute(select(LOCAL_CHAIN)).all() == []
    chain = current_chain(tx, VAULT, NOW)
    assert current_chain(tx, VAULT, NOW) == chain
    assert (chain.length, chain.next_number) == (1000, 1)


def test_the_end_of_the_chain_opens_with_the_secret_only(tx):
    fixed = LocalBeacon(tx, VAULT).fix(NOW, NOW)
    stranger = LocalBeacon(tx, Vault("another secret, of somebody else altogether"))
    with pytest.raises(SealBroken):
        stranger.fetch(fixed)
    assert list(broken_chains(tx, VAULT)) == []


def test_no_number_beyond_the_chain_is_stored(tx):
    publish_chain(tx, VAULT, NOW, length=3)
    with pytest.raises(IntegrityError):
        tx.execute(update(LOCAL_CHAIN).values(next_number=5))
