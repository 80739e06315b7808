"""Vouchers at the till: validated, used once, undone; and what is refused."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from tests.builders.members import NOW
from tests.builders.purchases import give
from tests.builders.rewards import offer, shown, take
from tests.builders.tills import code_of, good, money
from tests.fixtures.tables import rows_of


@pytest.fixture
def voucher(books, cast):
    """A code of Ben's for a coffee that costs 30 of his 100 points."""

    def make(**changes):
        with books.app_context(), transaction() as tx:
            give(tx, cast.ben.id, 100)
            made = take(tx, cast.ben.id, offer(tx, **changes))
            return made.id, shown(tx, made)

    return make


def balance(answer):
    (points,) = answer["updates"]["balances"]
    return points["amount"], points["reserved"]


@pytest.mark.parametrize(("language", "title"), [("en", "Free coffee"), ("et", "Tasuta kohv")])
def test_a_till_looks_at_a_voucher_and_nothing_changes(app, till, cast, voucher, language, title):
    voucher_id, code = voucher(price={"points": 30, "money_minor": 50})
    before = rows_of(app)
    answer = good(till.speaking(language).post(f"/vouchers/{code}/validation"))
    assert answer["voucher"] == {
        "id": voucher_id,
        "member_id": cast.ben.id,
        "title": title,
        "state": "active",
        "discount": {
            "kind": "free_item",
            "percent_bp": None,
            "amount": None,
            "skus": ["COFFEE"],
            "cause": None,
        },
        "money_due": money(50),
        "fulfilment": None,
        "expires_at": "2026-11-29T22:00:00Z",
    }
    assert rows_of(app) == before


def test_a_voucher_is_used_once_and_says_where_it_was(till, shop, voucher):
    _, code = voucher()
    answer = good(till.post(f"/vouchers/{code}/redemption"))
    assert answer["redemption"]["state"] == "redeemed"
    assert answer["redemption"]["id"].startswith("vrd_")
    assert answer["undo_until"] == "2026-11-22T14:45:00Z"
    assert balance(answer) == (70, 0)
    refused = shop.post(f"/vouchers/{code}/redemption")
    assert code_of(refused) == (409, "voucher_used")
    assert refused.get_json()["params"]["location_id"].startswith("loc_")
    assert code_of(shop.post(f"/vouchers/{code}/validation")) == (409, "voucher_used")


def test_the_same_slip_of_the_same_till_has_its_first_outcome(till, voucher):
    _, code = voucher()
    body = {"external_id": "slip-1"}
    first, again = (good(till.post(f"/vouchers/{code}/redemption", body)) for _ in range(2))
    assert first == again


def test_a_use_is_undone_and_the_voucher_is_good_again(till, voucher):
    _, code = voucher()
    used = good(till.post(f"/vouchers/{code}/redemption"))
    address = f"/voucher-redemptions/{used['redemption']['id']}/reversal"
    for _ in range(2):
        answer = good(till.post(address))
        assert (answer["redemption"]["state"], answer["voucher"]["state"]) == ("reversed", "active")
        assert balance(answer) == (70, 30)
    assert balance(good(till.post(f"/vouchers/{code}/redemption"))) == (70, 0)


def test_undoing_ends_after_a_quarter_of_an_hour(till, voucher, clock_at):
    _, code = voucher()
    used = good(till.post(f"/vouchers/{code}/redemption"))
    clock_at.tick(timedelta(minutes=16))
    address = f"/voucher-redemptions/{used['redemption']['id']}/reversal"
    assert code_of(till.post(address)) == (409, "undo_too_late")
    assert code_of(till.post("/voucher-redemptions/vrd_none/reversal")) == (404, "not_found")


def test_a_voucher_is_refused_out_of_time_and_place(app, till, voucher, clock_at):
    _, code = voucher(locations=["loc_elsewhere"])
    assert code_of(till.post(f"/vouchers/{code}/redemption")) == (409, "voucher_wrong_location")
    clock_at.tick(timedelta(days=8))
    before = rows_of(app, but=("idempotency_record",))
    assert code_of(till.post(f"/vouchers/{code}/redemption")) == (410, "voucher_expired")
    assert code_of(till.post("/vouchers/AAAAAA-AAAAAA-AAAAAA/redemption")) == (404, "code_unknown")
    assert rows_of(app, but=("idempotency_record",)) == before
    assert clock_at.instant > NOW


def test_points_of_a_voucher_are_no_redemption(app, till, voucher):
    voucher_id, _ = voucher()
    (price,) = [one for one in rows_of(app)["voucher_price"] if one["voucher_id"] == voucher_id]
    for verb in ("capture", "release"):
        answer = till.post(f"/redemptions/{price['hold_id']}/{verb}")
        assert code_of(answer) == (404, "hold_not_found")


def test_a_voucher_is_tried_out_without_effect(app, till, voucher):
    _, code = voucher()
    before = rows_of(app)
    answer = till.post(f"/vouchers/{code}/redemption", Loyalty_Dry_Run="1")
    assert good(answer)["redemption"]["state"] == "redeemed"
    assert rows_of(app) == before
