"""Recorded rounds of quicknet are right; the same with anything changed are not."""

from dataclasses import replace

import pytest

from server.gamification.beacons.bls import is_signed_round
from server.gamification.beacons.errors import RoundLate, RoundWrong
from server.gamification.beacons.port import RECORDED, FixtureBeacon
from server.gamification.beacons.rules import QUICKNET, randomness_of
from server.gamification.beacons.types import Fixed, Round, Source
from server.gamification.beacons.verification import verify_round
from tests.builders.purchases import NOW

GIVEN = RECORDED[657413]
NO_POINT = "a" + "0" * 95
INFINITY = "c" + "0" * 95
OUTSIDE_ITS_GROUP = (
    # x = 4 is on the curve (y squared is 68, which has a root), not in the group of order r.
    "80" + "0" * 93 + "4"
)


@pytest.mark.parametrize("number", sorted(RECORDED))
def test_recorded_rounds_are_right(number):
    given = RECORDED[number]
    verify_round(given)
    assert is_signed_round(QUICKNET.public_key, number, given.signature)
    assert randomness_of(given.signature) == given.randomness


@pytest.mark.parametrize(
    "signature",
    [RECORDED[1000].signature, NO_POINT, INFINITY, OUTSIDE_ITS_GROUP, "", "zz" * 48, "00" * 48],
)
def test_another_signature_is_not_of_the_round(signature):
    assert not is_signed_round(QUICKNET.public_key, GIVEN.number, signature)


def test_the_signature_is_of_this_round_and_this_key_only():
    flipped = f"{int(GIVEN.signature, 16) ^ (1 << 381):096x}"  # the other root: minus the point
    other_key = QUICKNET.public_key[:-1] + "b"
    assert not is_signed_round(QUICKNET.public_key, GIVEN.number + 1, GIVEN.signature)
    assert not is_signed_round(QUICKNET.public_key, GIVEN.number, flipped)
    assert not is_signed_round(other_key, GIVEN.number, GIVEN.signature)
    assert not is_signed_round("", GIVEN.number, GIVEN.signature)
    assert not is_signed_round(QUICKNET.public_key, 2**64, GIVEN.signature)
    assert not is_signed_round(QUICKNET.public_key, -1, GIVEN.signature)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"randomness": "0" * 64}, "randomness"),
        ({"signature": RECORDED[1000].signature}, "randomness"),
        ({"chain_hash": "0" * 64}, "not quicknet"),
        ({"number": 1000}, "not quicknet's of this round"),
        ({"source": Source.DRAND, "number": 1000}, "not quicknet's of this round"),
        ({"source": Source.LOCAL}, "not a link"),
    ],
)
def test_a_changed_round_is_wrong(change, why):
    with pytest.raises(RoundWrong, match=why):
        verify_round(replace(GIVEN, **change))


def test_a_signature_of_another_round_is_wrong_with_its_own_randomness_too():
    signature = RECORDED[1000].signature
    forged = replace(GIVEN, signature=signature, randomness=randomness_of(signature))
    with pytest.raises(RoundWrong, match="not quicknet's of this round"):
        verify_round(forged)


def test_a_foreign_link_is_wrong():
    link = "ab" * 32
    forged = Round(Source.LOCAL, "00" * 32, 1, link, randomness_of(link))
    with pytest.raises(RoundWrong, match="does not lead to the tail"):
        verify_round(forged)
    verify_round(replace(forged, chain_hash=randomness_of(link)))
    with pytest.raises(RoundWrong, match="not a link"):
        verify_round(replace(forged, number=0))


def test_the_fixture_gives_recorded_rounds_only():
    beacon = FixtureBeacon()
    fixed = beacon.fix(NOW, NOW)
    assert beacon.fetch(fixed) == RECORDED[fixed.number]
    assert beacon.draws_at(NOW) > NOW
    with pytest.raises(RoundLate):
        beacon.fetch(Fixed(Source.FIXTURE, QUICKNET.hash, 5))
