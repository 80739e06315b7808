"""Returns and cancellations: what goes back, by line, by amount, or all that is left."""

from datetime import timedelta

import pytest

from tests.builders.tills import code_of, good, id_of, item, money, points_of
from tests.fixtures.tables import rows_of

ANSWERED = ("idempotency_record", "wallet")


def back_of(till, bought, body, **more):
    return till.post(f"/transactions/{id_of(bought)}/returns", {"external_id": "r"} | body, **more)


def cancel(till, bought):
    return till.post(f"/transactions/{id_of(bought)}/cancellation")


def state_of(till, bought):
    found = good(till.get(f"/transactions/{id_of(bought)}"))
    return found["transaction"]["state"], found["points_taken_back"], found["points_restored"]


@pytest.mark.parametrize(
    ("language", "display"), [("en", "3 points"), ("ru", "3 балла"), ("et", "3 punkti")]
)
def test_a_return_by_amount_tells_all_it_did(till, cast, language, display):
    bought = till.buy(cast.ben, 5000)
    answer = till.speaking(language).give_back(bought, 2000)
    assert answer["return"]["id"].startswith("ret_")
    assert answer.pop("updates")["balances"] == [
        {
            "unit": "points",
            "amount": 3,
            "pending": 0,
            "reserved": 0,
            "debt": 0,
            "display": display,
        }
    ]
    assert answer == {
        "return": {
            "id": answer["return"]["id"],
            "duplicate": False,
            "transaction_id": id_of(bought),
            "transaction_state": "partly_returned",
            "amount": money(2000),
        },
        "points_taken": 2,
        "points_restored": 0,
        "points_claimed": 0,
        "shortfall": {"points": 0, "policy": "debt", "cash_value": None},
    }
    assert state_of(till, bought) == ("partly_returned", 2, 0)


def test_without_lines_and_amount_all_that_is_left_comes_back(till, cast):
    bought = till.buy(cast.ben, 5999)
    till.give_back(bought, 1000)
    rest = till.give_back(bought)
    assert rest["return"]["amount"] == money(4999)
    assert (rest["return"]["transaction_state"], rest["points_taken"]) == ("returned", 1 + 3)
    assert points_of(rest) == 0


def test_pieces_of_a_line_come_back_with_their_share(till, cast):
    lines = [item(1000, 3, sku="MUG"), item(4000, 2, sku="BOX")]
    bought = till.buy(cast.ben, 5000, lines=lines)
    amounts = []
    for _ in range(3):
        back = till.give_back(bought, lines=[{"line": 1, "quantity": 1}])
        amounts.append((back["return"]["amount"]["amount_minor"], back["points_taken"]))
    assert amounts == [(333, 1), (333, 0), (334, 0)]
    both = till.give_back(bought, lines=[{"line": 2, "quantity": 2}])
    assert (both["return"]["transaction_state"], points_of(both)) == ("returned", 0)


def test_a_line_may_come_back_for_less_than_its_share(till, cast):
    bought = till.buy(cast.ben, 6000, lines=[item(6000, 3)])
    worn = [{"line": 1, "quantity": 1, "amount": money(500)}]
    assert till.give_back(bought, lines=worn)["return"]["amount"] == money(500)
    rest = till.give_back(bought, lines=[{"line": 1, "quantity": 2}])
    assert rest["return"]["amount"] == money(5500)
    assert state_of(till, bought) == ("returned", 6, 0)


def test_what_no_line_covers_is_one_more_line(till, cast):
    bought = till.buy(cast.ben, 5000, lines=[item(2000, 2)])
    back = till.give_back(bought, lines=[{"line": 2, "quantity": 0}])
    assert (back["return"]["amount"], back["points_taken"]) == (money(3000), 3)


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({"amount": money(5001)}, {"left_minor": 5000}),
        ({"amount": money(0)}, {"left_minor": 0}),
        ({"lines": [{"line": 3, "quantity": 1}]}, {"line": 3}),
        (
            {"lines": [{"line": 1, "quantity": 3}]},
            {"line": 1, "left_minor": 2000, "left_quantity": 2},
        ),
        (
            {"lines": [{"line": 1, "quantity": 1, "amount": money(2001)}]},
            {"line": 1, "left_minor": 2000, "left_quantity": 2},
        ),
        ({"lines": [{"line": 1, "quantity": 0}]}, {"left_minor": 0}),
    ],
)
def test_no_more_comes_back_than_was_bought(app, till, cast, body, params):
    bought = till.buy(cast.ben, 5000, lines=[item(2000, 2), item(3000)])
    before = rows_of(app, but=ANSWERED)
    answer = back_of(till.speaking("et"), bought, body)
    assert code_of(answer) == (422, "return_exceeds_sale")
    assert answer.get_json()["params"] == params
    assert answer.get_json()["user_message"] == "Tagastatakse rohkem, kui osteti."
    assert rows_of(app, but=ANSWERED) == before


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"external_id": "cancellation"}, "/external_id", "reserved"),
        ({"amount": money(1), "lines": [{"line": 1, "quantity": 1}]}, "/amount", "exactly_one"),
        ({"amount": money(1, "USD")}, "/amount/currency", "currency_mismatch"),
        ({"lines": [{"line": 0, "quantity": 1}]}, "/lines/0/line", "too_small"),
        ({"lines": [{"line": 1}]}, "/lines/0/quantity", "required"),
        (
            {"lines": [{"line": 1, "quantity": 1, "amount": money(1, "USD")}]},
            "/lines/0/amount/currency",
            "currency_mismatch",
        ),
        ({"reason": "x"}, "/reason", "unknown_field"),
    ],
)
def test_impossible_returns_are_refused(app, till, cast, body, pointer, code):
    bought = till.buy(cast.ben, 5000)
    before = rows_of(app)
    answer = back_of(till, bought, body)
    assert code_of(answer) == (422, "validation_failed")
    errors = answer.get_json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]
    assert rows_of(app) == before


def test_a_return_is_counted_once_under_its_number(app, till, cast, clock_at):
    bought = till.buy(cast.ben, 5000)
    first = good(back_of(till, bought, {"amount": money(2000)}), 201)
    till.give_back(bought, 1000)
    clock_at.tick(timedelta(days=50))
    before = rows_of(app, but=ANSWERED)
    again = good(back_of(till, bought, {"amount": money(2000)}), 200)
    assert again["return"] == first["return"] | {"duplicate": True}
    assert (again["points_taken"], points_of(again)) == (2, 2)
    other = back_of(till, bought, {"amount": money(1999)})
    assert code_of(other) == (409, "transaction_duplicate_mismatch")
    assert other.get_json()["params"] == {"transaction_id": id_of(bought)}
    assert rows_of(app, but=ANSWERED) == before


def test_numbers_of_returns_belong_to_their_purchase(till, cast):
    for bought in (till.buy(cast.ben, 5000), till.buy(cast.ben, 5000)):
        assert good(back_of(till, bought, {}), 201)["points_taken"] == 5


def test_a_cancellation_takes_all_back_and_closes(till, cast):
    bought = till.buy(cast.ben, 520_000)
    till.give_back(bought, 10_000)
    first = good(cancel(till, bought), 201)
    assert first["return"]["transaction_state"] == "cancelled"
    assert (first["return"]["amount"], first["points_taken"]) == (money(510_000), 510)
    assert first["updates"]["tier"]["name"] == "Bronze"
    second = good(cancel(till, bought), 200)
    assert second["return"] == first["return"] | {"duplicate": True}
    assert code_of(back_of(till, bought, {})) == (422, "return_exceeds_sale")
    assert state_of(till, bought) == ("cancelled", 520, 0)


def test_what_came_back_whole_cannot_be_cancelled(till, cast):
    bought = till.buy(cast.ben, 5000)
    till.give_back(bought)
    assert code_of(cancel(till, bought)) == (422, "return_exceeds_sale")
    assert state_of(till, bought) == ("returned", 5, 0)


def test_a_receipt_that_came_back_is_not_awarded_again(till, cast):
    bought = till.buy(cast.ben, 5000, external_id="once")
    till.give_back(bought)
    sent = {"member_id": cast.ben.id, "external_id": "once", "total": money(5000)}
    again = good(till.post("/transactions", sent), 200)
    assert again["transaction"]["state"] == "returned"
    assert points_of(again) == 0


def test_a_purchase_of_nothing_can_be_cancelled(till, cast):
    bought = till.buy(cast.ben, 0, lines=[item(0, 2)])
    assert good(cancel(till, bought), 201)["return"]["amount"] == money(0)


def test_an_unknown_purchase_cannot_come_back(app, till, cast):
    before = rows_of(app, but=ANSWERED)
    for path in ("returns", "cancellation"):
        body = {"external_id": "r"} if path == "returns" else {}
        answer = till.post(f"/transactions/act_nothing/{path}", body)
        assert code_of(answer) == (404, "not_found")
    assert rows_of(app, but=ANSWERED) == before


def test_a_return_is_worked_out_by_the_rules_of_its_purchase(till, cast):
    silver = till.buy(cast.ben, 500_000)
    at_half = till.buy(cast.ben, 10_000)  # at one and a half
    till.give_back(silver)  # bronze again
    assert till.give_back(at_half, 5000)["points_taken"] == 8  # 7 of 15 are left for 50.00
    assert points_of(till.give_back(at_half)) == 0


def test_a_tier_that_was_reached_is_lost_by_a_return_and_reached_again(till, cast):
    first = till.buy(cast.ben, 400_000)
    up = till.buy(cast.ben, 150_000)
    assert up["effects"][1]["text"] == "Welcome to Silver"
    down = till.give_back(first, 60_000)
    assert down["updates"]["tier"]["name"] == "Bronze"
    assert down["updates"]["tier"]["next"]["progress"]["text"] == "10 points to Silver"
    again = till.buy(cast.ben, 10_000)
    assert again["effects"][1]["text"] == "Welcome to Silver"
