"""Batches of purchases, as a till sends them that was offline: a result for each row."""

import pytest
from sqlalchemy import func, select

from server.api.partner.batches import BatchIn
from server.core.db import reading, transaction
from server.gamification.activities.models import ACTIVITY
from server.gamification.members.service import block_member
from tests.builders.members import NOW
from tests.builders.purchases import add_rule
from tests.builders.tills import code_of, good, id_of, item, money, points_of, receipt
from tests.fixtures.tables import rows_of

ANSWERED = ("idempotency_record", "wallet")


def send(till, *rows, **more):
    return till.post("/transaction-batches", {"transactions": list(rows)}, **more)


def counts(answer):
    return answer["created"], answer["duplicates"], answer["refused"]


def statuses(answer):
    return [row["status"] for row in answer["results"]]


def test_rows_are_read_with_the_body_before_anything_is_locked(cast):
    sent = [receipt(cast.ben, 5000), {"external_id": "r-1", "lines": [1, 2]}, None]
    read, flawed, nothing = BatchIn().load({"transactions": sent})["transactions"]
    assert read.body["total"] == {"amount_minor": 5000, "currency": "EUR"}
    assert (flawed.external_id, flawed.lines, flawed.body.code) == ("r-1", 2, "validation_failed")
    assert nothing.body.code == "validation_failed"


def test_each_row_stands_for_itself(till, cast):
    rows = [
        receipt(cast.ben, 5000),
        receipt("mem_nobody", 1000),
        receipt(cast.ana, 2000),
        receipt(cast.ben, 1) | {"total": money(1, "USD")},
        receipt(cast.ben, 1000, occurred_at="2020-01-01T00:00:00Z"),
        receipt(cast.ben, 3000),
    ]
    answer = good(send(till, *rows))
    assert counts(answer) == (3, 0, 3)
    assert [row["index"] for row in answer["results"]] == list(range(6))
    assert [row["external_id"] for row in answer["results"]] == [r["external_id"] for r in rows]
    codes = [row["error"] and row["error"]["code"] for row in answer["results"]]
    assert codes == [None, "not_found", None, "currency_mismatch", "transaction_too_old", None]
    assert points_of(answer["results"][5]["result"]) == 8
    assert points_of(answer["results"][2]["result"]) == 2


def test_a_row_that_was_recorded_reads_like_a_purchase_alone(till, cast):
    alone = till.buy(cast.ana, 5000)
    (row,) = good(send(till, receipt(cast.ben, 5000)))["results"]
    own = {"id": id_of(row["result"]), "member_id": cast.ben.id}
    assert row["error"] is None
    assert row["result"] == alone | {"transaction": alone["transaction"] | own}
    detail = good(till.get(f"/transactions/{own['id']}"))
    assert detail["effects"] == alone["effects"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Please check what you entered."),
        ("ru", "Проверьте, пожалуйста, что вы ввели."),
        ("et", "Palun kontrolli sisestatud andmeid."),
    ],
)
def test_a_row_of_wrong_form_says_where(app, till, cast, language, sentence):
    before = rows_of(app, but=ANSWERED)
    wrong = receipt(cast.ben, -1, lines=[item(100, 0)])
    (row,) = good(send(till.speaking(language), wrong))["results"]
    assert row == {
        "index": 0,
        "external_id": wrong["external_id"],
        "status": "refused",
        "result": None,
        "error": {
            "code": "validation_failed",
            "detail": "The request has invalid fields; see errors.",
            "user_message": sentence,
            "errors": [
                {
                    "pointer": "/total/amount_minor",
                    "code": "too_small",
                    "detail": "This must be at least 0.",
                },
                {
                    "pointer": "/lines/0/quantity",
                    "code": "too_small",
                    "detail": "This must be at least 1.",
                },
            ],
            "retryable": False,
        },
    }
    assert rows_of(app, but=ANSWERED) == before


@pytest.mark.parametrize("row", [5, None, "x", [], {}, {"external_id": 7}, {"external_id": ["a"]}])
def test_a_row_that_is_no_purchase_at_all_is_refused(till, cast, row):
    answer = good(send(till, row, receipt(cast.ben, 1000)))
    assert statuses(answer) == ["refused", "created"]
    assert answer["results"][0]["external_id"] is None


def test_a_batch_cannot_spend(till, shop, cast):
    till.buy(cast.ben, 5000)
    held = shop.hold(cast.ben, 2)
    row = receipt(cast.ben, 1000, apply=[{"redemption_id": held}])
    (result,) = good(send(till, row))["results"]
    (error,) = result["error"]["errors"]
    assert (error["pointer"], error["code"]) == ("/apply", "not_in_batch")
    assert good(shop.post(f"/redemptions/{held}/release"))["redemption"]["state"] == "released"


def test_the_whole_batch_again_is_all_duplicates(app, till, cast):
    rows = [receipt(member, 1000 * n) for n in range(1, 11) for member in (cast.ana, cast.ben)]
    first = good(send(till, *rows))
    assert counts(first) == (20, 0, 0)
    before = rows_of(app, but=ANSWERED)
    second = good(send(till, *reversed(rows)))
    assert counts(second) == (0, 20, 0)
    assert rows_of(app, but=ANSWERED) == before
    ids = [id_of(row["result"]) for row in first["results"]]
    assert [id_of(row["result"]) for row in second["results"]] == list(reversed(ids))
    assert points_of(second["results"][0]["result"]) == 55


def test_the_same_receipt_twice_in_one_batch_counts_once(till, cast):
    row = receipt(cast.ben, 5000)
    answer = good(send(till, row, receipt(cast.ana, 1000), row))
    assert statuses(answer) == ["created", "created", "duplicate"]
    once, twice = answer["results"][0]["result"], answer["results"][2]["result"]
    assert twice["transaction"] == once["transaction"] | {"duplicate": True}
    assert points_of(twice) == 5


def test_the_same_receipt_with_other_content_in_one_batch_is_refused(till, cast):
    row = receipt(cast.ben, 5000)
    answer = good(send(till, row, row | {"total": money(1)}, row | {"member_id": cast.ana.id}))
    assert statuses(answer) == ["created", "refused", "refused"]
    assert {r["error"]["code"] for r in answer["results"][1:]} == {"transaction_duplicate_mismatch"}


def test_a_receipt_is_known_from_batch_to_purchase_and_back(till, cast):
    row, other = receipt(cast.ben, 5000), receipt(cast.ben, 1000)
    send(till, row)
    assert good(till.post("/transactions", row), 200)["transaction"]["duplicate"] is True
    till.post("/transactions", other)
    assert statuses(good(send(till, other, row))) == ["duplicate", "duplicate"]


def test_rows_of_one_member_build_on_each_other(app, till, cast):
    with app.app_context(), transaction() as tx:
        add_rule(tx, "item", 4, points_per_period_max=10)
        add_rule(tx, "visit", 5)
    rows = [receipt(cast.ben, 500_000), receipt(cast.ben, 100_000), receipt(cast.ben, 0)]
    in_batch = good(send(till, *rows))["results"]
    twins = [till.buy(cast.ana, row["total"]["amount_minor"]) for row in rows]
    for row, alone in zip(in_batch, twins, strict=True):
        assert row["result"]["effects"] == alone["effects"]
        assert row["result"]["not_applied"] == alone["not_applied"]
    given = [row["result"]["effects"][0]["points"]["amount"] for row in in_batch[:2]]
    assert given == [500 + 4 + 5, 150 + 6]  # the second at one and a half, as far as the cap goes
    assert in_batch[2]["result"]["effects"] == []


def test_blocked_members_do_not_stop_the_others(app, till, cast):
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    answer = good(send(till, receipt(cast.ana, 1000), receipt(cast.ben, 1000)))
    assert statuses(answer) == ["refused", "created"]
    assert answer["results"][0]["error"]["code"] == "member_blocked"


def test_a_sum_beyond_exact_numbers_refuses_its_row_only(till, cast):
    most = 2**53 - 1
    rows = [receipt(cast.ben, most), receipt(cast.ben, 1), receipt(cast.ana, most)]
    answer = good(send(till, *rows))
    assert statuses(answer) == ["created", "refused", "created"]
    assert answer["results"][1]["error"]["code"] == "amount_invalid"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/transactions", "required"),
        ({"transactions": []}, "/transactions", "too_few"),
        ({"transactions": [1] * 501}, "/transactions", "too_many"),
        ({"transactions": {}}, "/transactions", "invalid"),
        ({"transactions": [1], "more": 1}, "/more", "unknown_field"),
    ],
)
def test_what_is_no_batch_is_refused(app, till, body, pointer, code):
    before = rows_of(app)
    answer = till.post("/transaction-batches", body)
    assert code_of(answer) == (422, "validation_failed")
    errors = answer.get_json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]
    assert rows_of(app) == before


def test_five_hundred_rows_are_recorded_at_once(app, till, cast):
    rows = [receipt((cast.ana, cast.ben)[n % 2], 1000) for n in range(500)]
    first = send(till, *rows, key="batch")
    assert counts(good(first)) == (500, 0, 0)
    again = send(till, *rows, key="batch")
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    with app.app_context(), reading() as tx:
        assert tx.execute(select(func.count()).select_from(ACTIVITY)).scalar_one() == 500
    assert points_of(till.buy(cast.ana, 0)) == 250
