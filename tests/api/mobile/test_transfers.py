"""Giving points in the app: a look at whom, then the deed, once."""

import pytest

from server.core.db import transaction
from server.gamification.cards.service import block_card, new_spoken_code
from server.gamification.members.service import block_member
from tests.builders.members import ANA_EMAIL, ANA_PHONE, NOW, bearer, number_of
from tests.builders.purchases import change_settings, give
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)
PATHS = ("transfer-quotes", "transfers")


@pytest.fixture
def offered(app, client, cast):
    """A shop where members may give points; Ben has fifty."""
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, transfers={"account_days_min": 0, "least": 5, "most_per_day": 40})
        give(tx, cast.ben.id, 50, NOW)
    return app


def post(client, cast, path, body, key="one", language="en"):
    headers = bearer(cast.ben_tokens.access_token)
    headers |= {"Idempotency-Key": key, "Accept-Language": language}
    return client.post(f"/v1/me/{path}", json=body, headers=headers)


def ways_to(app, cast):
    """Every way in which Ben may name Ana."""
    with app.app_context(), transaction() as tx:
        card = number_of(tx, cast.ana)
        spoken = new_spoken_code(tx, cast.ana.id, NOW).code
    return {"card": card, "spoken": spoken, "phone": ANA_PHONE, "email": ANA_EMAIL.upper()}


def test_a_look_moves_nothing_and_tells_little(offered, client, cast):
    for way, value in ways_to(offered, cast).items():
        before = rows_of(offered)
        shown = good(post(client, cast, "transfer-quotes", {"amount": 20, way: value}))
        assert shown == {
            "recipient": {"name": "A•••"},
            "amount": 20,
            "unit": "points",
            "text": "-20 points",
            "available_after": 30,
            "left_today": 20,
        }
        assert rows_of(offered) == before


def test_points_are_given_once_however_often_it_is_sent(offered, client, cast):
    body = {"amount": 20, "phone": ANA_PHONE}
    done = good(post(client, cast, "transfers", body, language="ru"), 201)
    assert done["transfer"]["recipient"] == {"name": "A•••"}
    assert done["transfer"]["text"] == "−20 баллов"
    assert [part["amount"] for part in done["updates"]["balances"]] == [30]
    assert good(post(client, cast, "transfers", body, language="ru"), 201) == done
    balances = good(client.get("/v1/me/balances", headers=cast.as_ana))["items"]
    assert balances[0]["amount"] == 20


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": 4, "phone": ANA_PHONE}, 422, "transfer_too_small"),
        ({"amount": 1001, "phone": ANA_PHONE}, 422, "transfer_too_large"),
        ({"amount": 41, "phone": ANA_PHONE}, 409, "transfer_limit_reached"),
        ({"amount": 5, "phone": "+3725559999"}, 422, "transfer_to_self"),
        ({"amount": 5, "phone": "+3725550000"}, 404, "recipient_unknown"),
        ({"amount": 5, "spoken": "K7PD"}, 404, "recipient_unknown"),
        ({"amount": 5, "phone": ANA_PHONE, "unit": "stars"}, 404, "feature_disabled"),
        ({"amount": 5}, 422, "validation_failed"),
        ({"amount": 5, "phone": ANA_PHONE, "email": ANA_EMAIL}, 422, "validation_failed"),
        ({"amount": 0, "phone": ANA_PHONE}, 422, "validation_failed"),
        ({"amount": 5, "card": "17"}, 422, "validation_failed"),
    ],
)
def test_a_refusal_says_why_and_moves_nothing(offered, client, cast, path, body, status, code):
    before = rows_of(offered, but=KEPT)
    assert code_of(post(client, cast, path, body)) == (status, code)
    assert rows_of(offered, but=KEPT) == before


@pytest.mark.parametrize("path", PATHS)
def test_more_than_there_is_is_not_given(offered, client, cast, path):
    with offered.app_context(), transaction() as tx:
        give(tx, cast.ben.id, -30, NOW)
    answer = post(client, cast, path, {"amount": 21, "phone": ANA_PHONE})
    assert code_of(answer) == (409, "balance_insufficient")
    assert answer.get_json()["params"] == {"available": 20, "missing": 1, "price": 21}


@pytest.mark.parametrize("way", ["card", "phone"])
def test_whoever_is_blocked_is_as_unknown_as_nobody(offered, client, cast, way):
    value = ways_to(offered, cast)[way]
    with offered.app_context(), transaction() as tx:
        block_card(tx, cast.ana.id, NOW)
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    unknown = post(client, cast, "transfer-quotes", {"amount": 5, "phone": "+3725550000"})
    blocked = post(client, cast, "transfer-quotes", {"amount": 5, way: value})
    assert code_of(blocked) == (404, "recipient_unknown")
    for part in ("detail", "user_message", "params", "title"):
        assert blocked.get_json()[part] == unknown.get_json()[part]


def test_nobody_can_try_out_all_numbers(offered, client, cast):
    answers = [
        post(client, cast, "transfer-quotes", {"amount": 5, "phone": f"+37255500{n:02}"})
        for n in range(21)
    ]
    assert {code_of(answer) for answer in answers[:20]} == {(404, "recipient_unknown")}
    assert code_of(answers[20]) == (429, "rate_limited")
    last = post(client, cast, "transfers", {"amount": 5, "phone": ANA_PHONE})
    assert code_of(last) == (429, "rate_limited")


@pytest.mark.parametrize("path", PATHS)
def test_transfers_are_off_unless_the_shop_wants_them(app, client, cast, path):
    answer = post(client, cast, path, {"amount": 5, "phone": ANA_PHONE})
    assert code_of(answer) == (404, "feature_disabled")
    assert good(client.get("/v1/program"))["features"]["transfers"] is False


def test_a_young_account_waits(app, client, cast):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, transfers={"account_days_min": 1})
        give(tx, cast.ben.id, 50, NOW)
    body = {"amount": 5, "phone": ANA_PHONE}
    assert code_of(post(client, cast, "transfers", body)) == (403, "transfer_too_early")


def test_a_transfer_needs_a_key_and_a_member(offered, client, cast):
    body = {"amount": 5, "phone": ANA_PHONE}
    as_ben = bearer(cast.ben_tokens.access_token)
    answer = client.post("/v1/me/transfers", json=body, headers=as_ben)
    assert code_of(answer) == (400, "idempotency_key_required")
    for headers, code in (({}, "token_missing"), (cast.as_shop, "token_invalid")):
        answer = client.post("/v1/me/transfers", json=body, headers=headers)
        assert code_of(answer) == (401, code)
