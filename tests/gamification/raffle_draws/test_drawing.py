"""Drawing: winners follow from what was sealed and the round, are written once, and are told."""

import json

import pytest
from sqlalchemy import select

from server.core.outbox import OUTBOX
from server.gamification.draws.proof import proof_of
from server.gamification.draws.types import Drawn, Scope, Void
from server.gamification.invariants.service import check_all
from server.gamification.raffle_acts.errors import DrawNeedsSecondPerson
from server.gamification.raffle_draws.drawing import VoidListChanged, fixed_of
from server.gamification.raffle_draws.errors import (
    DrawAlreadyDone,
    DrawNotDue,
    EntrantUnknown,
    RaffleNotDrawn,
    RaffleNotSealed,
)
from server.gamification.raffle_draws.proofs import load_proof
from server.gamification.raffle_draws.queries import get_draw, sealed_list
from server.gamification.raffle_draws.telling import list_untold, tell_results
from server.gamification.raffle_draws.voiding import entrant_name, void_before_draw
from server.gamification.raffle_prizes.giving import finish_draw
from server.gamification.raffles.types import RaffleState
from tests.builders.draws import (
    DRAWS_AT,
    crowded_raffle,
    draw,
    drawn_raffle,
    enter_many,
    main_wins,
    seal,
    second_wins,
    worked_out,
)
from tests.builders.purchases import open_shop
from tests.builders.raffles import CAPPED, CLOSES_AT, EVA, open_raffle, standing
from tests.contract.test_verifiers import python_verifier

TWO = [{"names": {"en": "Dinner"}, "value_minor": 30_00, "quantity": 2}]


@pytest.fixture
def shop(tx):
    """A shop; whatever a test does, everything is in order at its end."""
    open_shop(tx)
    yield
    assert [str(found) for found in check_all(tx, DRAWS_AT)] == []


def test_main_prizes_and_consolation_prizes_go_to_different_entrants(tx, shop):
    raffle = drawn_raffle(tx, 12, prizes=TWO)
    main, second = main_wins(tx, raffle), second_wins(tx, raffle)
    assert [(win.place, win.prize_place) for win in main] == [(1, 1), (2, 2)]
    assert [win.place for win in second] == [1, 2, 3]
    assert len({win.member_id for win in main + second}) == 5
    assert standing(tx, raffle).state is RaffleState.DRAWN


def test_a_draw_done_again_is_the_same_draw(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    first = worked_out(tx, raffle)
    assert finish_draw(tx, first, EVA, DRAWS_AT)
    rows = main_wins(tx, raffle) + second_wins(tx, raffle)
    assert worked_out(tx, raffle) == first
    assert not finish_draw(tx, first, EVA, DRAWS_AT)
    assert main_wins(tx, raffle) + second_wins(tx, raffle) == rows


def test_the_stored_draw_gives_the_proof_that_was_worked_out(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    drawing = worked_out(tx, raffle)
    finish_draw(tx, drawing, EVA, DRAWS_AT)
    made = proof_of(
        drawing.sealed, drawing.round, drawing.seed, drawing.drawn, drawing.void, "entries.csv"
    )
    assert load_proof(tx, raffle, "entries.csv") == json.loads(json.dumps(made))


@pytest.mark.parametrize("beacon", ["fixture", "local"])
def test_every_source_decides(tx, shop, beacon):
    raffle = drawn_raffle(tx, 12, beacon=beacon)
    assert (get_draw(tx, raffle).source, len(main_wins(tx, raffle))) == (beacon, 1)


def test_with_as_many_prizes_as_entrants_everybody_wins(tx, shop):
    many = [{"names": {"en": "Cake"}, "value_minor": 3_00, "quantity": 14}]
    accepted = {"findings": ["return_above_price", "entrants_min_low"], "by": "Eva"}
    raffle = drawn_raffle(tx, 12, prizes=many, accepted=accepted)
    assert (len(main_wins(tx, raffle)), second_wins(tx, raffle)) == (12, [])


def test_nothing_is_drawn_before_it_is_sealed_and_the_round_is_due(tx, shop):
    raffle = crowded_raffle(tx, 12)
    with pytest.raises(RaffleNotSealed):
        fixed_of(tx, raffle, DRAWS_AT)
    seal(tx, raffle)
    with pytest.raises(DrawNotDue):
        fixed_of(tx, raffle, CLOSES_AT)
    with pytest.raises(RaffleNotDrawn):
        get_draw(tx, raffle)


def void_of(tx, raffle, scope, ref, now=CLOSES_AT, approved=False):
    void_before_draw(tx, raffle, Void(scope, ref, "Works in the shop."), EVA, now, approved)


def test_who_is_void_stays_in_the_list_and_does_not_win(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    lines, first = sealed_list(tx, raffle), worked_out(tx, raffle)
    winner = first.drawn.main[0].entrant
    void_of(tx, raffle, Scope.ENTRANT, winner)
    void_of(tx, raffle, Scope.ENTRANT, winner)
    draw(tx, raffle)
    assert [win.entrant for win in main_wins(tx, raffle)] == [
        first.drawn.main_alternates[0].entrant
    ]
    assert len(second_wins(tx, raffle)) == 3
    assert winner not in {win.entrant for win in second_wins(tx, raffle)}
    assert sealed_list(tx, raffle) == lines
    [void] = load_proof(tx, raffle, "")["void"]
    assert void == {"scope": "entrant", "id": winner, "reason": "Works in the shop."}


def entrants_of(drawn: Drawn) -> set[str]:
    """Whoever won something."""
    return {one.entrant for one in drawn.main} | {one.entrant for one in drawn.second}


def test_voiding_an_entrant_takes_no_win_from_anybody_else(tx, shop):
    raffle = crowded_raffle(tx, 12, prizes=TWO)
    seal(tx, raffle)
    before = worked_out(tx, raffle).drawn
    gone = before.main[0].entrant
    void_of(tx, raffle, Scope.ENTRANT, gone)
    after = worked_out(tx, raffle).drawn
    assert entrants_of(before) - entrants_of(after) == {gone}


def test_when_the_round_may_be_known_it_takes_two_to_void(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    ticket = sealed_list(tx, raffle)[0][:32]
    with pytest.raises(DrawNeedsSecondPerson):
        void_of(tx, raffle, Scope.TICKET, ticket, DRAWS_AT)
    void_of(tx, raffle, Scope.TICKET, ticket, DRAWS_AT, approved=True)
    with pytest.raises(EntrantUnknown):
        void_of(tx, raffle, Scope.TICKET, "0" * 32)
    draw(tx, raffle)
    with pytest.raises(DrawAlreadyDone):
        void_of(tx, raffle, Scope.TICKET, ticket)


def test_a_draw_that_does_not_know_the_void_list_is_not_stored(tx, shop):
    raffle = crowded_raffle(tx, 12)
    seal(tx, raffle)
    drawing = worked_out(tx, raffle)
    void_of(tx, raffle, Scope.TICKET, drawing.drawn.main[0].ticket)
    with pytest.raises(VoidListChanged):
        finish_draw(tx, drawing, EVA, DRAWS_AT)
    assert draw(tx, raffle)


def told(tx, topic):
    asked = select(OUTBOX.c.member_id).where(OUTBOX.c.topic == topic)
    return sorted(tx.execute(asked).scalars())


def test_everybody_is_told_once_that_the_results_are_in(tx, shop):
    raffle = drawn_raffle(tx, 12)
    assert list_untold(tx) == [raffle]
    while tell_results(tx, raffle, DRAWS_AT, 5):
        pass
    assert (len(told(tx, "raffle.drawn")), list_untold(tx)) == (12, [])
    assert told(tx, "raffle.won") == [main_wins(tx, raffle)[0].member_id]
    assert entrant_name(tx, raffle, told(tx, "raffle.won")[0]) == main_wins(tx, raffle)[0].entrant


def test_a_raffle_of_few_tickets_is_right_for_the_verifier(tx, shop):
    raffle = open_raffle(tx, "small", **CAPPED | {"beacon": "fixture"})
    enter_many(tx, raffle, 2)
    manifest = seal(tx, raffle)
    draw(tx, raffle)
    assert (manifest.entrants, manifest.tickets, manifest.consolation_prizes) == (2, 3, 0)
    lines = "\n".join(["ticket,entrant,nonce", *sealed_list(tx, raffle), ""])
    assert python_verifier().verify(load_proof(tx, raffle, ""), lines)
