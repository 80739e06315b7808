"""The first screen: rewards that are near, and the one thing worth doing next."""

import pytest

from server.core.db import transaction
from server.gamification.definitions.service import install
from server.gamification.ledger.service import adjust
from server.gamification.ledger.types import Term
from server.gamification.rewards.wishes import wish
from server.gamification.star_cards.settings import STAR_CARDS
from tests.builders.members import NOW
from tests.builders.playing import EVA, open_challenge, play
from tests.builders.purchases import cause, give
from tests.builders.rewards import offer
from tests.builders.tills import good
from tests.gamification.star_cards.test_rules import COFFEE

PRICES = {"cup": 10, "cake": 20, "coffee": 30, "lunch": 40, "dinner": 99}


@pytest.fixture
def shop(app, cast):
    """A shop with five rewards; Ana has thirty points. Returns the rewards' ids."""
    with app.app_context(), transaction() as tx:
        give(tx, cast.ana.id, 30, NOW)
        return {key: offer(tx, key, price={"points": price}) for key, price in PRICES.items()}


@pytest.fixture
def home(client, cast):
    def read(query="", language="en"):
        headers = cast.as_ana | {"Accept-Language": language}
        return good(client.get(f"/v1/me/home{query}", headers=headers))

    return read


def keys(shelf):
    return [one["key"] for one in shelf["items"]]


def test_three_rewards_that_are_near_are_shown(shop, home):
    shelf = home()["rewards"]
    assert (shelf["status"], keys(shelf), shelf["more"]) == ("ok", ["cup", "cake", "coffee"], True)
    assert {one["state"] for one in shelf["items"]} == {"affordable"}


def test_a_wish_comes_first_when_it_is_near(app, shop, home, cast):
    with app.app_context(), transaction() as tx:
        wish(tx, cast.ana.id, shop["lunch"], NOW)
        wish(tx, cast.ana.id, shop["dinner"], NOW)
    shelf = home()["rewards"]
    assert keys(shelf) == ["lunch", "cup", "cake"]
    assert (shelf["items"][0]["state"], shelf["items"][0]["missing"]) == ("almost", 10)


def test_what_is_far_is_not_shown(app, shop, home, cast):
    with app.app_context(), transaction() as tx:
        give(tx, cast.ana.id, -30, NOW)
    assert home()["rewards"] == {"status": "ok", "items": [], "more": True}
    assert home()["next_best"] is None


def test_prices_in_stars_are_known_too(app, home, cast):
    with app.app_context(), transaction() as tx:
        offer(tx, "pin", price={"stars": 2})
        offer(tx, "cap", price={"stars": 9})
        adjust(tx, cast.ana.id, "stars", 2, cause(), Term(NOW, None))
    assert keys(home()["rewards"]) == ["pin"]


def test_a_shop_without_games_and_rewards_has_no_such_sections(home):
    assert {"rewards", "next_best"} & home().keys() == set()


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "You have enough for “Free coffee”"),
        ("ru", "Вам хватает на «Бесплатный кофе»"),
        ("et", "Sul jätkub: „Tasuta kohv“"),
    ],
)
def test_a_reward_that_can_be_had_is_the_next_best(shop, home, language, title):
    best = home("?sections=next_best", language)
    link = f"/rewards/{shop['cup']}"
    assert best == {"next_best": {"kind": "redeem", "title": title, "deep_link": link}}


def test_what_can_be_claimed_is_better_than_anything(app, shop, home, cast):
    with app.app_context(), transaction() as tx:
        install(tx, STAR_CARDS, "coffee", COFFEE | {"target": 2}, EVA, NOW)
        adjust(tx, cast.ana.id, "stars", 2, cause(), Term(NOW, None))
    best = home()["next_best"]
    assert (best["kind"], best["deep_link"].split("/")[1]) == ("claim", "star-cards")
    with app.app_context(), transaction() as tx:
        three = open_challenge(tx)
        for _ in range(3):
            play(tx, cast.ana.id, NOW)
    best = home()["next_best"]
    assert (best["kind"], best["deep_link"]) == ("claim", f"/challenges/{three.id}")


def test_what_is_begun_is_better_than_what_almost_can_be_had(app, shop, home, cast):
    with app.app_context(), transaction() as tx:
        give(tx, cast.ana.id, -22, NOW)
    best = home()["next_best"]
    assert (best["kind"], best["deep_link"]) == ("save", f"/rewards/{shop['cup']}")
    assert best["title"] == "“Free coffee”: 2 points to go"
    with app.app_context(), transaction() as tx:
        three = open_challenge(tx)
        play(tx, cast.ana.id, NOW)
    best = home()["next_best"]
    assert (best["kind"], best["deep_link"]) == ("play", f"/challenges/{three.id}")
    assert best["title"].endswith(": 2 more to go")


def test_the_screen_is_known_until_something_moves(app, client, shop, cast):
    first = client.get("/v1/me/home", headers=cast.as_ana)
    known = cast.as_ana | {"If-None-Match": first.headers["ETag"]}
    assert client.get("/v1/me/home", headers=known).status_code == 304
    with app.app_context(), transaction() as tx:
        wish(tx, cast.ana.id, shop["lunch"], NOW)
    assert client.get("/v1/me/home", headers=known).status_code == 200
