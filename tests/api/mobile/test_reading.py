"""The first screen, balances, tier and programme: whole answers, in three languages."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.db import reading, transaction
from server.gamification.cards.service import block_card
from server.gamification.earning.models import EARN_RULE
from server.gamification.tiers.models import TIER
from tests.builders.members import NOW, bearer, number_of, sign_in
from tests.builders.tills import good, money

NBSP = "\u00a0"
LANGUAGES = ("en", "ru", "et")
NAMES = {
    "en": ("Bronze", "Silver", "Gold", "Platinum"),
    "ru": ("Бронза", "Серебро", "Золото", "Платина"),
    "et": ("Pronks", "Hõbe", "Kuld", "Plaatina"),
}
HOME = {
    "en": ("Good afternoon, Ben", "421 points", "79 points to Silver"),
    "ru": ("Добрый день, Ben", "421 балл", "79 баллов до уровня «Серебро»"),
    "et": ("Tere päevast, Ben", "421 punkti", "79 punkti tasemeni Hõbe"),
}
UNTIL = {
    "en": "421 points can be used until 30 November 2027",
    "ru": "421 балл можно использовать по 30 ноября 2027\u202fг. включительно",
    "et": "421 punkti kehtib kuni 30. november 2027 (kaasa arvatud)",
}
BENEFITS = {
    "en": {
        "discount": "{}% discount",
        "earn_multiplier": "×{} points",
        "free_delivery": "Free delivery",
        "birthday_gift": "Birthday gift",
        "personal_manager": "Personal manager",
    },
    "ru": {
        "discount": "Скидка {} %",
        "earn_multiplier": "Баллы ×{}",
        "free_delivery": "Бесплатная доставка",
        "birthday_gift": "Подарок на день рождения",
        "personal_manager": "Персональный менеджер",
    },
    "et": {
        "discount": "Soodustus {}%",
        "earn_multiplier": "Punktid ×{}",
        "free_delivery": "Tasuta kohaletoimetamine",
        "birthday_gift": "Sünnipäevakink",
        "personal_manager": "Isiklik kliendihaldur",
    },
}
RATES = {"en": "1.5", "ru": "1,5", "et": "1,5"}
THRESHOLDS = {
    "en": ("0 points", "500 points", "2,000 points", "By invitation"),
    "ru": ("0 баллов", "500 баллов", f"2{NBSP}000 баллов", "По приглашению"),
    "et": ("0 punkti", "500 punkti", f"2{NBSP}000 punkti", "Kutse alusel"),
}


def tier_ids(app):
    with app.app_context(), reading() as tx:
        return list(tx.execute(select(TIER.c.id).order_by(TIER.c.rank)).scalars())


def as_ben(cast, language="en", clock_at=None, app=None):
    token = cast.ben_tokens.access_token
    if clock_at is not None:
        with app.app_context(), transaction() as tx:
            token = sign_in(tx, cast.ben, now=clock_at.instant).access_token
    return bearer(token) | {"Accept-Language": language}


def benefits_in(language):
    """What each tier gives, in words."""
    words, extra = BENEFITS[language], ["free_delivery", "birthday_gift", "personal_manager"]

    def given(rate, percent, *others):
        found = [("earn_multiplier", rate)] if rate else []
        found += [("discount", percent)] + [(kind, "") for kind in others]
        return [{"kind": kind, "title": words[kind].format(value)} for kind, value in found]

    return [
        given(None, 5),
        given(RATES[language], 10, "free_delivery"),
        given(2, 15, *extra),
        given(3, 20, *extra),
    ]


def bar_in(language, ids):
    """The bar of a member with 421 points: bronze, on the way to silver."""
    names, benefits = NAMES[language], benefits_in(language)
    progress = {"current": 421, "target": 500, "remaining": 79, "pct": 84}
    return {
        "status": "ok",
        "id": ids[0],
        "name": names[0],
        "rank": 0,
        "state": "active",
        "next": {
            "id": ids[1],
            "name": names[1],
            "by": None,
            "progress": progress | {"unit": "qualifying_points", "text": HOME[language][2]},
            "unlocks": benefits[1],
        },
        "keep": None,
    }


def balance_in(language):
    return {
        "unit": "points",
        "amount": 421,
        "pending": 0,
        "reserved": 0,
        "debt": 0,
        "display": HOME[language][1],
        "worth": money(42_100),
        "expiring": {"unit": "points", "amount": 421, "on": "2027-11-30", "text": UNTIL[language]},
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_screen_is_one_answer(app, client, till, cast, language):
    till.buy(cast.ben, 421_000)
    with app.app_context(), reading() as tx:
        number = number_of(tx, cast.ben)
    assert good(client.get("/v1/me/home", headers=as_ben(cast, language))) == {
        "member": {"id": cast.ben.id, "first_name": "Ben", "greeting": HOME[language][0]},
        "card": {"number": number, "barcode_format": "ean13", "qr_mode": "rotating"},
        "balances": [balance_in(language)],
        "tier": bar_in(language, tier_ids(app)),
        "inbox": {"status": "ok", "unread": 0},
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_balances_and_expirations(client, till, cast, language):
    till.buy(cast.ben, 421_000)
    headers = as_ben(cast, language)
    assert good(client.get("/v1/me/balances", headers=headers)) == {"items": [balance_in(language)]}
    assert good(client.get("/v1/me/expirations", headers=headers)) == {
        "items": [balance_in(language)["expiring"]]
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tier_with_its_whole_ladder(app, client, till, cast, language):
    till.buy(cast.ben, 421_000)
    ids = tier_ids(app)
    tier = good(client.get("/v1/me/tier", headers=as_ben(cast, language)))
    ladder = tier.pop("ladder")
    words = {
        "en": "Points earned by purchases count.",
        "ru": "Учитываются баллы за покупки.",
        "et": "Arvesse lähevad ostudega kogutud punktid.",
    }
    over = {
        "en": "Over the whole membership.",
        "ru": "За всё время участия.",
        "et": "Kogu liikmeks oldud aja jooksul.",
    }
    since = {"since_at": None, "basis": "qualifying_points"}  # where everybody starts
    since |= {"basis_text": words[language], "period_text": over[language]}
    assert tier == bar_in(language, ids) | since
    rows = zip(ids, NAMES[language], THRESHOLDS[language], benefits_in(language), strict=True)
    assert ladder == [
        {
            "id": tier_id,
            "name": name,
            "rank": rank,
            "entry": "invitation" if rank == 3 else "threshold",
            "threshold": (0, 500, 2000, None)[rank],
            "threshold_text": text,
            "benefits": benefits,
            "is_current": rank == 0,
            "is_reached": rank == 0,
        }
        for rank, (tier_id, name, text, benefits) in enumerate(rows)
    ]


def test_somebody_who_just_joined_has_an_empty_screen(client, till, cast):
    home = good(client.get("/v1/me/home", headers=cast.as_ana))
    assert home["balances"] == [
        {
            "unit": "points",
            "amount": 0,
            "pending": 0,
            "reserved": 0,
            "debt": 0,
            "display": "0 points",
            "worth": money(0),
            "expiring": None,
        }
    ]
    assert home["tier"]["next"]["progress"]["pct"] == 0
    assert good(client.get("/v1/me/expirations", headers=cast.as_ana)) == {"items": []}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("?sections=tier", ["tier"]),
        ("?sections=balances,card", ["balances", "card"]),
        ("?sections=tier,nonsense", ["tier"]),
        ("?sections=nonsense", []),
        ("", ["balances", "card", "inbox", "member", "tier"]),
    ],
)
def test_only_the_sections_that_were_asked_for(client, cast, asked, found):
    home = good(client.get(f"/v1/me/home{asked}", headers=cast.as_ana))
    assert sorted(home) == found


@pytest.mark.parametrize(
    ("hours", "greeting"),
    [(0, "Good afternoon"), (2, "Good evening"), (8, "Good evening"), (13, "Good morning")],
)
def test_the_greeting_knows_the_time_of_the_shop(app, client, cast, clock_at, hours, greeting):
    clock_at.tick(timedelta(hours=hours))
    headers = as_ben(cast, "en", clock_at, app)
    home = good(client.get("/v1/me/home?sections=member", headers=headers))
    assert home["member"]["greeting"] == f"{greeting}, Ben"


def test_without_a_card_the_stub_is_empty(app, client, cast):
    with app.app_context(), transaction() as tx:
        block_card(tx, cast.ana.id, NOW)
    assert good(client.get("/v1/me/home?sections=card", headers=cast.as_ana))["card"] == {
        "number": None,
        "barcode_format": "ean13",
        "qr_mode": "rotating",
    }


def test_what_is_held_pending_and_past_its_date_is_told_apart(app, client, shop, cast, clock_at):
    shop.buy(cast.ben, 5000, occurred_at="2025-12-03T10:00:00Z")
    shop.buy(cast.ben, 7000)
    shop.hold(cast.ben, 2)
    (before,) = good(client.get("/v1/me/balances", headers=as_ben(cast)))["items"]
    assert (before["amount"], before["reserved"]) == (10, 2)
    assert before["expiring"]["amount"] == 3
    assert before["expiring"]["on"] == "2026-12-31"
    clock_at.tick(timedelta(days=40))
    headers = as_ben(cast, "en", clock_at, app)
    (after,) = good(client.get("/v1/me/balances", headers=headers))["items"]
    assert (after["amount"], after["reserved"], after["display"]) == (7, 2, "7 points")
    expirations = good(client.get("/v1/me/expirations", headers=headers))["items"]
    assert [(one["on"], one["amount"]) for one in expirations] == [("2027-11-30", 7)]


def test_at_the_top_there_is_no_next(client, till, cast):
    till.buy(cast.ben, 2_000_000)
    tier = good(client.get("/v1/me/tier", headers=as_ben(cast)))
    assert (tier["name"], tier["next"]) == ("Gold", None)
    assert [step["is_reached"] for step in tier["ladder"]] == [True, True, True, False]


def test_a_bar_is_never_full_before_the_goal(client, till, cast):
    till.buy(cast.ben, 499_999)
    progress = good(client.get("/v1/me/tier", headers=as_ben(cast)))["next"]["progress"]
    assert (progress["current"], progress["pct"], progress["remaining"]) == (499, 99, 1)
    assert progress["text"] == "1 point to Silver"


_NO_FORMS = dict.fromkeys(("one", "few", "many"))
STARS = {
    "code": "stars",
    "names": [
        _NO_FORMS | {"locale": "en", "one": "star", "other": "stars"},
        _NO_FORMS
        | {"locale": "ru", "one": "звезда", "few": "звезды", "many": "звёзд", "other": "звезды"},
        _NO_FORMS | {"locale": "et", "one": "täht", "other": "tähte"},
    ],
    "worth": None,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_programme_is_told_to_everybody(app, client, cast, language):
    with app.app_context(), reading() as tx:
        rules = tx.execute(select(EARN_RULE).order_by(EARN_RULE.c.id)).all()
    ids, names, benefits = tier_ids(app), NAMES[language], benefits_in(language)
    none = dict.fromkeys(("one", "few", "many"))
    russian = {"locale": "ru", "one": "балл", "few": "балла", "many": "баллов", "other": "балла"}
    assert good(client.get("/v1/program", headers={"Accept-Language": language})) == {
        "name": "Four metals",
        "currency": "EUR",
        "time_zone": "Europe/Tallinn",
        "locales": ["en", "ru", "et"],
        "default_locale": "en",
        "units": [
            {
                "code": "points",
                "names": [
                    none | {"locale": "en", "one": "point", "other": "points"},
                    russian,
                    none | {"locale": "et", "one": "punkt", "other": "punkti"},
                ],
                "worth": money(100),
            },
            STARS,
        ],
        "earn_rules": [{"id": rule.id, "title": rule.names[language]} for rule in rules],
        "tiers": [
            {
                "id": ids[rank],
                "name": names[rank],
                "entry": "invitation" if rank == 3 else "threshold",
                "threshold": (0, 500, 2000, None)[rank],
                "benefits": benefits[rank],
            }
            for rank in range(4)
        ],
        "sign_in_methods": ["otp_email", "partner_assertion"],
        "features": {"self_enrolment": True, "transfers": False},
    }
