"""Instant-win games in the app: published odds, one outcome for a play, a public proof."""

import hashlib
import hmac
import re
from datetime import timedelta
from pathlib import Path

import pytest

from server.core.db import transaction
from server.core.idempotency import sweep_idempotency
from server.gamification.badges.settings import BADGES
from server.gamification.definitions.service import archive, install
from server.gamification.game_plays.players import force_outcome
from server.gamification.games.editions import end_editions
from server.gamification.games.settings import GAMES
from tests.builders.instant_wins import ALWAYS, EVA, give_plays, open_game, prize
from tests.builders.members import NOW, VAULT, bearer
from tests.builders.purchases import give
from tests.builders.rewards import offer
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)  # a refusal is remembered for its key
DOCUMENT = Path(__file__).parents[3] / "docs" / "algorithms" / "games.md"


@pytest.fixture
def publish(books):
    """Publish a wheel."""

    def make(**settings):
        with books.app_context(), transaction() as tx:
            return open_game(tx, **settings)

    return make


def shown(client, cast, language="en"):
    headers = cast.as_ana | {"Accept-Language": language}
    (one,) = good(client.get("/v1/me/games", headers=headers))["items"]
    return one


def play(client, headers, key="one", game="wheel", **body):
    keyed = headers | {"Idempotency-Key": key}
    return client.post(f"/v1/me/games/{game}/plays", json=body, headers=keyed)


def force(app, cast, game, wanted):
    with app.app_context(), transaction() as tx:
        force_outcome(tx, cast.ana.id, game.id, wanted, NOW.date())


def proof(client, game, **query):
    return good(client.get(f"/v1/games/{game.id}/proof", query_string=query))


def test_a_game_shows_its_odds_and_what_is_left(client, cast, publish):
    game = publish(price_points=4, ends_at="2026-12-31T22:00:00Z")
    one = shown(client, cast)
    assert (one["id"], one["kind"], one["title"], one["state"]) == (
        game.id,
        "wheel",
        "Wheel",
        "open",
    )
    assert [(odd["prize"], odd["title"], odd["text"], odd["ppm"]) for odd in one["odds"]] == [
        ("star", "Star", "about 1 in 5", 187_500),
        ("points", "5 points", "1 in 16", 62_500),
        ("nothing", "No win this time", "75 in 100", 750_000),
    ]
    assert one["win"] == {"ppm": 250_000, "text": "1 in 4"}
    assert one["floor"]["ppm"] == 250_000
    assert (one["plays_left"], one["next_play_at"]) == (1, None)
    assert one["price"] == {"amount": 4, "unit": "points", "text": "4 points"}
    assert [(act["kind"], act["enabled"]) for act in one["actions"]] == [
        ("play", True),
        ("play_for_points", True),
    ]
    assert re.fullmatch("[0-9a-f]{64}", one["fairness"]["seed_hash"])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "1 in 4"),
        ("ru", "1 из 4"),
        ("et", "üks kord 4 korrast"),
    ],
)
def test_odds_are_told_in_the_members_language(client, cast, publish, language, text):
    publish()
    assert shown(client, cast, language)["win"]["text"] == text


def test_a_play_is_decided_once_for_a_key(books, client, cast, publish):
    game = publish(chance=ALWAYS, consolation={"points": 5})
    done = good(play(client, cast.as_ana), 201)
    assert done["play"]["outcome"] == "prize"
    assert done["reveal"] == {"segment_index": 0, "duration_ms": 4200}
    assert done["prize"]["granted"] == [{"kind": "stars", "text": "+3 stars", "points": None}]
    assert (done["plays_left"], done["next_play_at"]) == (0, "2026-11-22T22:00:00Z")
    balances = {one["unit"]: one["amount"] for one in done["updates"]["balances"]}
    assert balances == {"points": 0, "stars": 3}
    assert good(play(client, cast.as_ana), 201) == done
    again = good(client.get(f"/v1/me/plays/{done['play']['id']}", headers=cast.as_ana))
    assert again == {name: done[name] for name in again}
    detail = good(client.get(f"/v1/me/games/{game.id}", headers=cast.as_ana))
    assert detail["plays"] == [again]
    assert detail["actions"][0]["reason"] == "no_plays_left"


def test_the_key_is_the_same_play_long_after_its_answer_was_forgotten(
    client, cast, publish, clock_at, books
):
    publish(free_per_day=3)
    first = good(play(client, cast.as_ana), 201)["play"]
    with books.app_context(), transaction() as tx:
        assert sweep_idempotency(tx, now=NOW + timedelta(days=8)) == 1
    second = good(play(client, cast.as_ana), 201)
    assert (second["play"], second["plays_left"]) == (first, 2)


def test_without_plays_nothing_moves(books, client, cast, publish):
    publish(free_per_day=0)
    before = rows_of(books, but=KEPT)
    refused = play(client, cast.as_ana)
    assert code_of(refused) == (409, "no_plays_left")
    assert refused.get_json()["params"] == {"next_play_at": None}
    assert code_of(play(client, cast.as_ana, "two", pay="points")) == (409, "play_not_for_sale")
    assert code_of(play(client, cast.as_ana, "three", "nothing")) == (404, "not_found")
    assert code_of(client.post("/v1/me/games/wheel/plays", headers=cast.as_ana)) == (
        400,
        "idempotency_key_required",
    )
    assert rows_of(books, but=KEPT) == before


def test_a_play_for_points_costs_them_and_a_loss_gives_none(books, client, cast, publish):
    game = publish(free_per_day=0, price_points=4)
    assert code_of(play(client, cast.as_ana, pay="points")) == (409, "balance_insufficient")
    with books.app_context(), transaction() as tx:
        give(tx, cast.ana.id, 10, NOW)
    force(books, cast, game, "lost")
    done = good(play(client, cast.as_ana, "two", pay="points"), 201)
    assert (done["play"]["source"], done["play"]["outcome"]) == ("points", "lost")
    assert (done["prize"], done["reveal"]["segment_index"]) == (None, 2)
    assert done["updates"]["balances"][0]["amount"] == 6
    (spent,) = (
        one
        for one in good(client.get("/v1/me/activity", headers=cast.as_ana))["items"]
        if one["kind"] == "game_play"
    )
    assert (spent["id"], spent["title"], spent["text"]) == (
        done["play"]["id"],
        "Wheel",
        "-4 points",
    )
    opened = good(client.get(f"/v1/me/activity/{spent['id']}", headers=cast.as_ana))
    assert (opened["points_spent"], opened["effects"]) == (4, [])


def test_a_voucher_is_won_and_shown(books, client, cast, publish):
    with books.app_context(), transaction() as tx:
        offer(tx)
    coffee = [{"kind": "reward", "key": "coffee"}]
    publish(chance=ALWAYS, prizes=[prize("coffee", benefits=coffee)], consolation={"points": 5})
    won = good(play(client, cast.as_ana), 201)["prize"]
    assert (won["kind"], won["title"]) == ("voucher", "Coffee")
    voucher = good(client.get(f"/v1/me/vouchers/{won['voucher']['id']}", headers=cast.as_ana))
    assert voucher["state"] == "active"


def test_a_badge_that_is_won_is_told_with_the_play(books, client, cast, publish):
    with books.app_context(), transaction() as tx:
        levels = [{"names": {"en": "Lucky one"}}]
        install(tx, BADGES, "lucky", {"names": {"en": "Lucky"}, "levels": levels}, EVA, NOW)
    badge = [{"kind": "badge", "key": "lucky"}]
    prizes = [prize("lucky", benefits=badge)]
    publish(chance=ALWAYS, free_per_day=2, prizes=prizes, consolation={"points": 5})
    won = good(play(client, cast.as_ana), 201)
    assert [one["title"] for one in won["updates"]["badges_new"]] == ["Lucky one"]
    again = good(play(client, cast.as_ana, "two"), 201)
    assert (again["play"]["outcome"], again["prize"]["title"]) == ("points", "5 points")


def test_plays_that_were_given_are_counted(books, client, cast, publish):
    publish()
    with books.app_context(), transaction() as tx:
        give_plays(tx, cast.ana.id, 2)
    assert shown(client, cast)["plays_left"] == 3
    assert good(play(client, cast.as_ana), 201)["plays_left"] == 2


def test_what_is_sold_out_is_shown_with_its_share_at_the_points(client, cast, publish):
    publish(chance=ALWAYS, free_per_day=2, prizes=[prize(stock=1)], consolation={"points": 5})
    good(play(client, cast.as_ana), 201)
    odds = {one["prize"]: (one["ppm"], one["text"]) for one in shown(client, cast)["odds"]}
    assert odds["star"] == (0, "not to be had just now")
    assert odds["points"][0] == 1_000_000


def test_the_first_screen_has_the_game(client, cast, publish):
    assert "game" not in good(client.get("/v1/me/home", headers=cast.as_ana))
    game = publish()
    home = good(client.get("/v1/me/home?sections=game", headers=cast.as_ana))
    assert home == {
        "game": {
            "status": "ok",
            "id": game.id,
            "kind": "wheel",
            "title": "Wheel",
            "plays_left": 1,
            "next_play_at": None,
        }
    }


def test_a_play_that_waits_is_the_next_best_until_it_is_used(client, cast, publish):
    game = publish()
    asked = "/v1/me/home?sections=next_best"
    assert good(client.get(asked, headers=cast.as_ana)) == {
        "next_best": {
            "kind": "play",
            "title": "“Wheel”: a play is waiting",
            "deep_link": f"/games/{game.id}",
        }
    }
    play(client, cast.as_ana)
    assert good(client.get(asked, headers=cast.as_ana))["next_best"] is None


def test_the_proof_is_read_by_the_page(books, client, cast, publish):
    game = publish(free_per_day=50)
    made = {good(play(client, cast.as_ana, f"key-{n}"), 201)["play"]["id"] for n in range(7)}
    with books.app_context(), transaction() as tx:
        archive(tx, GAMES, game.id, EVA, NOW)
        end_editions(tx, VAULT, NOW)
    pages, cursor = [], None
    for _ in range(3):
        found = proof(client, game, limit=3, **({"cursor": cursor} if cursor else {}))
        pages.append([one["id"] for one in found["plays"]])
        cursor = found["next_cursor"]
    assert ([len(page) for page in pages], cursor) == ([3, 3, 1], None)
    assert {one for page in pages for one in page} == made
    wrong = client.get(f"/v1/games/{game.id}/proof?cursor=abc")
    assert code_of(wrong) == (400, "cursor_invalid")


def test_a_game_for_others_is_locked(books, client, cast, publish):
    publish(condition="tier = gold")
    before = rows_of(books, but=KEPT)
    assert shown(client, cast)["state"] == "locked"
    assert code_of(play(client, cast.as_ana)) == (403, "game_not_for_you")
    assert "game" not in good(client.get("/v1/me/home", headers=cast.as_ana))
    assert rows_of(books, but=KEPT) == before


def test_nobody_sees_the_play_of_another(client, cast, publish):
    publish()
    mine = good(play(client, cast.as_ana), 201)["play"]["id"]
    as_ben = bearer(cast.ben_tokens.access_token)
    assert code_of(client.get(f"/v1/me/plays/{mine}", headers=as_ben)) == (404, "not_found")
    theirs = good(play(client, as_ben), 201)["play"]["id"]
    assert theirs != mine


def test_a_running_game_proves_its_promise_and_keeps_its_seed(client, cast, publish):
    game = publish()
    play(client, cast.as_ana)
    found = proof(client, game)
    assert (found["edition"]["seed"], found["plays"]) == (None, [])
    assert found["edition"]["seed_hash"] == shown(client, cast)["fairness"]["seed_hash"]
    assert code_of(client.get("/v1/games/gam_none/proof")) == (404, "not_found")
    assert code_of(client.get(f"/v1/games/{game.id}/proof?version=9")) == (404, "not_found")


def test_the_verifier_of_the_documentation_repeats_every_play(books, client, cast, publish):
    """The program that the documentation prints, run as it stands on the public proof."""
    game = publish(mode="never_unlucky", free_per_day=50)
    made = [good(play(client, cast.as_ana, f"key-{n}"), 201) for n in range(25)]
    with books.app_context(), transaction() as tx:
        archive(tx, GAMES, game.id, EVA, NOW)
        assert end_editions(tx, VAULT, NOW) == 1
    found = proof(client, game)
    assert {one["id"] for one in found["plays"]} == {one["play"]["id"] for one in made}
    verifier = verifier_of_the_documentation()
    assert verifier["faults_of"](found, found["plays"]) == []
    own = verifier["nonce_hash"](cast.ana.id, "key-0")
    assert own == made[0]["proof"]["nonce_hash"]
    lost = next(one for one in found["plays"] if one["outcome"] == "lost")
    win = {"outcome": "prize", "prize": "star"}
    lie = [one | win if one is lost else one for one in found["plays"]]
    assert verifier["faults_of"](found, lie) != []
    hidden = [one for one in found["plays"] if one["number"] != 12]
    assert verifier["faults_of"](found, hidden) != []
    other = found | {"edition": found["edition"] | {"seed": "00" * 32}}
    assert verifier["faults_of"](other, found["plays"]) != []


def verifier_of_the_documentation():
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {"hashlib": hashlib, "hmac": hmac}
    exec(compile(program, "games.md", "exec"), names)
    return names
