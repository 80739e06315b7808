"""What writes say of games: the challenges, star cards and badges that they moved, no others."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from server.gamification.badges.settings import BADGES
from server.gamification.definitions.service import install
from server.gamification.star_cards.settings import STAR_CARDS
from tests.builders.members import NOW, bearer
from tests.builders.playing import EVA, open_challenge
from tests.builders.purchases import add_rule
from tests.builders.tills import good, id_of, receipt
from tests.gamification.star_cards.test_rules import COFFEE

FIRST = {
    "names": {"en": "First"},
    "levels": [
        {
            "names": {"en": "First purchase", "ru": "Первая покупка"},
            "condition": {"fact": "purchases", "at_least": 1},
        }
    ],
}


@pytest.fixture
def games(books):
    """Two purchases are a challenge, the first is a badge, and each is a star of three."""
    with books.app_context(), transaction() as tx:
        add_rule(tx, "visit", 1, unit="stars")
        challenge = open_challenge(tx, target=2, claim={"mode": "manual", "days": 7})
        install(tx, BADGES, "first", FIRST, EVA, NOW)
        card = COFFEE | {"target": 3, "head_start": 0}
        install(tx, STAR_CARDS, "coffee", card, EVA, NOW)
    return challenge


def test_a_purchase_names_what_it_moved(games, till, cast):
    updates = till.buy(cast.ben, 1000)["updates"]
    (moved,) = updates["challenges"]
    assert (moved["id"], moved["state"]) == (games.id, "in_progress")
    assert (moved["progress"]["current"], moved["progress"]["target"]) == (1, 2)
    assert [(one["level"], one["title"]) for one in updates["badges_new"]] == [
        (1, "First purchase")
    ]
    assert [one["progress"]["current"] for one in updates["star_cards"]] == [1]


def test_a_level_without_a_name_is_called_as_its_badge(books, till, cast):
    plain = FIRST | {"levels": [{"condition": {"fact": "purchases", "at_least": 1}}]}
    with books.app_context(), transaction() as tx:
        install(tx, BADGES, "first", plain, EVA, NOW)
    (badge,) = till.buy(cast.ben, 1000)["updates"]["badges_new"]
    assert badge["title"] == "First"


def test_what_did_not_move_is_not_named(games, till, cast, clock_at):
    till.buy(cast.ben, 1000)
    clock_at.tick(timedelta(minutes=1))
    updates = till.buy(cast.ben, 1000)["updates"]
    assert [one["state"] for one in updates["challenges"]] == ["completed"]
    assert {"badges_new", "star_cards"} & updates.keys() == set()
    assert till.buy(cast.ana, 1000)["updates"]["challenges"][0]["state"] == "in_progress"


def test_a_claim_names_its_challenge(games, till, client, cast):
    for _ in range(2):
        till.buy(cast.ben, 1000)
    headers = bearer(cast.ben_tokens.access_token) | {"Idempotency-Key": "one"}
    answer = client.post(f"/v1/me/challenges/{games.id}/claims", json={}, headers=headers)
    updates = good(answer, 201)["updates"]
    assert [(one["id"], one["state"]) for one in updates["challenges"]] == [(games.id, "claimed")]


@pytest.fixture
def rewarded(books):
    """The second purchase completes a challenge, which gives four stars of five."""
    with books.app_context(), transaction() as tx:
        add_rule(tx, "visit", 1, unit="stars")
        four = [{"kind": "stars", "amount": 4}]
        open_challenge(tx, target=2, claim={"mode": "automatic"}, benefits=four)
        card = COFFEE | {"target": 9, "head_start": 0, "claim": "manual"}
        install(tx, STAR_CARDS, "coffee", card, EVA, NOW)


def stars_of(client, cast):
    """Ben's stars as he sees them, in his balances and on his card."""
    headers = bearer(cast.ben_tokens.access_token)
    balances = good(client.get("/v1/me/balances", headers=headers))["items"]
    (card,) = good(client.get("/v1/me/star-cards", headers=headers))["items"]
    (stars,) = [one["amount"] for one in balances if one["unit"] == "stars"]
    return stars, card["progress"]["current"]


def stars_told(updates):
    """Ben's stars as `updates` have them."""
    (stars,) = [one["amount"] for one in updates["balances"] if one["unit"] == "stars"]
    (card,) = updates["star_cards"]
    return stars, card["progress"]["current"]


def test_a_return_says_what_its_challenge_gave_and_takes_back(rewarded, till, client, cast):
    till.buy(cast.ben, 1000)
    bought = till.buy(cast.ben, 1000)
    assert stars_told(bought["updates"]) == stars_of(client, cast) == (5, 5)
    back = till.give_back(bought, 1000)
    assert stars_told(back["updates"]) == stars_of(client, cast) == (1, 1)


def test_a_confirmation_says_which_stars_have_come(rewarded, shop, client, cast):
    awaited = receipt(cast.ben, 1000, awaits_confirmation=True)
    bought = good(shop.post("/transactions", awaited), 201)
    assert stars_of(client, cast) == (0, 0)
    done = good(shop.post(f"/transactions/{id_of(bought)}/confirmation"))
    assert stars_told(done["updates"]) == stars_of(client, cast) == (1, 1)


def test_a_shop_without_games_says_nothing_of_them(till, cast):
    assert till.buy(cast.ben, 1000)["updates"].keys() == {"balances", "tier"}
