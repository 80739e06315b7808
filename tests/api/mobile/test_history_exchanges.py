"""Vouchers, donations and transfers in the history: among the purchases, each with its reason."""

import pytest

from server.core.db import transaction
from server.gamification.transfers.service import give_away
from server.gamification.transfers.types import Giving
from server.gamification.vouchers.redeeming import Reason, issue
from server.gamification.vouchers.using import undo_use
from tests.api.mobile.test_activity import post_many
from tests.builders.members import NOW, bearer
from tests.builders.purchases import change_settings, give
from tests.builders.rewards import donation, id_of_use, offer, show, take
from tests.builders.tills import code_of, good


@pytest.fixture
def read(client, cast):
    """Read somebody's history, or an entry of it."""
    tokens = {"ben": cast.ben_tokens, "ana": cast.ana_tokens}

    def get(query="", language="en", who="ben"):
        headers = bearer(tokens[who].access_token) | {"Accept-Language": language}
        return good(client.get(f"/v1/me/activity{query}", headers=headers))

    return get


@pytest.fixture
def used(app, cast):
    """Ben has used a coffee and a gift, given to the shelter, and undone one more use."""
    with app.app_context(), transaction() as tx:
        give(tx, cast.ben.id, 200, NOW)
        coffee = offer(tx)
        bought = show(tx, take(tx, cast.ben.id, coffee))
        shelter = take(tx, cast.ben.id, offer(tx, "shelter", settings=donation()))
        gift = show(tx, issue(tx, cast.ben.id, "coffee", Reason("test", "one", "staff:eva"), NOW))
        undo_use(tx, id_of_use(show(tx, take(tx, cast.ben.id, coffee))), "device:dan", NOW)
    return id_of_use(bought), shelter.id, id_of_use(gift)


def test_what_was_used_and_donated_is_in_the_history(used, read, till, cast):
    bought = post_many(till, cast.ben, [1])
    items = read()["items"]
    told = sorted((one["kind"], one["title"], one["points_spent"], one["text"]) for one in items)
    assert told[1:] == [
        ("purchase", "Purchase", 0, "+1 point"),
        ("voucher", "Free coffee", 0, "A gift"),
        ("voucher", "Free coffee", 30, "-30 points"),
    ]
    assert told[0] == ("donation", "Free coffee", 20, "-20 points")
    assert items[-1]["id"] == bought[0]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["It was paid with points.", "It was a gift."]),
        ("ru", ["Оплачено баллами.", "Это был подарок."]),
        ("et", ["See maksti punktidega.", "See oli kingitus."]),
    ],
)
def test_a_used_voucher_says_why(used, read, language, texts):
    for use_id, text in zip((used[0], used[2]), texts, strict=True):
        detail = read(f"/{use_id}", language)
        assert [one["text"] for one in detail["effects"]] == [text]
        assert detail["location_id"] == "loc_main"


def test_a_donation_is_thanked_for(used, read):
    (entry,) = [one for one in read()["items"] if one["kind"] == "donation"]
    assert [one["text"] for one in read(f"/{entry['id']}")["effects"]] == ["Thank you for giving."]


def test_both_see_what_was_given_and_no_more_of_the_other_than_a_letter(app, cast, read):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, transfers={"account_days_min": 0})
        give(tx, cast.ben.id, 50, NOW)
        made = give_away(tx, Giving(cast.ben.id, cast.ana.id, "points", 12), NOW)
    (sent,), (received,) = read()["items"], read(who="ana")["items"]
    assert (sent["id"], sent["kind"], sent["title"]) == (made.id, "transfer_sent", "Given to A•••")
    assert (sent["points"], sent["points_spent"], sent["text"]) == (0, 12, "-12 points")
    assert (received["kind"], received["title"]) == ("transfer_received", "Received from B•••")
    assert (received["points"], received["text"]) == (12, "+12 points")
    assert read(f"/{made.id}", who="ana")["effects"][0]["text"] == "Received from B•••"


def give_to_and_fro(app, cast, times):
    """Ben gives Ana a point and has it back, all at the same instant."""
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, transfers={"account_days_min": 0, "least": 1})
        for _ in range(times):
            give_away(tx, Giving(cast.ben.id, cast.ana.id, "points", 1), NOW)
            give_away(tx, Giving(cast.ana.id, cast.ben.id, "points", 1), NOW)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_lose_and_repeat_nothing_of_one_instant(used, read, till, cast, app, client, size):
    give_to_and_fro(app, cast, 3)
    post_many(till, cast.ben, [1, 2])
    whole = [one["id"] for one in read("?limit=100")["items"]]
    page = read(f"?limit={size}")
    found = [one["id"] for one in page["items"]]
    while page["next_cursor"]:
        last = page["next_cursor"]
        page = read(f"?limit={size}&cursor={last}")
        found += [one["id"] for one in page["items"]]
    assert found == whole
    assert len(set(found)) == len(found) >= 11
    stolen = client.get(f"/v1/me/activity?cursor={last}", headers=cast.as_ana)
    assert code_of(stolen) == (400, "cursor_invalid")


def test_nobody_opens_an_entry_of_another(used, client, cast):
    for entry_id in used:
        answer = client.get(f"/v1/me/activity/{entry_id}", headers=cast.as_ana)
        assert code_of(answer) == (404, "not_found")
