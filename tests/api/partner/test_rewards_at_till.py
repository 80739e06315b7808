"""Rewards taken at the till: paid and handed over at once, undone, refused without a trace."""

import pytest

from server.core.db import transaction
from tests.builders.members import NOW, qr_of
from tests.builders.purchases import give
from tests.builders.rewards import offer
from tests.builders.tills import code_of, good
from tests.concurrency.crowd import assert_sound
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)


@pytest.fixture
def coffee(books, cast):
    """A coffee for 30 points, of which Ben has 100."""
    with books.app_context(), transaction() as tx:
        give(tx, cast.ben.id, 100)
        return offer(tx, price={"points": 30}, stock=2)


def code_shown(app, member):
    with app.app_context(), transaction() as tx:
        return qr_of(tx, member, NOW)


def test_who_shows_the_card_has_the_coffee_at_once(app, till, cast, coffee):
    body = {"qr": code_shown(app, cast.ben), "external_id": "r-1"}
    answer = good(till.post(f"/rewards/{coffee}/redemptions", body, "one"), 201)
    assert answer["redemption"]["state"] == "redeemed"
    assert answer["voucher"]["title"] == "Free coffee"
    points = answer["updates"]["balances"][0]
    assert (points["amount"], points["reserved"]) == (70, 0)
    assert good(till.post(f"/rewards/{coffee}/redemptions", body, "one"), 201) == answer
    use_id = answer["redemption"]["id"]
    undone = good(till.post(f"/voucher-redemptions/{use_id}/reversal", {}))
    points = undone["updates"]["balances"][0]
    assert (points["amount"], points["reserved"]) == (70, 30)
    assert_sound(app, NOW)


def test_a_refused_reward_leaves_nothing_behind(app, till, shop, cast, coffee):
    code = code_shown(app, cast.ben)
    before = rows_of(app, but=KEPT)
    path = f"/rewards/{coffee}/redemptions"
    by_id = till.post(path, {"member_id": cast.ben.id})
    assert code_of(by_id) == (403, "assurance_too_low")
    assert code_of(till.post(path, {})) == (422, "validation_failed")
    assert code_of(till.post("/rewards/rwd_no/redemptions", {"qr": code})) == (404, "not_found")
    poor = till.post(path, {"qr": code_shown(app, cast.ana)})
    assert code_of(poor) == (409, "balance_insufficient")
    assert rows_of(app, but=KEPT) == before
