"""Confirming a purchase, for example when it was delivered."""

from datetime import timedelta

import pytest

from server.jobs import overdue
from tests.builders.members import bearer
from tests.builders.tills import code_of, good, id_of, receipt

NBSP = "\u00a0"
WORDS = {
    "en": ("Purchase, not confirmed yet", "+10 points (when confirmed)"),
    "ru": ("Покупка, ещё не подтверждена", "+10 баллов (после подтверждения)"),
    "et": ("Ost, veel kinnitamata", "+10 punkti (pärast kinnitamist)"),
}


@pytest.fixture
def detail(client, cast):
    """Read one of Ben's activities."""
    headers = bearer(cast.ben_tokens.access_token)

    def read(activity_id, language="en"):
        address = f"/v1/me/activity/{activity_id}"
        return good(client.get(address, headers=headers | {"Accept-Language": language}))

    return read


def order(till, cast):
    return till.post("/transactions", receipt(cast.ben, 100_00, awaits_confirmation=True))


def confirm(till, bought, **headers):
    return till.post(f"/transactions/{id_of(bought)}/confirmation", {}, **headers)


def balance(answer):
    (points,) = good(answer)["updates"]["balances"]
    return points["amount"], points["pending"]


def test_an_order_is_pending_until_it_is_confirmed(shop, cast):
    bought = good(order(shop, cast), 201)
    assert bought["transaction"]["state"] == "pending"
    points = bought["effects"][0]["points"]
    assert (points["amount"], points["pending"], points["available_at"]) == (10, True, None)
    answer = confirm(shop, bought)
    assert (answer.status_code, balance(answer)) == (200, (10, 0))
    again = good(confirm(shop, bought))
    assert (again["transaction"]["state"], again["transaction"]["duplicate"]) == ("settled", True)
    assert balance(confirm(shop, bought)) == (10, 0)


@pytest.mark.parametrize("language", WORDS)
def test_the_member_reads_what_the_points_wait_for(shop, cast, detail, language):
    bought = good(order(shop, cast), 201)
    found = detail(id_of(bought), language)
    assert (found["title"], found["effects"][0]["text"]) == WORDS[language]
    confirm(shop, bought)
    assert detail(id_of(bought))["effects"][0]["text"] == "+10 points"


def test_the_member_reads_why_an_order_was_cancelled(shop, cast, detail, books, clock_at):
    bought = good(order(shop, cast), 201)
    clock_at.tick(timedelta(days=31))
    late = confirm(shop, bought)
    assert code_of(late) == (409, "confirmation_late")
    with books.app_context():
        assert overdue.cancel_unconfirmed(now=clock_at.instant) == 1
        assert overdue.cancel_unconfirmed(now=clock_at.instant) == 0
    clock_at.tick(timedelta(days=-31))
    found = detail(id_of(bought))
    assert (found["state"], found["points"]) == ("cancelled", 0)
    assert [back["text"] for back in found["returns"]] == ["It was not confirmed in time."]


def test_what_cannot_be_confirmed_is_refused(shop, cast):
    plain = good(shop.post("/transactions", receipt(cast.ben, 100_00)), 201)
    assert code_of(confirm(shop, plain)) == (409, "confirmation_not_awaited")
    back = good(order(shop, cast), 201)
    cancelled = good(shop.post(f"/transactions/{id_of(back)}/cancellation", {}), 201)
    assert cancelled["points_taken"] == 10
    assert code_of(confirm(shop, back)) == (409, "transaction_closed")
    unknown = shop.post("/transactions/act_none/confirmation", {})
    assert code_of(unknown) == (404, "not_found")
