"""Winners follow from the seed alone: distinct, as many as sealed, whatever the storage does."""

import hmac
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.draws.drawing import draw, main_order
from server.gamification.draws.seed import seed_of
from server.gamification.draws.types import Scope, Ticket, Void
from tests.builders.pools import ROUND, make_manifest, make_pool

COUNTS = st.lists(st.integers(1, 6), min_size=1, max_size=25)
SEEDS = st.binary(min_size=32, max_size=32)


@given(counts=COUNTS, seed=SEEDS, main_prizes=st.integers(1, 8))
def test_winners_are_distinct_and_as_many_as_sealed(counts, seed, main_prizes):
    pool = make_pool(counts)
    manifest = make_manifest(pool, main_prizes)
    drawn = draw(manifest, pool, seed)
    assert len(drawn.main) == min(main_prizes, len(counts))
    assert len(drawn.second) == manifest.consolation_prizes
    winners = [p.entrant for p in drawn.main] + [p.entrant for p in drawn.second]
    assert len(set(winners)) == len(winners)
    everybody = winners + [place.entrant for place in drawn.second_alternates]
    assert sorted(everybody) == sorted({ticket.entrant for ticket in pool})


@given(counts=COUNTS, seed=SEEDS, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_storage_does_not_matter(counts, seed, shuffled):
    pool = make_pool(counts)
    manifest = make_manifest(pool)
    before = draw(manifest, pool, seed)
    shuffled.shuffle(pool)
    assert draw(manifest, pool, seed) == before


@given(counts=COUNTS, seed=SEEDS, which=st.integers(0))
def test_voiding_one_entrant_never_costs_another_a_win(counts, seed, which):
    pool = make_pool(counts)
    manifest = make_manifest(pool)
    gone = pool[which % len(pool)].entrant
    before = draw(manifest, pool, seed)
    after = draw(manifest, pool, seed, [Void(Scope.ENTRANT, gone, "fraud")])
    assert winners_of(before) - {gone} <= winners_of(after)
    assert gone not in winners_of(after)


@given(counts=COUNTS, seed=SEEDS, which=st.integers(0))
def test_voiding_a_ticket_leaves_the_order_of_all_other_entrants(counts, seed, which):
    pool = make_pool(counts)
    manifest = make_manifest(pool)
    ticket = pool[which % len(pool)]
    orders = [
        [p.entrant for p in (*drawn.main, *drawn.main_alternates) if p.entrant != ticket.entrant]
        for drawn in (
            draw(manifest, pool, seed),
            draw(manifest, pool, seed, [Void(Scope.TICKET, ticket.id, "paid back")]),
        )
    ]
    assert orders[0] == orders[1]


def winners_of(drawn):
    return {p.entrant for p in drawn.main} | {p.entrant for p in drawn.second}


def test_places_continue_with_the_alternates():
    pool = make_pool([3] * 10)
    drawn = draw(make_manifest(pool, 2), pool, b"s" * 32)
    assert [p.place for p in (*drawn.main, *drawn.main_alternates)] == list(range(1, 11))
    assert [p.place for p in (*drawn.second, *drawn.second_alternates)] == list(range(1, 9))


def test_the_main_order_is_that_of_the_hashes():
    pool = make_pool([1] * 5)
    by_hand = sorted(
        pool, key=lambda t: hmac.new(b"s" * 32, f"main|{t.id}".encode(), "sha256").digest()
    )
    assert [p.ticket for p in main_order(pool, b"s" * 32)] == [t.id for t in by_hand]


def test_with_more_prizes_than_entrants_everybody_wins_a_main_prize():
    pool = make_pool([1, 2, 3])
    drawn = draw(make_manifest(pool, 5), pool, b"s" * 32)
    assert len(drawn.main) == 3
    assert drawn.second == drawn.second_alternates == ()


def test_a_list_of_another_length_is_not_drawn():
    pool = make_pool([1, 2, 3])
    manifest = make_manifest(pool)
    with pytest.raises(ValueError, match="6 tickets were sealed, 5 are here"):
        draw(manifest, pool[1:], b"s" * 32)


def test_another_round_gives_no_seed():
    manifest = make_manifest(make_pool([1, 2]))
    with pytest.raises(ValueError, match="not the round"):
        seed_of(manifest, replace(ROUND, number=ROUND.number + 1))
    with pytest.raises(ValueError, match="not the round"):
        seed_of(manifest, replace(ROUND, chain_hash="00" * 32))


@pytest.mark.parametrize(
    "change",
    [{"raffle_id": "rfl_two"}, {"rules_hash": "ff" * 32}, {"pool_root": "ff" * 32},
     {"entrants": 1}, {"tickets": 4}],
)  # fmt: skip
def test_the_seed_depends_on_all_that_is_sealed(change):
    manifest = make_manifest(make_pool([1, 2]))
    assert seed_of(manifest, ROUND) != seed_of(replace(manifest, **change), ROUND)


def test_an_entrants_nonce_changes_the_seed():
    pool = make_pool([1, 2])
    mixed = [Ticket(pool[0].id, pool[0].entrant, "0f" * 16), *pool[1:]]
    Random(1).shuffle(mixed)
    assert seed_of(make_manifest(mixed), ROUND) != seed_of(make_manifest(pool), ROUND)
