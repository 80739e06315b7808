"""Partners that share a programme: their receipts, reports and uses of vouchers stay their own."""

import pytest

from server.core.db import transaction
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.definitions.service import install
from server.gamification.partners.keys import add_partner_key
from server.gamification.partners.service import add_location
from server.gamification.partners.types import KeyMode, Scope
from tests.builders.members import NOW, add_shop, bearer
from tests.builders.purchases import give
from tests.builders.rewards import offer, shown, take
from tests.builders.tills import Till, code_of, good, id_of, receipt
from tests.fixtures.tables import rows_of

OWN = set(Scope) - {Scope.PARTNERS_ALL}


@pytest.fixture
def open_shop(books):
    """Open the shop of a partner of its own; return its id and its backend."""

    def make(name):
        with books.app_context(), transaction() as tx:
            partner_id, secret, _ = add_shop(tx, *OWN, name=name)
        return partner_id, Till(books.test_client(), bearer(secret))

    return make


@pytest.fixture
def bakery(open_shop):
    return open_shop("Bakery")[1]


@pytest.fixture
def florist(open_shop):
    return open_shop("Florist")[1]


SAME = {"external_id": "R-1", "source": "web"}


def found(till, source="web"):
    return till.get(f"/transactions?source={source}&external_id=R-1")


def test_two_partners_number_their_receipts_alike_and_never_meet(cast, bakery, florist, shop):
    breads, roses = (one.buy(cast.ben, 5000, **SAME) for one in (bakery, florist))
    for till, bought in ((bakery, breads), (florist, roses)):
        assert good(found(till))["transaction"]["id"] == id_of(bought)
        again = good(till.post("/transactions", receipt(cast.ben, 5000, **SAME)))
        assert (again["transaction"]["duplicate"], id_of(again)) == (True, id_of(bought))
    assert code_of(found(shop)) == (404, "not_found")


def test_the_house_finds_a_receipt_under_the_id_of_its_partner(books, cast, open_shop, shop):
    partner_id, florist = open_shop("Florist")
    bought = florist.buy(cast.ben, 5000, **SAME)
    assert good(found(shop, f"{partner_id}/web"))["transaction"]["id"] == id_of(bought)
    stolen = receipt(cast.ben, 5000, external_id="R-1", source="par_x")
    assert code_of(shop.post("/transactions", stolen)) == (422, "validation_failed")


def test_a_place_of_the_house_gives_partners_no_common_numbers(books, cast, bakery, florist, shop):
    with books.app_context(), transaction() as tx:
        place = add_location(tx, "Market", NOW).id
    at_market = {"external_id": "R-1", "location_id": place}
    bought = {id_of(one.buy(cast.ben, 5000, **at_market)) for one in (bakery, florist, shop)}
    assert len(bought) == 3


def test_at_its_own_place_a_partner_and_its_tills_share_numbers(books, cast, open_shop):
    partner_id, florist = open_shop("Florist")
    with books.app_context(), transaction() as tx:
        place = add_location(tx, "Stall", NOW, partner_id=partner_id).id
        key = add_partner_key(tx, partner_id, "second", tuple(OWN), NOW, KeyMode.TEST)
    second = Till(books.test_client(), bearer(key.secret))
    first = florist.buy(cast.ben, 5000, external_id="R-1", location_id=place)
    again = receipt(cast.ben, 5000, external_id="R-1", source=place)
    assert id_of(good(second.post("/transactions", again | {"location_id": place}))) == id_of(first)


def test_a_source_leaves_room_for_its_partner(app, cast, florist):
    long = receipt(cast.ben, 5000, source="s" * 34)
    refused = florist.post("/transactions", long)
    assert code_of(refused) == (422, "validation_failed")
    assert refused.json["errors"][0]["code"] == "too_long"
    florist.buy(cast.ben, 5000, source="s" * 33)


def test_reports_of_partners_are_apart_too(books, cast, bakery, florist):
    with books.app_context(), transaction() as tx:
        install(tx, ACTIVITY_TYPES, "tasting", {"names": {"en": "Tasting"}}, "cli:eva", NOW)
    body = {"member_id": cast.ben.id, "type": "tasting"} | SAME
    mine, other = (good(one.post("/events", body), 201)["event"] for one in (bakery, florist))
    assert mine["id"] != other["id"]
    before = rows_of(books, but=("idempotency_record",))
    stolen = florist.post(f"/events/{mine['id']}/cancellation")
    assert code_of(stolen) == (404, "not_found")
    assert rows_of(books, but=("idempotency_record",)) == before
    good(bakery.post(f"/events/{mine['id']}/cancellation"))


def test_only_the_partner_that_used_a_voucher_undoes_it(books, cast, bakery, florist):
    with books.app_context(), transaction() as tx:
        give(tx, cast.ben.id, 100)
        code = shown(tx, take(tx, cast.ben.id, offer(tx)))
    used = good(bakery.post(f"/vouchers/{code}/redemption"))["redemption"]["id"]
    before = rows_of(books, but=("idempotency_record",))
    stolen = florist.post(f"/voucher-redemptions/{used}/reversal")
    assert code_of(stolen) == (404, "not_found")
    assert rows_of(books, but=("idempotency_record",)) == before
    undone = good(bakery.post(f"/voucher-redemptions/{used}/reversal"))
    assert undone["redemption"]["state"] == "reversed"
