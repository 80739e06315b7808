"""The history: newest first, page by page, and the reasons behind every purchase."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from tests.builders.members import NOW, bearer
from tests.builders.purchases import add_rule
from tests.builders.tills import code_of, good, id_of, item, money, receipt

NBSP = "\u00a0"


@pytest.fixture
def history(client, cast):
    """Read a page of Ben's history."""
    headers = bearer(cast.ben_tokens.access_token)

    def read(query="", language="en"):
        address = f"/v1/me/activity{query}"
        return client.get(address, headers=headers | {"Accept-Language": language})

    return read


def post_many(till, member, times):
    """Record purchases at these minutes before NOW, many at the same instant."""
    rows = [
        receipt(member, 1000, occurred_at=(NOW - timedelta(minutes=m)).isoformat()) for m in times
    ]
    answer = good(till.post("/transaction-batches", {"transactions": rows}))
    return [id_of(row["result"]) for row in answer["results"]]


def walk(history, limit):
    """Every page until the end."""
    pages, query = [], f"?limit={limit}"
    while query:
        page = good(history(query))
        pages.append([one["id"] for one in page["items"]])
        cursor = page["next_cursor"]
        query = f"?limit={limit}&cursor={cursor}" if cursor else ""
    return pages


@pytest.mark.parametrize("limit", [20, 19, 100, 95, 1])
def test_ninety_five_activities_are_walked_without_gap_or_repeat(till, cast, history, limit):
    total = 95 if limit > 1 else 7
    ids = post_many(till, cast.ben, [n // 10 for n in range(total)])
    post_many(till, cast.ana, [0, 1, 2])
    pages = walk(history, limit)
    seen = [one for page in pages for one in page]
    assert len(pages) == -(-total // limit)
    assert len(seen) == total
    assert sorted(seen) == sorted(ids)
    at = {one: n // 10 for n, one in enumerate(ids)}
    assert seen == sorted(seen, key=lambda one: (-at[one], one), reverse=True)


def test_a_purchase_that_arrives_meanwhile_does_not_shift_the_pages(till, cast, history):
    post_many(till, cast.ben, range(10))
    first = good(history("?limit=5"))
    (late,) = post_many(till, cast.ben, [0])
    second = good(history(f"?limit=5&cursor={first['next_cursor']}"))
    ids = [one["id"] for page in (first, second) for one in page["items"]]
    assert len(set(ids)) == 10
    assert late not in ids
    assert second["next_cursor"] is None


def test_an_empty_history_is_one_empty_page(history):
    assert good(history()) == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("cursor", ["x", "%00", "AAAA", "ä", "x" * 400])
def test_an_invented_cursor_is_refused(history, cursor):
    answer = history(f"?cursor={cursor}")
    assert answer.status_code in {400, 422}
    assert answer.get_json()["code"] in {"cursor_invalid", "validation_failed"}


def test_a_cursor_is_of_one_member(client, till, cast, history):
    post_many(till, cast.ben, range(3))
    cursor = good(history("?limit=2"))["next_cursor"]
    answer = client.get(f"/v1/me/activity?cursor={cursor}", headers=cast.as_ana)
    assert code_of(answer) == (400, "cursor_invalid")
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    assert code_of(history(f"?cursor={changed}")) == (400, "cursor_invalid")


@pytest.mark.parametrize("limit", ["0", "101", "x", "1.5", "-1", ""])
def test_an_impossible_limit_is_refused(history, limit):
    answer = history(f"?limit={limit}")
    assert code_of(answer) == (422, "validation_failed")
    assert answer.get_json()["errors"][0]["pointer"] == "/limit"


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        ("en", "Purchase, partly returned", "+421 points"),
        ("ru", "Покупка, возвращена частично", "+421 балл"),
        ("et", "Ost, osaliselt tagastatud", "+421 punkti"),
    ],
)
def test_an_item_of_the_history(till, cast, history, language, title, text):
    bought = till.buy(cast.ben, 521_000)
    till.give_back(bought, 100_000)
    here = till.get("/devices/self").get_json()["location"]["id"]
    assert good(history("", language)) == {
        "items": [
            {
                "id": id_of(bought),
                "kind": "purchase",
                "state": "partly_returned",
                "title": title,
                "occurred_at": "2026-11-22T14:30:00Z",
                "location_id": here,
                "total": money(521_000),
                "points": 421,
                "points_spent": 0,
                "text": text,
            }
        ],
        "next_cursor": None,
    }


SUMS = {
    "en": (
        "€30.00 at 1 point for each €10.00, ×1",
        "2 pieces at 2 points, ×1",
        "5 points for a visit, ×1",
        "Nothing in the basket belongs to it.",
        "Welcome to Silver",
    ),
    "ru": (
        f"30,00{NBSP}€: 1 балл за каждые 10,00{NBSP}€, ×1",
        "2 шт., за каждую 2 балла, ×1",
        "5 баллов за визит, ×1",
        "В корзине нет подходящих товаров.",
        "Добро пожаловать на уровень «Серебро»",
    ),
    "et": (
        f"30,00{NBSP}€: 1 punkt iga 10,00{NBSP}€ eest, ×1",
        "2 tk, igaüks 2 punkti, ×1",
        "5 punkti külastuse eest, ×1",
        "Ostukorvis pole sobivaid tooteid.",
        "Tere tulemast tasemele Hõbe",
    ),
}


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_a_purchase_is_explained_rule_by_rule(app, till, cast, history, language):
    with app.app_context(), transaction() as tx:
        add_rule(tx, "item", 2, skus=["MUG"])
        add_rule(tx, "visit", 5)
        add_rule(tx, "amount", 9, per_minor=100, categories=["wine"])
    bought = till.buy(cast.ben, 3000, lines=[item(1000, 2, sku="MUG"), item(2000)])
    back = till.give_back(bought, 1000)
    amount, pieces, visit, missing, _ = SUMS[language]
    found = good(history(f"/{id_of(bought)}", language))
    assert sorted((one["points"], one["text"]) for one in found["applied"]) == [
        (3, amount),
        (4, pieces),
        (5, visit),
    ]
    assert [(one["reason"], one["text"]) for one in found["not_applied"]] == [
        ("no_matching_items", missing)
    ]
    assert found["returns"] == [
        {
            "id": back["return"]["id"],
            "returned_at": "2026-11-22T14:30:00Z",
            "amount": money(1000),
            "points_taken": back["points_taken"],
            "points_restored": 0,
            "text": None,
        }
    ]
    assert found["points"] == 12 - back["points_taken"]


PAID = {
    "en": ("Paid with points", "-3 points", "3 points spent"),
    "ru": ("Оплата баллами", "−3 балла", "Потрачено 3 балла"),
    "et": ("Punktidega makstud", "−3 punkti", "Kulutatud 3 punkti"),
}


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_points_spent_without_a_purchase_are_in_the_history(
    till, shop, cast, history, clock_at, language
):
    till.buy(cast.ben, 10_000)
    clock_at.tick(timedelta(minutes=1))
    held = shop.hold(cast.ben, 8)
    good(till.post(f"/redemptions/{held}/capture", {"points": 3}))
    spent, bought = good(history("", language))["items"]
    title, text, effect = PAID[language]
    assert (bought["kind"], bought["points"]) == ("purchase", 10)
    assert spent | {"id": "", "location_id": ""} == {
        "id": "",
        "kind": "redemption",
        "state": "settled",
        "title": title,
        "occurred_at": "2026-11-22T14:31:00Z",
        "location_id": "",
        "total": None,
        "points": 0,
        "points_spent": 3,
        "text": text,
    }
    assert spent["location_id"] == bought["location_id"]
    why = good(history(f"/{spent['id']}", language))
    assert [(one["kind"], one["text"]) for one in why["effects"]] == [("points_spent", effect)]
    assert why["effects"][0]["discount"] == money(300) | {"line": None}
    assert (why["applied"], why["not_applied"], why["returns"]) == ([], [], [])


def test_a_redemption_is_no_purchase_and_cannot_be_returned(till, shop, cast, history):
    till.buy(cast.ben, 10_000)
    good(shop.post(f"/redemptions/{shop.hold(cast.ben, 2)}/capture"))
    (spent,) = [one for one in good(history())["items"] if one["kind"] == "redemption"]
    assert code_of(shop.get(f"/transactions/{spent['id']}")) == (404, "not_found")
    path = f"/transactions/{spent['id']}/cancellation"
    assert code_of(shop.post(path)) == (404, "not_found")


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_a_new_tier_is_in_the_history(till, cast, history, language):
    bought = till.buy(cast.ben, 500_000)
    effects = good(history(f"/{id_of(bought)}", language))["effects"]
    assert [effect["kind"] for effect in effects] == ["points_awarded", "tier_changed"]
    assert effects[1]["text"] == SUMS[language][4]


def test_many_returns_are_listed_in_their_order(till, cast, history, clock_at):
    bought = till.buy(cast.ben, 5000)
    ids = []
    for _ in range(4):
        ids.append(till.give_back(bought, 1000)["return"]["id"])
        clock_at.tick(timedelta(seconds=1))
    found = good(history(f"/{id_of(bought)}"))
    assert [one["id"] for one in found["returns"]] == ids
    assert (found["points"], found["state"]) == (1, "partly_returned")
