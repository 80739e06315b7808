"""Star cards in the app: the bar, and exchanging a full card."""

import pytest

from server.core.db import transaction
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.service import install
from server.gamification.grants.service import give
from server.gamification.grants.types import Reason
from server.gamification.points.switching import change_expiry
from server.gamification.programme.types import ExpiryKind, ExpiryPolicy
from server.gamification.star_cards.settings import STAR_CARDS
from tests.builders.members import NOW, bearer
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of
from tests.gamification.star_cards.test_rules import COFFEE

EVA = "staff:eva"
KEPT = ("idempotency_record",)  # a refusal is remembered for its key


@pytest.fixture
def card(books):
    """A card of ten stars for fifty points."""
    with books.app_context(), transaction() as tx:
        return install(tx, STAR_CARDS, "coffee", COFFEE, EVA, NOW)


def add_stars(app, member, amount):
    stars = [Benefit(BenefitKind.STARS, amount, "stars")]
    with app.app_context(), transaction() as tx:
        give(tx, member.id, stars, Reason("test", f"stars-{amount}", {}), EVA, NOW)


def claim(client, card, headers, key="one"):
    keyed = headers | {"Idempotency-Key": key}
    return client.post(f"/v1/me/star-cards/{card.id}/claims", json={}, headers=keyed)


def test_the_bar_says_what_is_missing(app, client, cast, card):
    add_stars(app, cast.ana, 7)
    (shown,) = good(client.get("/v1/me/star-cards", headers=cast.as_ana))["items"]
    assert shown["progress"] == {
        "current": 7,
        "target": 10,
        "remaining": 3,
        "pct": 70,
        "unit": "stars",
        "text": "3 stars to 50 points",
    }
    assert (shown["title"], shown["state"], shown["actions"]) == ("Coffee card", "collecting", [])


def test_a_picture_is_described_in_the_members_language(client, cast, books):
    image = {"url": "/cup.webp", "width": 640, "height": 480}
    pictured = COFFEE | {"image": image | {"alt": {"en": "A cup", "et": "Tass"}}}
    with books.app_context(), transaction() as tx:
        install(tx, STAR_CARDS, "coffee", pictured, EVA, NOW)
    headers = cast.as_ana | {"Accept-Language": "et"}
    (shown,) = good(client.get("/v1/me/star-cards", headers=headers))["items"]
    assert shown["gift"]["image"] == image | {"alt": "Tass"}


def test_a_full_card_is_exchanged_and_the_next_goes_on(app, client, cast, card):
    add_stars(app, cast.ana, 12)
    done = good(claim(client, card, cast.as_ana), 201)
    assert (done["claim"]["number"], done["star_card"]["progress"]["current"]) == (1, 2)
    moved = {part["unit"]: part["amount"] for part in done["updates"]["balances"]}
    assert moved == {"points": 50, "stars": 2}
    assert good(claim(client, card, cast.as_ana), 201) == done


def test_a_card_that_is_not_full_is_not_exchanged(app, client, cast, card):
    add_stars(app, cast.ana, 7)
    before = rows_of(app, but=KEPT)
    answer = claim(client, card, cast.as_ana)
    assert code_of(answer) == (409, "star_card_not_full")
    assert answer.get_json()["user_message"] == "The card is not full yet: 3 are missing."
    assert rows_of(app, but=KEPT) == before


def test_a_card_that_is_not_there_is_not_exchanged(client, cast, card):
    answer = client.post(
        "/v1/me/star-cards/stc_none/claims",
        json={},
        headers=cast.as_ana | {"Idempotency-Key": "k"},
    )
    assert code_of(answer) == (404, "star_card_unknown")


def test_only_the_member_sees_and_claims(app, client, cast, card):
    add_stars(app, cast.ana, 12)
    before = rows_of(app, but=KEPT)
    for headers, code in (({}, "token_missing"), (cast.as_dan, "token_invalid")):
        assert code_of(client.get("/v1/me/star-cards", headers=headers)) == (401, code)
        assert code_of(claim(client, card, headers)) == (401, code)
    assert rows_of(app, but=KEPT) == before


def test_the_key_of_one_member_replays_nothing_to_another(app, client, cast, card):
    as_ben = bearer(cast.ben_tokens.access_token)
    add_stars(app, cast.ana, 12)
    done = good(claim(client, card, cast.as_ana, "same"), 201)
    refused = claim(client, card, as_ben, "same")
    assert code_of(refused) == (409, "star_card_not_full")
    add_stars(app, cast.ben, 10)
    other = good(claim(client, card, as_ben, "other"), 201)
    assert (other["claim"]["number"], other["claim"]["id"] != done["claim"]["id"]) == (1, True)


def test_points_and_stars_expire_each_by_their_own_name(app, client, cast, till, card):
    add_stars(app, cast.ana, 7)
    till.buy(cast.ana, 100_00)
    with app.app_context(), transaction() as tx:
        change_expiry(tx, [ExpiryPolicy(ExpiryKind.MONTHS, 3)], EVA, NOW, "stars")
    stars, points = good(client.get("/v1/me/expirations", headers=cast.as_ana))["items"]
    assert stars == {
        "unit": "stars",
        "amount": 7,
        "on": "2027-02-22",
        "text": "7 stars can be used until 22 February 2027",
    }
    assert (points["unit"], points["on"]) == ("points", "2027-11-30")
    for path, name in (("/v1/me/balances", "items"), ("/v1/me/home?sections=balances", "balances")):
        shown = good(client.get(path, headers=cast.as_ana))[name]
        assert [one["expiring"] for one in shown] == [points, stars]
