"""Posting purchases: the whole answer, reading them again, the same receipt twice."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.core.db import reading
from server.gamification.activities.models import ACTIVITY
from server.gamification.tiers.models import TIER
from tests.builders.tills import code_of, good, id_of, item, money, points_of, receipt
from tests.fixtures.tables import rows_of

NBSP = "\u00a0"
GIVEN = {
    "amount": 520,
    "unit": "points",
    "pending": False,
    "available_at": "2026-11-22T14:30:00Z",
    "expires_at": "2027-11-30T22:00:00Z",
}
WORDS = {
    "en": {
        "award": "+520 points",
        "welcome": "Welcome to Silver",
        "silver": "Silver",
        "receipt": "You earned 520 points",
        "next": "1,480 points to Gold",
        "gold": "Gold",
        "balance": "520 points",
        "unlocks": ["×2 points", "15% discount", "Birthday gift", "Personal manager"],
        "sum": "€5,200.00 at 1 point for each €10.00, ×1",
        "rule": "1 point for each 10",
    },
    "ru": {
        "award": "+520 баллов",
        "welcome": "Добро пожаловать на уровень «Серебро»",
        "silver": "Серебро",
        "receipt": "Вы получили 520 баллов",
        "next": f"1{NBSP}480 баллов до уровня «Золото»",
        "gold": "Золото",
        "balance": "520 баллов",
        "unlocks": ["Баллы ×2", "Скидка 15 %", "Подарок на день рождения", "Персональный менеджер"],
        "sum": f"5{NBSP}200,00{NBSP}€: 1 балл за каждые 10,00{NBSP}€, ×1",
        "rule": "1 балл за каждые 10",
    },
    "et": {
        "award": "+520 punkti",
        "welcome": "Tere tulemast tasemele Hõbe",
        "silver": "Hõbe",
        "receipt": "Kogusid 520 punkti",
        "next": f"1{NBSP}480 punkti tasemeni Kuld",
        "gold": "Kuld",
        "balance": "520 punkti",
        "unlocks": ["Punktid ×2", "Soodustus 15%", "Sünnipäevakink", "Isiklik kliendihaldur"],
        "sum": f"5{NBSP}200,00{NBSP}€: 1 punkt iga 10,00{NBSP}€ eest, ×1",
        "rule": "1 punkt iga 10 eest",
    },
}
UNLOCKED = ("earn_multiplier", "discount", "birthday_gift", "personal_manager")


def tier_ids(app):
    with app.app_context(), reading() as tx:
        return {row.key: row.id for row in tx.execute(select(TIER.c.key, TIER.c.id))}


def activities_in(app):
    with app.app_context(), reading() as tx:
        return tx.execute(select(func.count()).select_from(ACTIVITY)).scalar_one()


def effects_in(words, ids):
    silver = {"id": ids["silver"], "name": words["silver"]}
    nothing = {"points": None, "discount": None, "tier": None}
    return [
        nothing | {"kind": "points_awarded", "text": words["award"], "points": GIVEN},
        nothing | {"kind": "tier_changed", "text": words["welcome"], "tier": silver},
    ]


def silver_bar(words, ids):
    bar = {"current": 520, "target": 2000, "remaining": 1480, "pct": 26}
    titles = zip(UNLOCKED, words["unlocks"], strict=True)
    return {
        "status": "ok",
        "id": ids["silver"],
        "name": words["silver"],
        "rank": 1,
        "state": "active",
        "next": {
            "id": ids["gold"],
            "name": words["gold"],
            "by": None,
            "progress": bar | {"unit": "qualifying_points", "text": words["next"]},
            "unlocks": [{"kind": kind, "title": title} for kind, title in titles],
        },
        "keep": None,
    }


def transaction_of(cast, answer, minor=520_000):
    return {
        "id": id_of(answer),
        "duplicate": False,
        "state": "settled",
        "member_id": cast.ben.id,
        "occurred_at": "2026-11-22T14:30:00Z",
        "total": money(minor),
    }


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_a_purchase_says_what_it_gave_in_numbers_and_in_words(app, till, cast, language):
    answer = till.speaking(language).buy(cast.ben, 520_000)
    words, ids = WORDS[language], tier_ids(app)
    assert id_of(answer).startswith("act_")
    balance = {"unit": "points", "amount": 520, "pending": 0, "reserved": 0, "debt": 0}
    assert answer == {
        "transaction": transaction_of(cast, answer),
        "effects": effects_in(words, ids),
        "not_applied": [],
        "receipt_lines": [words["receipt"], words["next"]],
        "updates": {
            "balances": [balance | {"display": words["balance"]}],
            "tier": silver_bar(words, ids),
        },
    }


@pytest.mark.parametrize("language", ["en", "ru", "et"])
def test_a_purchase_is_found_by_id_and_by_receipt(app, till, cast, language):
    answer = till.buy(cast.ben, 520_000, external_id="A/17 №5")
    words, reader = WORDS[language], till.speaking(language)
    found = good(reader.get(f"/transactions/{id_of(answer)}"))
    rule_id = found["applied"][0]["rule_id"]
    assert rule_id.startswith("rul_")
    applied = {
        "rule_id": rule_id,
        "version": 1,
        "name": words["rule"],
        "points": 520,
        "unit": "points",
    }
    assert found == {
        "transaction": transaction_of(cast, answer),
        "points": 520,
        "points_taken_back": 0,
        "points_restored": 0,
        "effects": effects_in(words, tier_ids(app)),
        "applied": [applied | {"text": words["sum"]}],
        "not_applied": [],
    }
    assert good(reader.get("/transactions?external_id=A/17%20%E2%84%965")) == found


@pytest.mark.parametrize(
    ("points", "texts"),
    [
        (1, ("+1 point", "+1 балл", "+1 punkt")),
        (3, ("+3 points", "+3 балла", "+3 punkti")),
        (5, ("+5 points", "+5 баллов", "+5 punkti")),
        (21, ("+21 points", "+21 балл", "+21 punkti")),
        (112, ("+112 points", "+112 баллов", "+112 punkti")),
    ],
)
def test_points_are_counted_in_the_grammar_of_each_language(till, cast, points, texts):
    bought = till.buy(cast.ben, points * 1000)
    for language, text in zip(("en", "ru", "et"), texts, strict=True):
        found = good(till.speaking(language).get(f"/transactions/{id_of(bought)}"))
        assert found["effects"][0]["text"] == text


@pytest.mark.parametrize(
    ("sent", "used"), [("fr", "en"), ("et-EE,ru;q=0.8", "et"), ("fr,ru;q=0.5", "ru"), ("", "en")]
)
def test_the_language_is_negotiated_and_told(till, cast, sent, used):
    answer = till.speaking(sent).post("/transactions", receipt(cast.ben, 1000))
    assert answer.headers["Content-Language"] == used


def test_a_little_too_little_is_explained(till, cast):
    body = till.buy(cast.ben, 999)
    assert body["effects"] == []
    (why,) = body["not_applied"]
    assert (why["reason"], why["text"]) == ("too_little", "Too little for a whole point.")
    assert body["receipt_lines"] == ["500 points to Silver"]
    assert points_of(body) == 0


def test_the_same_receipt_with_a_new_key_has_the_first_outcome(app, till, cast, clock_at):
    sent = receipt(cast.ben, 520_000)
    first = good(till.post("/transactions", sent), 201)
    till.buy(cast.ben, 10_000)
    clock_at.tick(timedelta(days=40))
    second = good(till.post("/transactions", sent), 200)
    assert second["transaction"] == first["transaction"] | {"duplicate": True}
    assert second["effects"] == first["effects"]
    assert second["receipt_lines"] == first["receipt_lines"]
    assert points_of(second) == 535  # what she has now: 520 and 10.00 at one and a half each
    assert second["updates"]["tier"]["next"]["progress"]["current"] == 535
    assert activities_in(app) == 2


def test_a_receipt_sent_again_at_once_has_the_same_answer_but_for_one_word(till, cast):
    till.buy(cast.ben, 120_000)
    sent = receipt(cast.ben, 250_000)
    first = till.post("/transactions", sent)
    second = till.post("/transactions", sent)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.data == first.data.replace(b'"duplicate":false', b'"duplicate":true')
    assert len(good(second)["receipt_lines"]) == 2


@pytest.mark.parametrize(
    "other",
    [{"total": money(999)}, {"member_id": "ana"}],
    ids=["another amount", "another member"],
)
def test_the_same_receipt_with_other_content_is_refused(app, till, cast, other):
    sent = receipt(cast.ben, 5000)
    first = good(till.post("/transactions", sent), 201)
    if "member_id" in other:
        other = {"member_id": cast.ana.id}
    before = rows_of(app, but=("idempotency_record", "wallet"))
    refused = till.post("/transactions", sent | other)
    assert code_of(refused) == (409, "transaction_duplicate_mismatch")
    assert refused.get_json()["params"] == {"transaction_id": id_of(first)}
    assert rows_of(app, but=("idempotency_record", "wallet")) == before


def test_two_sources_number_their_receipts_apart(app, till, shop, cast):
    sent = receipt(cast.ben, 1000)
    ids = {
        id_of(good(caller.post("/transactions", body), 201))
        for caller, body in ((till, sent), (shop, sent), (shop, sent | {"source": "kiosk-7"}))
    }
    assert len(ids) == activities_in(app) == 3
    found = good(shop.get(f"/transactions?source=kiosk-7&external_id={sent['external_id']}"))
    assert found["transaction"]["id"] in ids


def test_the_till_buys_at_its_own_place_whatever_it_says(app, till, cast):
    bought = till.buy(cast.ben, 1000, location_id="loc_elsewhere")
    with app.app_context(), reading() as tx:
        place = tx.execute(select(ACTIVITY.c.location_id, ACTIVITY.c.source)).one()
    assert place.location_id == place.source
    assert place.location_id.startswith("loc_")
    assert id_of(bought).startswith("act_")


def test_lines_are_kept_and_what_they_do_not_cover_still_earns(till, cast):
    lines = [item(780, 2, sku="LATTE", category="coffee"), item(1500, sku="CAKE")]
    body = till.buy(cast.ben, 3000, lines=lines)
    assert points_of(body) == 3


def test_unknown_things_are_not_found(app, till, cast):
    before = rows_of(app, but=("idempotency_record",))
    assert code_of(till.get("/transactions/act_nothing")) == (404, "not_found")
    assert code_of(till.get("/transactions?external_id=none")) == (404, "not_found")
    refused = till.post("/transactions", receipt("mem_nobody", 1000))
    assert code_of(refused) == (404, "not_found")
    assert rows_of(app, but=("idempotency_record",)) == before
