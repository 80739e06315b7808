"""The catalogue and the vouchers in the app: what can be had, taking it, showing it, undoing it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.db import transaction
from server.core.idempotency import RECORD
from server.gamification.vouchers.ending import lapse_vouchers
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.redeeming import Reason, issue
from tests.builders.members import NOW, VAULT, bearer
from tests.builders.purchases import give
from tests.builders.rewards import EVA, donation, gift_card, mug, offer
from tests.builders.tills import Till, code_of, good


class Phone:
    """Ben's phone."""

    def __init__(self, client, headers):
        self.client, self.headers, self.count = client, headers, 0

    def get(self, path, language="en"):
        headers = self.headers | {"Accept-Language": language}
        return self.client.get(f"/v1/me/{path}", headers=headers)

    def post(self, path, key=None):
        self.count += 1
        headers = self.headers | {"Idempotency-Key": key or f"tap-{self.count}"}
        return self.client.post(f"/v1/me/{path}", json={}, headers=headers)


@pytest.fixture
def phone(books, client, cast):
    """Ben has a hundred points and a phone."""
    with books.app_context(), transaction() as tx:
        give(tx, cast.ben.id, 100)
    return Phone(client, bearer(cast.ben_tokens.access_token))


def publish(app, key="coffee", **changes):
    with app.app_context(), transaction() as tx:
        return offer(tx, key, **changes)


def taken(phone, reward):
    return good(phone.post(f"rewards/{reward}/redemptions"), 201)


def test_what_can_be_had_comes_first_and_says_what_is_missing(books, phone):
    publish(books, "dear", price={"points": 120})
    publish(books, "far", price={"points": 1000})
    publish(books, "gold", tiers=["gold"])
    publish(books, "gone", stock=0)
    publish(books, "coffee", category="drinks", limit={"total": 1})
    publish(books, "gift", gift_only=True, price=None)
    publish(books, "later", visible={"from": "2027-01-01T00:00:00Z"})
    items = good(phone.get("rewards"))["items"]
    told = [(one["key"], one["state"], one["missing"], one["text"]) for one in items]
    assert told == [
        ("coffee", "affordable", 0, "You have enough for this"),
        ("dear", "almost", 20, "20 points to go"),
        ("far", "saving", 900, "900 points to go"),
        ("gold", "locked", 0, "For Gold"),
        ("gone", "sold_out", 0, "Sold out"),
    ]
    assert [one["key"] for one in good(phone.get("rewards?category=drinks"))["items"]] == ["coffee"]
    assert [one["key"] for one in good(phone.get("rewards?filter=locked"))["items"]] == ["gold"]


def test_a_reward_in_full(books, phone):
    reward = publish(books, stock=3, limit={"total": 2}, texts={"en": "Any size."})
    assert good(phone.get(f"rewards/{reward}", "et")) == {
        "id": reward,
        "key": "coffee",
        "title": "Tasuta kohv",
        "description": "Any size.",
        "category": None,
        "is_featured": False,
        "image": None,
        "value": {
            "kind": "free_item",
            "percent_bp": None,
            "amount": None,
            "skus": ["COFFEE"],
            "cause": None,
        },
        "price": {"amount": 30, "unit": "points", "text": "30 punkti"},
        "prices": [{"amount": 30, "unit": "points", "text": "30 punkti"}],
        "money": None,
        "state": "affordable",
        "missing": 0,
        "text": "Sul jätkub selleks",
        "stock": {"state": "low", "text": "Vähe alles"},
        "limit": {
            "per_member": 2,
            "used": 0,
            "per_period": None,
            "used_in_period": 0,
            "period": "month",
        },
        "tier_required": None,
        "valid_until": None,
        "fulfilment": "in_store_code",
        "on_expiry": "points_returned",
        "is_wished": False,
        "actions": [{"kind": "redeem", "label": "Võta välja", "enabled": True, "reason": None}],
    }


def test_the_catalogue_is_walked_page_by_page(books, phone):
    for number in range(5):
        publish(books, f"reward-{number}", price={"points": 10 + number})
    first = good(phone.get("rewards?limit=3"))
    second = good(phone.get(f"rewards?limit=3&cursor={first['next_cursor']}"))
    keys = [one["key"] for page in (first, second) for one in page["items"]]
    assert keys == [f"reward-{number}" for number in range(5)]
    assert second["next_cursor"] is None
    assert code_of(phone.get("rewards?cursor=x")) == (400, "cursor_invalid")


def test_taking_a_reward_makes_a_voucher_with_a_code(books, phone):
    answer = taken(phone, publish(books))
    voucher = answer["voucher"]
    assert (voucher["state"], voucher["cancellable"]) == ("active", True)
    assert voucher["instructions"] == "Show this at the till."
    assert voucher["qr"]["payload"] == "L1V." + voucher["code"].replace("-", "")
    assert voucher["qr"]["svg"].startswith("<svg")
    balance = answer["updates"]["balances"][0]
    assert (balance["amount"], balance["reserved"]) == (70, 30)
    assert good(phone.get(f"vouchers/{voucher['id']}")) == voucher


def test_a_tap_that_is_repeated_has_one_effect_and_its_code_is_stored_sealed(books, phone):
    reward = publish(books)
    answers = [phone.post(f"rewards/{reward}/redemptions", "once") for _ in range(3)]
    assert len({answer.data for answer in answers}) == 1
    code = answers[0].get_json()["voucher"]["code"]
    with books.app_context(), transaction() as tx:
        bodies = tx.execute(select(RECORD.c.body)).scalars().all()
    assert not [body for body in bodies if code in body]
    assert len(good(phone.get("vouchers"))["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"stock": 0}, 409, "reward_sold_out"),
        ({"tiers": ["gold"]}, 403, "tier_too_low"),
        ({"price": {"points": 101}}, 409, "balance_insufficient"),
        ({"gift_only": True, "price": None}, 403, "not_eligible"),
    ],
)
def test_what_cannot_be_had_is_refused_and_nothing_moves(books, phone, changes, status, code):
    reward = publish(books, **changes)
    assert code_of(phone.post(f"rewards/{reward}/redemptions")) == (status, code)
    assert good(phone.get("vouchers"))["items"] == []
    assert good(phone.get("balances"))["items"][0]["amount"] == 100


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This is for members of another tier: Gold."),
        ("ru", "Это для участников другого уровня: Золото."),
        ("et", "See on teise taseme liikmetele: Kuld."),
    ],
)
def test_whoever_is_in_another_tier_is_told_which_one(books, client, cast, language, sentence):
    reward = publish(books, tiers=["gold"])
    headers = cast.as_ana | {"Idempotency-Key": "one", "Accept-Language": language}
    answer = client.post(f"/v1/me/rewards/{reward}/redemptions", json={}, headers=headers)
    assert answer.get_json()["user_message"] == sentence


@pytest.mark.parametrize(
    ("language", "cause", "thanks", "back"),
    [
        ("en", "The shelter", "Thank you for giving.", "It was given back."),
        ("ru", "Приют", "Спасибо за пожертвование.", "Возвращено."),
        ("et", "Varjupaik", "Täname annetuse eest.", "See on tagastatud."),
    ],
)
def test_what_is_over_says_so_in_the_members_language(books, phone, language, cause, thanks, back):
    causes = {"causes": {"en": "The shelter", "ru": "Приют", "et": "Varjupaik"}}
    given = taken(phone, publish(books, "shelter", settings=donation(value=causes)))["voucher"]
    coffee = taken(phone, publish(books))["voucher"]
    phone.post(f"vouchers/{coffee['id']}/cancellation")
    shown = [good(phone.get(f"vouchers/{one['id']}", language)) for one in (given, coffee)]
    assert [one["on_expiry_text"] for one in shown] == [thanks, back]
    assert shown[0]["value"]["cause"] == cause
    assert shown[1]["instructions"] is None


def test_the_limit_is_shown_and_kept(books, phone):
    reward = publish(books, limit={"total": 1})
    taken(phone, reward)
    assert code_of(phone.post(f"rewards/{reward}/redemptions")) == (409, "reward_limit_reached")
    shown = good(phone.get(f"rewards/{reward}"))
    assert (shown["state"], shown["limit"]["used"]) == ("not_eligible", 1)
    assert shown["text"] == "You have had it already"


def test_a_voucher_given_back_returns_its_points_and_shows_no_code(books, phone):
    voucher = taken(phone, publish(books, stock=1))["voucher"]
    answer = good(phone.post(f"vouchers/{voucher['id']}/cancellation"))
    assert answer["updates"]["balances"][0]["amount"] == 100
    assert (answer["voucher"]["state"], answer["voucher"]["code"]) == ("cancelled", None)
    assert good(phone.get("vouchers?state=cancelled"))["items"][0]["id"] == voucher["id"]
    assert good(phone.get("vouchers?state=active"))["items"] == []


def test_a_voucher_past_its_time_is_shown_as_over_before_anybody_noted_it(books, phone, clock_at):
    voucher = taken(phone, publish(books, validity={"minutes": 15}))["voucher"]
    clock_at.tick(timedelta(minutes=15))
    shown = good(phone.get(f"vouchers/{voucher['id']}"))
    assert (shown["state"], shown["code"], shown["cancellable"]) == ("expired", None, False)
    with books.app_context(), transaction() as tx:
        assert lapse_vouchers(tx, clock_at.instant, 10) == 1
    assert good(phone.get("balances"))["items"][0]["amount"] == 100


def test_a_gift_and_a_donation_in_the_list(books, phone, cast):
    publish(books, "gift", gift_only=True, price=None)
    with books.app_context(), transaction() as tx:
        issue(tx, cast.ben.id, "gift", Reason("badge", "bdg_1", EVA), NOW)
    donated = taken(phone, publish(books, "shelter", settings=donation()))["voucher"]
    taken(phone, publish(books, "mug", settings=mug()))
    items = {one["id"]: one for one in good(phone.get("vouchers"))["items"]}
    assert [one["on_expiry"] for one in items.values()].count("points_returned") == 1
    assert (items[donated["id"]]["state"], donated["code"]) == ("used", None)
    assert sorted(one["fulfilment"] or "" for one in items.values()) == ["", "", "ordered"]


def test_wishes_are_kept_once_and_forgotten(books, phone, client):
    reward = publish(books)
    address = f"/v1/me/rewards/{reward}/wish"
    for _ in range(2):
        assert client.put(address, headers=phone.headers).status_code == 204
    assert [one["id"] for one in good(phone.get("rewards?filter=wished"))["items"]] == [reward]
    assert client.delete(address, headers=phone.headers).status_code == 204
    assert good(phone.get("rewards?filter=wished"))["items"] == []
    missing = client.put("/v1/me/rewards/rwd_none/wish", headers=phone.headers)
    assert code_of(missing) == (404, "not_found")


def test_nobody_sees_or_gives_back_the_voucher_of_another(books, phone, client, cast):
    voucher = taken(phone, publish(books))["voucher"]
    other = Phone(client, cast.as_ana)
    assert code_of(other.get(f"vouchers/{voucher['id']}")) == (404, "not_found")
    assert code_of(other.post(f"vouchers/{voucher['id']}/cancellation")) == (404, "not_found")
    assert good(other.get("vouchers"))["items"] == []


def test_a_till_uses_what_the_phone_shows(books, phone, client, cast):
    voucher = taken(phone, publish(books))["voucher"]
    till = Till(client, cast.as_dan)
    good(till.post(f"/vouchers/{voucher['qr']['payload']}/redemption"))
    shown = good(phone.get(f"vouchers/{voucher['id']}"))
    assert (shown["state"], shown["code"]) == ("used", None)
    assert shown["location_id"].startswith("loc_")


def test_the_code_of_a_partner_is_shown_as_it_was_uploaded(books, phone):
    reward = publish(books, "card", settings=gift_card())
    with books.app_context(), transaction() as tx:
        upload_codes(tx, VAULT, "card", ["Gift-oil-7 x"], EVA, NOW)
    voucher = taken(phone, reward)["voucher"]
    assert (voucher["code"], voucher["qr"]["payload"]) == ("Gift-oil-7 x", "Gift-oil-7 x")
    assert voucher["qr"]["svg"].startswith("<svg")
