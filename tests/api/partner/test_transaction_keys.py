"""One effect per idempotency key, on the operation that matters most."""

from datetime import timedelta

import pytest

from tests.builders.tills import code_of, good, money, points_of, receipt
from tests.fixtures.tables import rows_of

PATHS = [
    "/transactions",
    "/transactions/act_x/returns",
    "/transactions/act_x/cancellation",
    "/transaction-batches",
    "/redemptions",
    "/redemptions/hld_x/capture",
    "/redemptions/hld_x/release",
]


def shape_of(path, cast):
    """A body that passes as far as its form goes."""
    sent = receipt(cast.ben, 1000)
    return {
        "/transactions": sent,
        "/transactions/act_x/returns": {"external_id": "r"},
        "/transaction-batches": {"transactions": [sent]},
        "/redemptions": {"points": 1, "member_id": cast.ben.id},
    }.get(path, {})


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_nothing_moves(app, till, cast, path):
    before = rows_of(app)
    body = shape_of(path, cast)
    answer = till.client.post(f"/v1/partner{path}", json=body, headers=till.headers)
    assert code_of(answer) == (400, "idempotency_key_required")
    assert rows_of(app) == before


def test_the_same_key_and_body_replay_the_same_bytes(app, till, cast, clock_at):
    sent = receipt(cast.ben, 520_000)
    first = till.post("/transactions", sent, key="k")
    after = rows_of(app)
    clock_at.tick(timedelta(days=34))
    second = till.speaking("et").post("/transactions", dict(reversed(sent.items())), key='"k"')
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.data == first.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert rows_of(app) == after


def test_another_body_under_the_same_key_is_refused(app, till, cast):
    sent = receipt(cast.ben, 1000)
    good(till.post("/transactions", sent, key="k"), 201)
    after = rows_of(app)
    refused = till.post("/transactions", sent | {"total": money(2000)}, key="k")
    assert code_of(refused) == (422, "idempotency_key_reused")
    assert rows_of(app) == after


def test_a_key_belongs_to_its_caller_and_its_operation(till, shop, cast):
    sent = receipt(cast.ben, 1000)
    assert till.post("/transactions", sent, key="k").status_code == 201
    assert shop.post("/transactions", sent, key="k").status_code == 201
    batch = till.post("/transaction-batches", {"transactions": [sent]}, key="k")
    assert good(batch)["duplicates"] == 1


def test_a_key_of_a_return_belongs_to_one_purchase(till, cast):
    one, two = (till.buy(cast.ben, 5000)["transaction"]["id"] for _ in range(2))
    body = {"external_id": "r1"}
    assert till.post(f"/transactions/{one}/returns", body, key="k").status_code == 201
    other = till.post(f"/transactions/{two}/returns", body, key="k")
    assert code_of(other) == (422, "idempotency_key_reused")


def test_a_business_refusal_is_the_outcome_of_its_key_for_ever(app, till, shop, cast):
    body = {"points": 5, "member_id": cast.ben.id}
    first = shop.post("/redemptions", body, key="k")
    assert code_of(first) == (409, "balance_insufficient")
    till.buy(cast.ben, 50_000)
    after = rows_of(app)
    second = shop.post("/redemptions", body, key="k")
    assert (second.status_code, second.data) == (409, first.data)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.content_type == "application/problem+json"
    assert rows_of(app) == after
    assert shop.post("/redemptions", body).status_code == 201


@pytest.mark.parametrize("wrong", [{"total": money(-1)}, {"nonsense": 1}])
def test_a_wrong_form_does_not_use_its_key_up(till, cast, wrong):
    sent = receipt(cast.ben, 3000)
    assert till.post("/transactions", sent | wrong, key="k").status_code == 422
    right = till.post("/transactions", sent, key="k")
    assert points_of(good(right, 201)) == 3


def test_a_dry_run_tells_everything_and_changes_nothing(app, till, cast):
    sent = receipt(cast.ben, 520_000)
    before = rows_of(app)
    dry = till.post("/transactions", sent, key="k", Loyalty_Dry_Run="1")
    assert (dry.status_code, dry.headers["Loyalty-Dry-Run"]) == (201, "1")
    assert [effect["kind"] for effect in dry.get_json()["effects"]] == [
        "points_awarded",
        "tier_changed",
    ]
    assert rows_of(app) == before
    real = till.post("/transactions", sent, key="k")
    assert "Loyalty-Dry-Run" not in real.headers
    assert points_of(good(real, 201)) == points_of(dry.get_json()) == 520


def test_a_dry_run_refuses_as_the_real_one_would(app, till, shop, cast):
    before = rows_of(app)
    body = {"points": 5, "member_id": cast.ben.id}
    refused = shop.post("/redemptions", body, Loyalty_Dry_Run="1")
    assert code_of(refused) == (409, "balance_insufficient")
    assert rows_of(app) == before


def test_returns_and_batches_can_be_tried_out(app, till, cast):
    bought = till.buy(cast.ben, 5000)["transaction"]["id"]
    before = rows_of(app)
    back = till.post(f"/transactions/{bought}/returns", {"external_id": "r"}, Loyalty_Dry_Run="1")
    assert (back.status_code, back.get_json()["points_taken"]) == (201, 5)
    batch = {"transactions": [receipt(cast.ben, 1000)]}
    assert good(till.post("/transaction-batches", batch, Loyalty_Dry_Run="1"))["created"] == 1
    assert rows_of(app) == before
