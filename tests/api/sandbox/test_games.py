"""Forced outcomes: for those who build an app, in test mode, and for all to see in the proof."""

import pytest

from server.core.db import transaction
from tests.builders.instant_wins import ALWAYS, open_game, play, prize
from tests.builders.members import bearer
from tests.builders.tills import code_of, good
from tests.fixtures.schema import running_app
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)


@pytest.fixture
def game(books):
    with books.app_context(), transaction() as tx:
        return open_game(tx, free_per_day=9, prizes=[prize(stock=1)])


def force(client, headers, member_id, outcome, game="wheel"):
    body = {"member_id": member_id, "outcome": outcome}
    return client.post(f"/v1/sandbox/games/{game}/forced-outcome", json=body, headers=headers)


def turn(client, headers, key):
    keyed = headers | {"Idempotency-Key": key}
    return good(client.post("/v1/me/games/wheel/plays", json={}, headers=keyed), 201)


@pytest.mark.parametrize(
    ("wanted", "outcome", "place"),
    [("lost", "lost", 2), ("star", "prize", 0), ("points", "points", 1)],
)
def test_the_next_play_alone_becomes_what_was_wanted(client, cast, game, wanted, outcome, place):
    for key in ("one", "two"):
        if key == "one":
            good(force(client, cast.as_shop, cast.ana.id, wanted))
        made = turn(client, cast.as_ana, key)
        assert made["proof"]["is_forced"] is (key == "one")
        if key == "one":
            assert made["play"]["outcome"] == outcome
            assert made["reveal"]["segment_index"] == place


def test_what_is_gone_or_unknown_cannot_be_forced(books, client, cast, game):
    good(force(client, cast.as_shop, cast.ana.id, "star"))
    turn(client, cast.as_ana, "one")
    before = rows_of(books, but=KEPT)
    assert code_of(force(client, cast.as_shop, cast.ana.id, "star")) == (409, "prize_exhausted")
    assert code_of(force(client, cast.as_shop, cast.ana.id, "car")) == (422, "validation_failed")
    nobody = force(client, cast.as_shop, "mem_none", "lost")
    nowhere = force(client, cast.as_shop, cast.ana.id, "lost", "gam_none")
    assert code_of(nobody) == code_of(nowhere) == (404, "not_found")
    assert rows_of(books, but=KEPT) == before


def test_only_a_key_for_the_sandbox_forces(books, client, cast, game):
    before = rows_of(books)
    as_ben = bearer(cast.ben_tokens.access_token)
    assert force(client, {}, cast.ana.id, "star").status_code == 401
    assert force(client, as_ben, cast.ana.id, "star").status_code == 401
    assert code_of(force(client, cast.as_dan, cast.ana.id, "star")) == (403, "scope_missing")
    assert rows_of(books) == before


def test_outside_test_mode_nobody_forces(sqlite_database):
    with running_app(sqlite_database, MODE="development") as other:
        answer = force(other.test_client(), {}, "mem_none", "lost")
        assert code_of(answer) == (404, "sandbox_closed")


def test_a_forced_win_is_given_like_any_other(books, client, cast):
    with books.app_context(), transaction() as tx:
        made = open_game(tx, "sure", chance=ALWAYS, consolation={"points": 5})
        assert play(tx, cast.ana.id, made, "one").is_forced is False
