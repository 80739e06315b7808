"""Rounds belong to instants by one formula, and none is fixed that is known already."""

from datetime import UTC, datetime, timedelta

import pytest

from server.gamification.beacons.errors import RoundPublic, RoundWrong
from server.gamification.beacons.rules import (
    QUICKNET,
    fixed_round,
    link_of,
    published_at,
    randomness_of,
    refuse_public,
    round_after,
)

GENESIS = datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after_genesis", "number"), [(0, 41), (2, 41), (3, 42), (2877, 1000), (2879, 1000)]
)
def test_the_round_is_the_one_of_two_minutes_after_the_close(after_genesis, number):
    assert round_after(QUICKNET, GENESIS + timedelta(seconds=after_genesis)) == number


def test_the_thousandth_round_came_when_it_is_recorded():
    assert published_at(QUICKNET, 1) == GENESIS
    assert published_at(QUICKNET, 1000) == datetime(2023, 8, 23, 15, 59, 24, tzinfo=UTC)


@pytest.mark.parametrize("seconds", range(7))
def test_a_round_is_never_less_than_117_seconds_after_the_close(seconds):
    closes_at = GENESIS + timedelta(days=1000, seconds=seconds)
    at = published_at(QUICKNET, round_after(QUICKNET, closes_at))
    assert timedelta(seconds=117) < at - closes_at <= timedelta(seconds=120)


def test_a_known_round_is_not_fixed():
    closes_at = GENESIS + timedelta(days=1)
    at = published_at(QUICKNET, round_after(QUICKNET, closes_at))
    fixed = fixed_round(QUICKNET, closes_at, at - timedelta(seconds=31))
    assert (fixed.chain_hash, fixed.number) == (QUICKNET.hash, 28841)
    for late in (at - timedelta(seconds=30), at, at + timedelta(days=1)):
        with pytest.raises(RoundPublic):
            fixed_round(QUICKNET, closes_at, late)
    with pytest.raises(RoundPublic):
        refuse_public(QUICKNET, 0, GENESIS - timedelta(days=1))


def test_randomness_is_the_hash_of_the_signature():
    assert randomness_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(RoundWrong, match="not hexadecimal"):
        randomness_of("xy")


def test_links_lead_to_the_tail():
    assert link_of(b"end", 0) == b"end"
    assert link_of(link_of(b"end", 3), 4) == link_of(b"end", 7)
