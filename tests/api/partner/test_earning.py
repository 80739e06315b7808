"""What purchases earn by rules of every kind, and why they sometimes do not."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from tests.builders.members import NOW
from tests.builders.purchases import add_rule, change_settings
from tests.builders.tills import good, id_of, item, money, points_of

BASE = "1 point for each 10"


def publish(app, kind, points, **conditions):
    with app.app_context(), transaction() as tx:
        return add_rule(tx, kind, points, **conditions)


def settle_on(app, **settings):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, **settings)


def applied_to(till, bought):
    found = good(till.get(f"/transactions/{id_of(bought)}"))
    return {one["name"]: (one["points"], one["text"]) for one in found["applied"]}


def reasons_in(bought):
    return {one["name"]: (one["reason"], one["text"]) for one in bought["not_applied"]}


def test_points_for_a_category_come_on_top(app, till, cast):
    publish(app, "amount", 3, per_minor=500, categories=["coffee"])
    lines = [item(780, 2, category="coffee"), item(2220, category="cake")]
    bought = till.buy(cast.ben, 3000, lines=lines)
    assert points_of(bought) == 3 + 4  # 7.80 at 3 for each 5.00 is 4.68
    assert applied_to(till, bought) == {
        BASE: (3, "€30.00 at 1 point for each €10.00, ×1"),
        "amount": (4, "€7.80 at 3 points for each €5.00, ×1"),
    }
    none = till.buy(cast.ben, 1000, lines=[item(1000, category="cake")])
    assert reasons_in(none) == {
        "amount": ("no_matching_items", "Nothing in the basket belongs to it.")
    }


def test_points_for_pieces_of_an_article(app, till, cast):
    publish(app, "item", 2, skus=["MUG"])
    bought = till.buy(cast.ben, 900, lines=[item(600, 3, sku="MUG"), item(300, 1, sku="TEA")])
    assert points_of(bought) == 6
    assert applied_to(till, bought) == {"item": (6, "3 pieces at 2 points, ×1")}


def test_what_is_excluded_earns_nothing(app, till, cast):
    publish(
        app, "amount", 1, per_minor=100, excluded_categories=["tobacco"], excluded_skus=["GIFT"]
    )
    lines = [item(500, category="tobacco"), item(400, sku="GIFT"), item(99, category="tea")]
    assert points_of(till.buy(cast.ben, 999, lines=lines)) == 0
    more = [item(500, category="tobacco"), item(100, category="tea")]
    assert points_of(till.buy(cast.ben, 600, lines=more)) == 1


def test_the_first_purchase_of_a_day_is_a_visit(app, till, cast, clock_at):
    publish(app, "visit", 5)
    first = till.buy(cast.ben, 100)
    assert points_of(first) == 5
    assert applied_to(till, first) == {"visit": (5, "5 points for a visit, ×1")}
    again = till.buy(cast.ben, 100)
    assert points_of(again) == 5
    assert reasons_in(again)["visit"] == (
        "already_visited",
        "Today's visit was counted before.",
    )
    clock_at.tick(timedelta(hours=7, minutes=29))  # 23:59 in Tallinn
    assert points_of(till.buy(cast.ben, 100)) == 5
    clock_at.tick(timedelta(minutes=1))
    assert points_of(till.buy(cast.ben, 100)) == 10


def test_a_purchase_reported_late_is_no_visit_of_its_own(app, till, cast):
    publish(app, "visit", 5)
    till.buy(cast.ben, 100)
    late = till.buy(cast.ben, 100, occurred_at="2026-11-20T10:00:00Z")
    assert points_of(late) == 5


def test_a_minimum_is_told_with_its_amount(app, till, cast):
    publish(app, "visit", 50, minimum_minor=2500)
    small = till.speaking("ru").buy(cast.ben, 2499)
    assert reasons_in(small)["visit"] == (
        "below_minimum",
        "Покупка должна быть не меньше 25,00\u00a0€.",
    )
    assert points_of(till.buy(cast.ben, 2500)) == 2 + 2  # that day's visit is over


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2026-11-20T00:00:00Z", None),
        ("2026-11-19T23:59:59Z", "outside_schedule"),
        ("2026-11-21T23:59:59Z", None),
        ("2026-11-22T00:00:00Z", "outside_schedule"),
    ],
)
def test_a_rule_has_a_time_and_the_receipt_decides(app, till, cast, at, reason):
    times = {"starts_at": "2026-11-20T00:00:00+00:00", "ends_at": "2026-11-22T00:00:00+00:00"}
    publish(app, "item", 7, **times)
    bought = till.buy(cast.ben, 100, occurred_at=at)
    assert points_of(bought) == (0 if reason else 7)
    assert reasons_in(bought).get("item", (None,))[0] == reason


def test_a_rule_has_its_places(app, till, shop, cast):
    here = till.get("/devices/self").get_json()["location"]["id"]
    publish(app, "item", 7, location_ids=[here])
    assert points_of(till.buy(cast.ben, 100)) == 7
    online = shop.buy(cast.ben, 100)
    assert reasons_in(online)["item"][0] == "other_location"
    assert points_of(shop.buy(cast.ben, 100, location_id=here)) == 14


def test_a_cap_for_one_purchase_and_a_cap_for_the_day(app, till, cast, clock_at):
    publish(app, "item", 4, points_per_purchase_max=10, points_per_period_max=15)
    assert points_of(till.buy(cast.ben, 100, lines=[item(100, 3)])) == 10
    assert points_of(till.buy(cast.ben, 100, lines=[item(100, 3)])) == 15
    full = till.buy(cast.ben, 100)
    assert points_of(full) == 15
    assert reasons_in(full)["item"] == ("cap_reached", "The limit of this rule is reached.")
    assert points_of(till.buy(cast.ana, 100)) == 4
    clock_at.tick(timedelta(days=1))
    assert points_of(till.buy(cast.ben, 100)) == 19


def test_a_return_gives_the_cap_of_its_day_back(app, till, cast):
    publish(app, "item", 4, points_per_period_max=8)
    bought = till.buy(cast.ben, 100, lines=[item(100, 2)])
    assert points_of(bought) == 8
    assert till.give_back(bought)["points_taken"] == 8
    assert points_of(till.buy(cast.ben, 100, lines=[item(100, 2)])) == 8


def test_a_month_is_a_calendar_month_of_the_shop(app, till, cast, clock_at):
    publish(app, "item", 4, points_per_period_max=4, cap_period="month")
    assert points_of(till.buy(cast.ben, 100)) == 4
    clock_at.tick(timedelta(days=8, hours=7, minutes=29))  # 30 November, 23:59 in Tallinn
    assert points_of(till.buy(cast.ben, 100)) == 4
    clock_at.tick(timedelta(minutes=1))
    assert points_of(till.buy(cast.ben, 100)) == 8


@pytest.mark.parametrize(
    ("rounding", "points"), [("floor", (1, 1, 2)), ("half_up", (1, 2, 2)), ("ceil", (2, 2, 2))]
)
def test_fractions_are_rounded_once_by_the_policy(app, till, cast, rounding, points):
    settle_on(app, rounding=rounding)
    bought = [till.buy(cast.ben, minor) for minor in (1499, 1500, 2000)]
    assert tuple(one["effects"][0]["points"]["amount"] for one in bought) == points


def test_the_tax_earns_nothing_where_points_are_on_the_net_price(app, till, cast):
    settle_on(app, tax_basis="net")
    assert points_of(till.buy(cast.ben, 12_400, tax=money(2400))) == 10
    taxed = [item(6200, tax=money(1200)), item(6200, tax=money(1200))]
    assert points_of(till.buy(cast.ben, 12_400, lines=taxed)) == 20
    rest = till.buy(cast.ben, 12_400, tax=money(2400), lines=[item(6200, tax=money(1200))])
    assert points_of(rest) == 30
    assert points_of(till.buy(cast.ben, 5000, tax=money(5000))) == 30


def test_a_discount_on_the_bill_is_spread_over_the_lines(app, till, cast):
    publish(app, "amount", 1, per_minor=100, categories=["wine"])
    lines = [item(4000, category="wine"), item(6000, category="food")]
    bought = till.buy(cast.ben, 5000, lines=lines)
    assert applied_to(till, bought)["amount"] == (
        20,
        "€20.00 at 1 point for each €1.00, ×1",
    )
    assert points_of(bought) == 25


def test_a_better_tier_earns_more_from_the_next_purchase_on(till, cast):
    assert points_of(till.buy(cast.ben, 500_000)) == 500
    assert points_of(till.buy(cast.ben, 100_000)) == 500 + 150
    up = till.buy(cast.ben, 900_000)
    assert up["effects"][1]["tier"]["name"] == "Gold"
    assert points_of(up) == 650 + 1350
    assert points_of(till.buy(cast.ben, 100_000)) == 2000 + 200


def test_two_tiers_may_be_passed_in_one_step(till, cast):
    up = till.buy(cast.ben, 2_000_000)
    assert [effect["text"] for effect in up["effects"]] == ["+2,000 points", "Welcome to Gold"]
    assert up["updates"]["tier"]["next"] is None
    assert up["receipt_lines"] == ["You earned 2,000 points"]
