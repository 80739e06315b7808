"""Stars given by hand: shown at once, limited for a day, taken back, never another partner's."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.core.db import transaction
from server.gamification.definitions.service import install
from server.gamification.star_cards.settings import STAR_CARDS
from tests.builders.members import NOW
from tests.builders.tills import code_of, good
from tests.concurrency.crowd import assert_sound
from tests.fixtures.tables import rows_of
from tests.gamification.star_cards.test_rules import COFFEE

KEPT = ("idempotency_record",)


@pytest.fixture
def card(books):
    """A card of ten stars for fifty points."""
    with books.app_context(), transaction() as tx:
        return install(tx, STAR_CARDS, "coffee", COFFEE, "staff:eva", NOW)


def give(till, member, stars=1, key=None, **more):
    return till.post("/stars", {"member_id": member.id, "stars": stars} | more, key)


def test_stars_by_hand_fill_the_card(app, till, cast, card):
    given = good(give(till.speaking("ru"), cast.ana, 3, key="one"), 201)
    assert given["given"] | {"id": ""} == {
        "id": "", "member_id": cast.ana.id, "unit": "stars", "stars": 3, "state": "given",
        "text": "+3 звезды",
    }  # fmt: skip
    points, stars = given["updates"]["balances"]
    assert (points["amount"], stars["unit"], stars["amount"]) == (0, "stars", 3)
    (moved,) = given["updates"]["star_cards"]
    assert (moved["progress"]["current"], moved["progress"]["remaining"]) == (3, 7)
    assert good(give(till.speaking("ru"), cast.ana, 3, key="one"), 201) == given
    assert_sound(app, NOW)


def test_a_day_has_a_limit_and_what_came_back_is_free_again(app, till, cast, card):
    first = good(give(till, cast.ana, 8), 201)["given"]["id"]
    before = rows_of(app, but=KEPT)
    spent = give(till, cast.ana, 3)
    assert code_of(spent) == (409, "stamps_spent")
    assert spent.get_json()["params"] == {"left": 2, "next_on": "2026-11-23"}
    assert rows_of(app, but=KEPT) == before
    good(give(till, cast.ben, 10), 201)
    for _ in range(2):
        back = good(till.post(f"/stars/{first}/cancellation", {}))
        assert back["given"]["state"] == "taken_back"
        assert back["updates"]["balances"][1]["amount"] == 0
    good(give(till, cast.ana, 10), 201)
    assert_sound(app, NOW)


def test_wrong_stars_change_nothing(app, till, cast, card):
    before = rows_of(app, but=KEPT)
    assert code_of(give(till, cast.ana, unit="points")) == (422, "stamp_unit_unknown")
    assert code_of(give(till, cast.ana, unit="beans")) == (422, "stamp_unit_unknown")
    assert code_of(give(till, cast.ana, 0)) == (422, "validation_failed")
    assert code_of(till.post("/stars", {"member_id": "mem_no", "stars": 1})) == (404, "not_found")
    assert code_of(till.post("/stars/grt_no/cancellation", {})) == (404, "not_found")
    assert rows_of(app, but=KEPT) == before


def test_a_crowd_of_tills_never_passes_the_limit(app, till, cast, card):
    with ThreadPoolExecutor(12) as crowd:
        answers = list(
            crowd.map(lambda n: give(till, cast.ana, 1, f"s-{n}").status_code, range(24))
        )
    assert sorted(answers) == [201] * 10 + [409] * 14
    assert_sound(app, NOW)
