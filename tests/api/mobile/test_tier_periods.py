"""A tier that is kept until a date: what a member and a till are told of it."""

from datetime import timedelta

import pytest

from server.core import clock
from server.core.db import transaction
from server.gamification.standings.switching import change_scheme
from tests.builders.members import bearer, sign_in
from tests.builders.tills import good

YEARS = {"basis": "spend", "window": {"kind": "calendar", "months": 12}, "keep": "next_period"}
TEXTS = {
    "en": ("Money spent counts.", "In each calendar year."),
    "ru": ("Учитываются потраченные деньги.", "За каждый календарный год."),
    "et": ("Arvesse läheb kulutatud raha.", "Igal kalendriaastal."),
}
STAY = {
    "en": "€15.00 more to keep Gold after 31 December 2027",
    "ru": "Ещё 15,00\u00a0€, чтобы сохранить «Золото» после 31 декабря 2027\u202fг.",
    "et": "Veel 15,00\u00a0€, et tase „Kuld“ jääks alles ka pärast kuupäeva 31. detsember 2027",
}


@pytest.fixture
def ana(app, cast, till, clock_at):
    """Ana, gold by what she bought in 2026; the thresholds are cents here."""
    with app.app_context(), transaction() as tx:
        change_scheme(tx, YEARS, "cli:test", clock.now())
    till.buy(cast.ana, 20_00)
    return cast.ana


def to_2027(clock_at):
    clock_at.tick(timedelta(days=60))


def tier_of(client, headers, language="en"):
    return good(client.get("/v1/me/tier", headers=headers | {"Accept-Language": language}))


def sign_in_again(app, cast):
    with app.app_context(), transaction() as tx:
        return bearer(sign_in(tx, cast.ana, now=clock.now()).access_token)


def test_until_when_a_tier_is_safe_and_what_it_takes_to_stay(app, client, cast, till, ana):
    keep = tier_of(client, cast.as_ana)["keep"]
    assert keep == {
        "on": "2027-12-31",
        "progress": {
            "current": 0,
            "target": 2000,
            "remaining": 2000,
            "pct": 0,
            "unit": "spend",
            "text": "€20.00 more to keep Gold after 31 December 2027",
        },
    }


@pytest.mark.parametrize("language", TEXTS)
def test_the_bar_to_stay_fills_in_the_next_year(app, client, cast, till, ana, clock_at, language):
    to_2027(clock_at)
    till.buy(ana, 5_00)
    tier = tier_of(client, sign_in_again(app, cast), language)
    assert (tier["state"], tier["next"]) == ("active", None)
    assert (tier["keep"]["on"], tier["keep"]["progress"]["pct"]) == ("2027-12-31", 25)
    assert tier["keep"]["progress"]["text"] == STAY[language]
    assert (tier["basis_text"], tier["period_text"]) == TEXTS[language]


def test_the_next_tier_has_a_deadline(client, cast, till, ana):
    till.buy(cast.ben, 6_00)
    following = tier_of(client, bearer(cast.ben_tokens.access_token))["next"]
    assert (following["by"], following["progress"]["remaining"]) == ("2026-12-31", 1400)


def test_a_purchase_that_renews_the_tier_says_so(cast, till, ana, clock_at):
    to_2027(clock_at)
    answer = till.buy(ana, 20_00)
    [renewed] = [each for each in answer["effects"] if each["kind"] == "tier_renewed"]
    assert renewed["text"] == "Gold is yours until 31 December 2028"
    assert renewed["tier"]["name"] == "Gold"
    assert answer["updates"]["tier"]["keep"]["on"] == "2028-12-31"


def test_a_tier_past_its_date_is_shown_as_lost(app, client, cast, till, ana, clock_at):
    clock_at.tick(timedelta(days=500))
    headers = sign_in_again(app, cast)
    tier = tier_of(client, headers)
    assert (tier["name"], tier["keep"], tier["since_at"]) == (
        "Bronze",
        None,
        "2027-12-31T22:00:00Z",
    )
    home = good(client.get("/v1/me/home?sections=tier", headers=headers))
    assert home["tier"]["name"] == "Bronze"
    found = good(till.post("/member-lookups", {"member_id": ana.id}))
    assert found["member"]["tier"] == "Bronze"


def test_holding_points_shows_the_bar_as_the_period_counts_it(cast, till, shop, ana, clock_at):
    till.buy(cast.ben, 10_00)
    held = good(shop.post("/redemptions", {"member_id": cast.ben.id, "points": 1}), 201)
    bar = held["updates"]["tier"]["next"]["progress"]
    assert (bar["current"], bar["remaining"]) == (1000, 1000)
    clock_at.tick(timedelta(days=500))
    released = shop.post(f"/redemptions/{held['redemption']['id']}/release")
    assert good(released)["updates"]["tier"]["name"] == "Bronze"


def test_a_quote_knows_what_would_be_reached(cast, till, ana):
    quoted = good(
        till.post(
            "/quotes",
            {"member_id": cast.ben.id, "total": {"amount_minor": 700, "currency": "EUR"}},
        )
    )
    [reached] = [each for each in quoted["effects"] if each["kind"] == "tier_changed"]
    assert reached["tier"]["name"] == "Silver"
    assert quoted["tier"]["name"] == "Bronze"


def test_grace_is_a_state_of_its_own(app, client, cast, till, ana, clock_at):
    with app.app_context(), transaction() as tx:
        change_scheme(tx, {"grace_days": 30}, "cli:test", clock.now())
    clock_at.tick(timedelta(days=415))
    tier = tier_of(client, sign_in_again(app, cast))
    assert (tier["name"], tier["state"], tier["keep"]["on"]) == ("Gold", "grace", "2028-01-30")
