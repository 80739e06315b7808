"""What points bought at once, in the history: freezes, codes of others; names of events."""

import pytest

from server.core.db import transaction
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.definitions.service import install
from server.gamification.vouchers.pool import upload_codes
from tests.api.mobile.test_events import CHECK_IN
from tests.builders.members import NOW, VAULT
from tests.builders.playing import EVA, open_streak
from tests.builders.purchases import add_rule, give
from tests.builders.rewards import gift_card, offer
from tests.builders.tills import good


@pytest.fixture
def ana(books, client, cast):
    """Ana has a thousand points and an app that posts and reads."""
    with books.app_context(), transaction() as tx:
        give(tx, cast.ana.id, 1000, NOW)

    def ask(path, language="en", **body):
        headers = cast.as_ana | {"Accept-Language": language, "Idempotency-Key": path}
        if not body:
            return good(client.get(f"/v1/me/{path}", headers=headers))
        posted = client.post(f"/v1/me/{path}", json=body.get("json"), headers=headers)
        return good(posted, body.get("status", 201))

    return ask


def told(ana, language="en"):
    """What the newest entry says, and its reasons."""
    entry = ana("activity", language)["items"][0]
    reasons = [one["text"] for one in ana(f"activity/{entry['id']}", language)["effects"]]
    return entry["kind"], entry["title"], entry["points_spent"], entry["text"], reasons


def test_a_freeze_that_was_bought_is_told(books, ana):
    with books.app_context(), transaction() as tx:
        streak = open_streak(tx, "day", freezes={"start": 0, "most": 1, "price_points": 30})
    ana(f"streaks/{streak.id}/freezes", json={})
    kind, _, spent, text, reasons = told(ana)
    assert (kind, spent, text) == ("streak_freeze", 30, "-30 points")
    assert reasons == ["A freeze: it saves the streak once."]
    assert told(ana, "ru")[4] == ["Заморозка: один раз сохранит серию."]


def test_the_code_of_another_shop_is_told_when_it_is_paid(books, ana):
    with books.app_context(), transaction() as tx:
        card = offer(tx, "card", settings=gift_card())
        upload_codes(tx, VAULT, "card", ["GIFT-1"], EVA, NOW)
    voucher = ana(f"rewards/{card}/redemptions", json={})["voucher"]
    assert voucher["instructions"] == "Use this code at the partner's."
    kind, _, spent, _, reasons = told(ana)
    assert (kind, reasons) == ("voucher", ["The code is among your vouchers."])
    assert spent == voucher["prices"][0]["amount"]


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Check-in"), ("ru", "Отметка"), ("et", "Kohalolek")]
)
def test_an_event_is_called_as_its_type(books, ana, language, title):
    with books.app_context(), transaction() as tx:
        install(tx, ACTIVITY_TYPES, "check_in", CHECK_IN, EVA, NOW)
    event = {"id": "a", "type": "check_in", "data": {"mood": "sunny"}}
    ana("events", json={"events": [event]}, status=200)
    assert told(ana, language)[:2] == ("check_in", title)


def test_a_sum_that_was_limited_says_so(books, ana, till, cast):
    with books.app_context(), transaction() as tx:
        add_rule(tx, "item", 9, skus=["MUG"], points_per_purchase_max=4)
    line = {"sku": "MUG", "amount": {"amount_minor": 3000, "currency": "EUR"}}
    till.buy(cast.ana, 3000, lines=[line])
    newest = ana("activity")["items"][0]
    applied = ana(f"activity/{newest['id']}")["applied"]
    told_of = {one["points"]: one["text"] for one in applied}
    assert told_of[4] == "1 pieces at 9 points, ×1; not more than 4 points"
