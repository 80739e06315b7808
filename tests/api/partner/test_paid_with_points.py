"""Purchases paid in part with points, and the way back of those points."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from tests.builders.members import NOW, bearer, sign_in
from tests.builders.purchases import change_settings
from tests.builders.tills import code_of, good, id_of, item, money, points_of, receipt
from tests.fixtures.tables import rows_of

ANSWERED = ("idempotency_record", "wallet")


def pay(shop, member, points, minor, **fields):
    """Buy for `minor` and `points`."""
    applied = [{"redemption_id": shop.hold(member, points)}]
    return shop.buy(member, minor, apply=applied, **fields)


def expirations(client, cast, clock_at):
    with client.application.app_context(), transaction() as tx:
        tokens = sign_in(tx, cast.ben, now=clock_at.instant)
    answer = client.get("/v1/me/expirations", headers=bearer(tokens.access_token))
    return [(one["on"], one["amount"]) for one in good(answer)["items"]]


@pytest.fixture
def two_lots(shop, cast):
    """Five points until the end of January, ten until the end of November."""
    shop.buy(cast.ben, 5000, occurred_at="2026-01-15T10:00:00Z")
    shop.buy(cast.ben, 10_000)


def test_points_pay_a_part_and_the_rest_earns(shop, cast, two_lots):
    bought = pay(shop, cast.ben, 3, 2000)
    award, spent = bought["effects"]
    assert award["points"]["amount"] == 2
    assert spent == {
        "kind": "points_spent",
        "text": "3 points spent",
        "points": {
            "amount": 3,
            "unit": "points",
            "pending": False,
            "available_at": None,
            "expires_at": None,
        },
        "discount": money(300) | {"line": None},
        "tier": None,
    }
    assert points_of(bought) == 15 - 3 + 2


def test_the_soonest_expiry_is_spent_first(client, shop, cast, clock_at, two_lots):
    pay(shop, cast.ben, 7, 0)
    assert expirations(client, cast, clock_at) == [("2027-11-30", 8)]


def test_a_whole_return_fills_the_very_lots_again(client, shop, cast, clock_at, two_lots):
    before = expirations(client, cast, clock_at)
    bought = pay(shop, cast.ben, 7, 2000)
    back = shop.give_back(bought)
    assert (back["points_taken"], back["points_restored"], points_of(back)) == (2, 7, 15)
    assert expirations(client, cast, clock_at) == before == [("2027-01-31", 5), ("2027-11-30", 10)]


def test_parts_of_the_money_bring_parts_of_the_points(client, shop, cast, clock_at, two_lots):
    bought = pay(shop, cast.ben, 7, 2100)
    parts = [shop.give_back(bought, 700) for _ in range(3)]
    assert [part["points_restored"] for part in parts] == [2, 2, 3]
    assert [part["points_taken"] for part in parts] == [1, 1, 0]
    assert expirations(client, cast, clock_at) == [("2027-01-31", 5), ("2027-11-30", 10)]


def test_a_purchase_paid_with_points_alone_comes_back_whole(shop, cast, two_lots):
    bought = pay(shop, cast.ben, 15, 0, lines=[item(0, 2)])
    assert points_of(bought) == 0
    half = shop.post(
        f"/transactions/{id_of(bought)}/returns",
        {"external_id": "half", "lines": [{"line": 1, "quantity": 1}]},
    )
    assert good(half, 201)["points_restored"] == 7
    assert shop.give_back(bought)["points_restored"] == 8


def test_points_of_a_lot_that_expired_meanwhile_live_two_weeks_longer(
    client, shop, cast, clock_at, two_lots
):
    bought = pay(shop, cast.ben, 7, 0)
    clock_at.tick(timedelta(days=75))  # 5 February 2027, 16:30 in Tallinn
    back = shop.give_back(bought)
    assert (back["points_restored"], points_of(back)) == (7, 15)
    assert expirations(client, cast, clock_at) == [("2027-02-19", 5), ("2027-11-30", 10)]
    clock_at.tick(timedelta(days=14, hours=7, minutes=29))  # the last minute of 19 February
    assert good(shop.post("/redemptions", {"member_id": cast.ben.id, "points": 15}), 201)


def test_the_grace_is_the_same_when_a_rest_of_the_lot_expired(
    client, shop, cast, clock_at, two_lots
):
    bought = pay(shop, cast.ben, 2, 0)
    clock_at.tick(timedelta(days=75))
    back = shop.give_back(bought)
    assert (back["points_restored"], points_of(back)) == (2, 12)
    assert expirations(client, cast, clock_at) == [("2027-02-19", 2), ("2027-11-30", 10)]


def test_after_the_grace_they_are_gone(shop, cast, clock_at, two_lots):
    bought = pay(shop, cast.ben, 7, 0)
    clock_at.tick(timedelta(days=75))
    shop.give_back(bought)
    clock_at.tick(timedelta(days=14, hours=7, minutes=30))
    assert points_of(shop.buy(cast.ben, 0)) == 10


def test_a_hold_that_is_released_after_its_lot_expired_has_grace(shop, cast, clock_at, two_lots):
    held = shop.hold(cast.ben, 5)
    clock_at.tick(timedelta(days=75))
    answer = good(shop.post(f"/redemptions/{held}/release"))
    assert points_of(answer) == 15


def test_the_same_receipt_again_captures_nothing_more(shop, cast, two_lots):
    held, other = shop.hold(cast.ben, 3), shop.hold(cast.ben, 4)
    sent = receipt(cast.ben, 1000, apply=[{"redemption_id": held}])
    first = good(shop.post("/transactions", sent), 201)
    again = good(shop.post("/transactions", sent), 200)
    assert again["effects"] == first["effects"]
    changed = sent | {"apply": [{"redemption_id": other}]}
    answer = shop.post("/transactions", changed)
    assert code_of(answer) == (409, "transaction_duplicate_mismatch")
    assert good(shop.post(f"/redemptions/{other}/release"))["redemption"]["state"] == "released"


def test_points_pay_no_more_than_their_share_of_the_bill(app, shop, cast, two_lots):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, spend_share_bp_max=5000)
    applied = [{"redemption_id": shop.hold(cast.ben, 4)}]
    before = rows_of(app, but=ANSWERED)
    answer = shop.post("/transactions", receipt(cast.ben, 3_99, apply=applied))
    assert code_of(answer) == (422, "spend_share_exceeded")
    assert rows_of(app, but=ANSWERED) == before
    good(shop.post("/transactions", receipt(cast.ben, 4_00, apply=applied)), 201)


def test_one_hold_pays_one_purchase(app, shop, cast, two_lots):
    held = shop.hold(cast.ben, 3)
    twice = [{"redemption_id": held}, {"redemption_id": held}]
    assert points_of(shop.buy(cast.ben, 0, apply=twice)) == 12
    before = rows_of(app, but=ANSWERED)
    answer = shop.post("/transactions", receipt(cast.ben, 0, apply=twice))
    assert code_of(answer) == (409, "hold_resolved")
    assert rows_of(app, but=ANSWERED) == before


def test_nobody_pays_with_the_points_of_another(app, shop, cast, two_lots):
    held = shop.hold(cast.ben, 3)
    before = rows_of(app, but=ANSWERED)
    for redemption in (held, "hld_nothing"):
        sent = receipt(cast.ana, 1000, apply=[{"redemption_id": redemption}])
        assert code_of(shop.post("/transactions", sent)) == (404, "hold_not_found")
    assert rows_of(app, but=ANSWERED) == before


def test_a_hold_past_its_time_pays_nothing(app, shop, cast, clock_at, two_lots):
    held = shop.hold(cast.ben, 3)
    clock_at.tick(timedelta(minutes=15))
    before = rows_of(app, but=ANSWERED)
    answer = shop.post("/transactions", receipt(cast.ben, 0, apply=[{"redemption_id": held}]))
    assert code_of(answer) == (409, "hold_resolved")
    assert rows_of(app, but=ANSWERED) == before


@pytest.mark.parametrize(
    ("policy", "shortfall", "debt", "after"),
    [
        ("debt", {"points": 8, "policy": "debt", "cash_value": None}, 8, (0, 3, 2, 0)),
        ("clamp", {"points": 8, "policy": "clamp", "cash_value": None}, 0, (5, 0, 10, 0)),
        (
            "cash_value",
            {"points": 8, "policy": "cash_value", "cash_value": money(800)},
            0,
            (5, 0, 10, 0),
        ),
    ],
)
def test_points_spent_before_their_purchase_came_back(
    app, shop, cast, policy, shortfall, debt, after
):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, clawback=policy)
    bought = shop.buy(cast.ben, 10_000)
    good(shop.post(f"/redemptions/{shop.hold(cast.ben, 8)}/capture"))
    back = shop.give_back(bought)
    assert (back["points_taken"], back["shortfall"]) == (2, shortfall)
    (balance,) = back["updates"]["balances"]
    assert (balance["amount"], balance["debt"]) == (0, debt)
    seen = []
    for _ in range(2):
        (balance,) = shop.buy(cast.ben, 5000)["updates"]["balances"]
        seen += [balance["amount"], balance["debt"]]
    assert tuple(seen) == after


def test_a_shortfall_is_the_same_when_asked_again(app, shop, cast):
    bought = shop.buy(cast.ben, 10_000)
    good(shop.post(f"/redemptions/{shop.hold(cast.ben, 8)}/capture"))
    path, body = f"/transactions/{id_of(bought)}/returns", {"external_id": "r"}
    first, second = good(shop.post(path, body), 201), good(shop.post(path, body), 200)
    assert second["shortfall"] == first["shortfall"]
    assert (second["points_taken"], second["return"]["duplicate"]) == (2, True)


def test_points_given_back_settle_what_is_owed(app, shop, cast):
    earned = shop.buy(cast.ben, 10_000)
    paid = pay(shop, cast.ben, 10, 0)
    owed = shop.give_back(earned)
    assert owed["updates"]["balances"][0]["debt"] == 10
    back = shop.give_back(paid)
    (balance,) = back["updates"]["balances"]
    assert (back["points_restored"], balance["amount"], balance["debt"]) == (10, 0, 0)


def test_pending_points_are_taken_first(app, shop, cast, clock_at):
    shop.buy(cast.ben, 5000)
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, pending_days=14)
    bought = shop.speaking("ru").buy(cast.ben, 10_000)
    assert bought["effects"][0]["text"] == "+10 баллов (доступны с 6 декабря 2026\u202fг.)"
    assert bought["effects"][0]["points"]["available_at"] == "2026-12-05T22:00:00Z"
    (balance,) = shop.give_back(bought, 4000)["updates"]["balances"]
    assert (balance["amount"], balance["pending"]) == (5, 6)
    clock_at.tick(timedelta(days=13, hours=7, minutes=30))
    (balance,) = shop.buy(cast.ben, 0)["updates"]["balances"]
    assert (balance["amount"], balance["pending"]) == (11, 0)
