"""Sealing a raffle: the list is fixed, signed and tied to the ledger, once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from server.core.outbox import OUTBOX
from server.gamification.draws.manifest import is_signed
from server.gamification.draws.merkle import is_included
from server.gamification.draws.pool import root_of
from server.gamification.invariants.service import check_all
from server.gamification.proofs.queries import find_newest
from server.gamification.raffle_draws.errors import DrawNotDue, RaffleNotSealed
from server.gamification.raffle_draws.queries import (
    get_seal,
    list_closing,
    sealed_list,
    sealed_of,
    sealed_tree,
)
from server.gamification.raffle_draws.sealing import PoolBroken
from server.gamification.raffles.errors import RaffleClosed
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.types import RaffleState
from server.gamification.tickets.leaving import cancel_entry
from tests.builders.draws import crowded_raffle, end, enter_many, seal
from tests.builders.purchases import NOW, add_member, give, open_shop
from tests.builders.raffles import CLOSES_AT, enter, open_raffle, standing
from tests.builders.rewards import offer, pieces


@pytest.fixture
def shop(tx):
    """A shop; whatever a test does, everything is in order at its end."""
    open_shop(tx)
    yield
    assert [str(found) for found in check_all(tx, CLOSES_AT)] == []


def test_what_is_sealed_is_counted_signed_and_tied_to_the_ledger(tx, shop):
    raffle = crowded_raffle(tx, 12)
    manifest = seal(tx, raffle)
    sealed = sealed_of(get_seal(tx, raffle))
    assert sealed.manifest == manifest
    assert is_signed(sealed.manifest, sealed.signature)
    assert not is_signed(replace(manifest, tickets=25), sealed.signature)
    now = standing(tx, raffle)
    assert (manifest.entrants, manifest.tickets) == (12, 24)
    assert (manifest.main_prizes, manifest.consolation_prizes) == (1, 3)
    assert (manifest.rules_hash, manifest.round) == (now.rules_hash, now.round)
    newest = find_newest(tx)
    assert newest is not None
    assert manifest.ledger_checkpoint == newest.root
    assert (now.state, now.sealed_at) == (RaffleState.SEALED, CLOSES_AT)


def test_each_line_is_proved_to_be_in_the_sealed_list(tx, shop):
    raffle = crowded_raffle(tx, 12)
    manifest = seal(tx, raffle)
    lines, tree = sealed_tree(tx, raffle)
    assert lines == sealed_list(tx, raffle) == tuple(sorted(lines))
    assert root_of(lines) == manifest.pool_root
    for index, line in enumerate(lines):
        assert is_included(line.encode(), tree.proof(index), manifest.pool_root)


def test_pseudonyms_hide_members_and_differ_between_raffles(tx, shop):
    raffle, other = crowded_raffle(tx, 10), open_raffle(tx, "other", beacon="fixture")
    members = [*enter_many(tx, other, 9), add_member(tx)]
    give(tx, members[-1], 500)
    enter(tx, members[-1], other)
    enter(tx, members[-1], raffle)
    for one in (raffle, other):
        seal(tx, one)
    names = {line.split(",")[1] for line in sealed_list(tx, raffle)}
    others = {line.split(",")[1] for line in sealed_list(tx, other)}
    assert (len(names), len(others), names & others) == (11, 10, set())
    assert not any(member in "".join(sealed_list(tx, other)) for member in members)


def test_consolation_prizes_never_fall_when_entrants_leave(tx, shop):
    raffle = crowded_raffle(tx, 29)
    member = add_member(tx)
    give(tx, member, 500)
    entry = enter(tx, member, raffle)
    assert standing(tx, raffle).consolations == 8
    cancel_entry(tx, member, entry.id, f"member:{member}", NOW)
    assert (seal(tx, raffle).consolation_prizes, standing(tx, raffle).entrants) == (8, 29)


def test_with_too_few_entrants_it_is_cancelled(tx, shop):
    offer(tx, "mug", stock=1)
    prizes = [{"names": {"en": "Mug"}, "value_minor": 9_00, "reward": "mug"}]
    raffle = crowded_raffle(tx, 9, prizes=prizes)
    assert end(tx, raffle) is None
    assert standing(tx, raffle).state is RaffleState.CANCELLED
    with pytest.raises(RaffleNotSealed):
        get_seal(tx, raffle)


def test_it_is_sealed_at_its_end_and_once(tx, shop):
    raffle = crowded_raffle(tx, 12)
    with pytest.raises(DrawNotDue):
        seal(tx, raffle, CLOSES_AT - timedelta(seconds=1))
    assert list_closing(tx, CLOSES_AT - timedelta(seconds=1)) == []
    assert list_closing(tx, CLOSES_AT) == [raffle]
    seal(tx, raffle)
    with pytest.raises(RaffleClosed):
        seal(tx, raffle)
    assert list_closing(tx, CLOSES_AT) == []


def test_nobody_enters_a_sealed_raffle(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    member = add_member(tx)
    give(tx, member, 500)
    with pytest.raises(RaffleClosed):
        enter(tx, member, raffle)


def test_the_round_of_a_local_chain_is_given_out_at_the_end(tx, shop):
    raffle = crowded_raffle(tx, 12, beacon="local")
    assert (standing(tx, raffle).round, standing(tx, raffle).chain_hash) == (0, "")
    manifest = seal(tx, raffle)
    assert (manifest.round, len(manifest.chain_hash)) == (1, 64)
    assert standing(tx, raffle).chain_hash == manifest.chain_hash


def test_the_manifest_is_told_to_whoever_wants_to_keep_it(tx, shop):
    raffle = crowded_raffle(tx, 12)
    manifest = seal(tx, raffle)
    asked = select(OUTBOX.c.payload).where(OUTBOX.c.topic == "raffle.sealed")
    told = tx.execute(asked).scalar_one()
    assert (told["pool_root"], told["round"]) == (manifest.pool_root, manifest.round)


def test_tickets_that_were_not_counted_are_not_sealed(tx):
    open_shop(tx)
    raffle = crowded_raffle(tx, 12)
    tx.execute(update(RAFFLE).where(RAFFLE.c.id == raffle).values(tickets=25))
    with pytest.raises(PoolBroken):
        seal(tx, raffle)


def test_prizes_of_a_raffle_that_does_not_take_place_are_on_the_shelf_again(tx, shop):
    mug = offer(tx, "mug", stock=1)
    prizes = [{"names": {"en": "Mug"}, "value_minor": 9_00, "reward": "mug"}]
    raffle = crowded_raffle(tx, 2, prizes=prizes)
    assert pieces(tx, mug) == (1, 1, 0)
    end(tx, raffle)
    assert pieces(tx, mug) == (1, 0, 0)
