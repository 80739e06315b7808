"""Purchases that are refused: the code, and that nothing at all has moved."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.api.schemas import INTEGER_MAX
from server.core.db import transaction
from server.gamification.members.models import MEMBER
from server.gamification.members.service import block_member
from tests.builders.members import NOW
from tests.builders.tills import code_of, good, item, money, points_of, receipt
from tests.fixtures.tables import rows_of

ANSWERED = ("idempotency_record",)
FIELD = "validation_failed"
TOO_BIG = 2**53


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"member_id": None}, "/member_id", "required"),
        ({"external_id": None}, "/external_id", "required"),
        ({"external_id": ""}, "/external_id", "too_short"),
        ({"external_id": "x" * 101}, "/external_id", "too_long"),
        ({"external_id": "a\u0000b"}, "/external_id", "control_characters"),
        ({"total": None}, "/total", "required"),
        ({"total": 100}, "/total", "invalid"),
        ({"total": {"amount_minor": 100}}, "/total/currency", "required"),
        ({"total": money(-1)}, "/total/amount_minor", "too_small"),
        ({"total": money(TOO_BIG)}, "/total/amount_minor", "too_large"),
        ({"total": {"amount_minor": "100", "currency": "EUR"}}, "/total/amount_minor", "invalid"),
        ({"total": {"amount_minor": 1.5, "currency": "EUR"}}, "/total/amount_minor", "invalid"),
        ({"total": {"amount_minor": True, "currency": "EUR"}}, "/total/amount_minor", "invalid"),
        ({"total": money(1, "eur")}, "/total/currency", "pattern"),
        ({"tax": money(1001)}, "/tax", "too_large"),
        ({"tax": money(1, "USD")}, "/tax/currency", "currency_mismatch"),
        ({"occurred_at": "2026-11-22T14:30:00"}, "/occurred_at", "invalid"),
        ({"occurred_at": "2026-02-30T14:30:00Z"}, "/occurred_at", "invalid"),
        ({"occurred_at": "1980-01-01T00:00:00Z"}, "/occurred_at", "out_of_range"),
        ({"lines": [item(100)] * 201}, "/lines", "too_many"),
        ({"lines": [item(100, 0)]}, "/lines/0/quantity", "too_small"),
        ({"lines": [item(100) | {"amount": None}]}, "/lines/0/amount", "required"),
        (
            {"lines": [item(1), item(1) | {"amount": money(1, "SEK")}]},
            "/lines/1/amount/currency",
            "currency_mismatch",
        ),
        ({"lines": [item(100, tax=money(101))]}, "/lines/0/tax", "too_large"),
        ({"source": "two words"}, "/source", "pattern"),
        ({"apply": [{"redemption_id": 5}]}, "/apply/0/redemption_id", "invalid"),
        ({"apply": [{"redemption_id": "hld_1"}] * 6}, "/apply", "too_many"),
        ({"points": 500}, "/points", "unknown_field"),
    ],
)
def test_what_cannot_be_a_receipt_is_refused(app, till, cast, changes, pointer, code):
    before = rows_of(app)
    answer = till.post("/transactions", receipt(cast.ben, 1000) | changes)
    assert code_of(answer) == (422, FIELD)
    problem = answer.get_json()
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
    assert rows_of(app) == before


def test_a_shop_must_name_a_place_that_exists(app, shop, cast):
    before = rows_of(app)
    answer = shop.post("/transactions", receipt(cast.ben, 1000, location_id="loc_nowhere"))
    assert code_of(answer) == (422, FIELD)
    assert answer.get_json()["errors"][0]["pointer"] == "/location_id"
    assert rows_of(app) == before


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Points are counted in EUR here, not in USD."),
        ("ru", "Баллы здесь считаются в EUR, а не в USD."),
        ("et", "Siin arvestatakse punkte vääringus EUR, mitte USD."),
    ],
)
def test_another_currency_is_refused_in_the_language_of_the_caller(
    app, till, cast, language, sentence
):
    before = rows_of(app, but=ANSWERED)
    sent = receipt(cast.ben, 1) | {"total": money(1000, "USD")}
    answer = till.speaking(language).post("/transactions", sent)
    assert code_of(answer) == (422, "currency_mismatch")
    problem = answer.get_json()
    assert problem["user_message"] == sentence
    assert problem["detail"] == "The programme counts in EUR; the purchase is in USD."
    assert problem["params"] == {"expected": "EUR", "got": "USD"}
    assert (problem["retryable"], problem["errors"]) == (False, [])
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["type"].endswith("/docs/errors/currency_mismatch")
    assert rows_of(app, but=ANSWERED) == before


@pytest.mark.parametrize(
    ("shift", "status"),
    [
        (timedelta(days=-1100), 201),
        (timedelta(days=-1100, seconds=-1), 422),
        (timedelta(seconds=600), 201),
        (timedelta(seconds=601), 422),
    ],
)
def test_purchases_are_taken_from_three_years_ago_until_in_ten_minutes(till, cast, shift, status):
    sent = receipt(cast.ben, 1000, occurred_at=(NOW + shift).isoformat())
    answer = till.post("/transactions", sent)
    assert answer.status_code == status
    if status == 422:
        told = {"transaction_too_old": {"days_max": 1100}}
        told |= {"transaction_in_future": {"seconds_max": 600}}
        code = "transaction_too_old" if shift < timedelta() else "transaction_in_future"
        assert answer.get_json()["code"] == code
        assert answer.get_json()["params"] == told[code]


def block(app, member):
    with app.app_context(), transaction() as tx:
        block_member(tx, member.id, "cli:eva", "why", NOW)


def merge(app, member, into):
    with app.app_context(), transaction() as tx:
        values = {"status": "merged", "merged_into_id": into.id}
        tx.execute(update(MEMBER).where(MEMBER.c.id == member.id).values(values))


@pytest.mark.parametrize("path", ["/transactions", "/quotes"])
def test_a_blocked_member_earns_nothing(app, till, cast, path):
    block(app, cast.ben)
    before = rows_of(app, but=(*ANSWERED, "wallet"))
    sent = receipt(cast.ben, 1000)
    sent = sent if path == "/transactions" else {k: sent[k] for k in ("member_id", "total")}
    answer = till.speaking("ru").post(path, sent)
    assert code_of(answer) == (403, "member_blocked")
    assert answer.get_json()["user_message"] == "Этот аккаунт заблокирован. Обратитесь в магазин."
    assert rows_of(app, but=(*ANSWERED, "wallet")) == before


def test_a_merged_member_earns_nothing_and_the_new_one_is_named(app, till, cast):
    merge(app, cast.ben, cast.ana)
    before = rows_of(app, but=(*ANSWERED, "wallet"))
    answer = till.post("/transactions", receipt(cast.ben, 1000))
    assert code_of(answer) == (410, "member_merged")
    assert answer.get_json()["params"] == {"new_member_id": cast.ana.id}
    assert rows_of(app, but=(*ANSWERED, "wallet")) == before


def test_a_known_receipt_of_a_blocked_member_still_has_its_outcome(app, till, cast):
    sent = receipt(cast.ben, 5000)
    first = good(till.post("/transactions", sent), 201)
    block(app, cast.ben)
    again = good(till.post("/transactions", sent), 200)
    assert again["transaction"] == first["transaction"] | {"duplicate": True}


def test_a_purchase_of_nothing_is_a_purchase(till, cast):
    body = till.buy(cast.ben, 0)
    assert (body["effects"], points_of(body)) == ([], 0)
    assert body["not_applied"][0]["reason"] == "too_little"
    assert good(till.post("/transactions", receipt(cast.ben, 0, lines=[item(0, 3)])), 201)


def test_the_largest_amount_is_exact_and_no_more_than_that_is_counted(app, till, cast):
    body = till.buy(cast.ben, INTEGER_MAX)
    assert body["transaction"]["total"]["amount_minor"] == 9_007_199_254_740_991
    assert points_of(body) == 9_007_199_254_740
    before = rows_of(app, but=ANSWERED)
    refused = till.post("/transactions", receipt(cast.ben, 1000))
    assert code_of(refused) == (422, "amount_invalid")
    assert rows_of(app, but=ANSWERED) == before


def test_whole_numbers_may_be_written_with_a_point(till, cast):
    sent = receipt(cast.ben, 1) | {"total": {"amount_minor": 5000.0, "currency": "EUR"}}
    assert points_of(good(till.post("/transactions", sent), 201)) == 5


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"a": NaN}', b'"x"', b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(app, till, body):
    before = rows_of(app)
    headers = till.headers | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = till.client.post("/v1/partner/transactions", data=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.get_json()["code"] in {"malformed_json", FIELD}
    assert rows_of(app) == before
