"""Quotes: exactly what the purchase would bring, and nothing of it happens."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from tests.builders.purchases import add_rule
from tests.builders.tills import good, item, money, points_of, receipt
from tests.fixtures.tables import rows_of

NBSP = "\u00a0"
WORDS = {
    "en": ("+2 points", "Bronze: 5% off, €1.29 less", "You earned 2 points", "Bronze"),
    "ru": (
        "+2 балла",
        f"Бронза: скидка 5 %, на 1,29{NBSP}€ меньше",
        "Вы получили 2 балла",
        "Бронза",
    ),
    "et": ("+2 punkti", f"Pronks: 5% soodsam, 1,29{NBSP}€ vähem", "Kogusid 2 punkti", "Pronks"),
}
NOTHING = {"points": None, "discount": None, "tier": None}


def ask(till, member, minor, **fields):
    return good(till.post("/quotes", {"member_id": member.id, "total": money(minor)} | fields))


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_a_quote_tells_points_discount_and_tier(app, till, cast, language):
    before = rows_of(app)
    quote = ask(till.speaking(language), cast.ben, 2599)
    award, discount, line, tier = WORDS[language]
    assert quote["points"] == 2
    points = {"amount": 2, "unit": "points", "pending": False}
    dates = {"available_at": "2026-11-22T14:30:00Z", "expires_at": "2027-11-30T22:00:00Z"}
    part = {"amount_minor": 129, "currency": "EUR", "line": None}
    assert quote["effects"] == [
        NOTHING | {"kind": "points_awarded", "text": award, "points": points | dates},
        NOTHING | {"kind": "discount", "text": discount, "discount": part},
    ]
    assert quote["receipt_lines"] == [line]
    assert (quote["tier"]["name"], quote["tier"]["next"]["progress"]["current"]) == (tier, 0)
    assert (quote["spendable"], quote["not_applied"]) == (0, [])
    assert rows_of(app) == before


def test_a_quote_foretells_the_purchase_to_the_point(app, till, cast):
    with app.app_context(), transaction() as tx:
        add_rule(tx, "visit", 5)
        add_rule(tx, "item", 4, skus=["MUG"], points_per_period_max=6)
    lines = [item(900, 2, sku="MUG"), item(499_100)]
    for _ in range(3):
        quote = ask(till, cast.ben, 500_000, lines=lines)
        bought = till.buy(cast.ben, quote["total"]["amount_minor"], lines=lines)
        discount = [effect for effect in quote["effects"] if effect["kind"] == "discount"]
        assert quote["effects"] == bought["effects"] + discount
        assert quote["not_applied"] == bought["not_applied"]


def test_a_quote_says_what_can_be_spent_now(till, shop, cast, clock_at):
    till.buy(cast.ben, 10_000)
    shop.hold(cast.ben, 4)
    assert ask(till, cast.ben, 100)["spendable"] == 6
    clock_at.tick(timedelta(days=373))  # 30 November 2027
    assert ask(till, cast.ben, 100)["spendable"] == 6
    clock_at.tick(timedelta(days=1))
    assert ask(till, cast.ben, 100)["spendable"] == 0


def test_the_discount_of_a_tier_is_rounded_down(till, cast):
    till.buy(cast.ben, 2_000_000)
    (discount,) = (e for e in ask(till, cast.ben, 333)["effects"] if e["kind"] == "discount")
    assert discount["discount"]["amount_minor"] == 49  # 15 % of 3.33
    assert points_of(till.buy(cast.ben, 0)) == 2000


def test_a_quote_understands_the_body_of_a_purchase(till, cast):
    assert till.post("/quotes", receipt(cast.ben, 100)).status_code == 200


def test_a_discount_that_is_off_already_is_not_taken_again(till, cast):
    first = ask(till, cast.ben, 84_000)
    assert (first["total"]["amount_minor"], first["points"]) == (79_800, 79)
    again = ask(till, cast.ben, 79_800, tier_discount_included=True)
    assert (again["total"]["amount_minor"], again["points"]) == (79_800, 79)
    assert [effect["kind"] for effect in again["effects"]] == ["points_awarded"]
