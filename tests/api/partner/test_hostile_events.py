"""Events that are sent wrong, late, twice or by others: refused with a code, nothing half done."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from server.core.clock import rfc3339
from server.core.db import transaction
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.definitions.service import install
from server.gamification.members.models import MEMBER
from server.gamification.members.service import block_member
from server.gamification.partners.service import add_location
from server.gamification.partners.types import Scope
from tests.api.partner.test_events import add_rule
from tests.builders.members import NOW, add_shop, bearer
from tests.builders.tills import Till, code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)  # a refusal is remembered for its key
TOO_LONG = 501
OWN = set(Scope) - {Scope.PARTNERS_ALL}
OPINION = {
    "names": {"en": "Opinion"},
    "fields": [
        {"name": "stars", "type": "integer", "least": 1, "most": 5},
        {"name": "text", "type": "text"},
        {"name": "site", "type": "choice", "choices": ["google", "own"]},
        {"name": "is_public", "type": "flag"},
        {"name": "visited_on", "type": "day"},
    ],
}


@pytest.fixture
def types(books):
    """Opinions give five points."""
    with books.app_context(), transaction() as tx:
        add_rule(tx, "opinion", 5)
        install(tx, ACTIVITY_TYPES, "opinion", OPINION, "cli:eva", NOW)


def report(caller, member, key=None, **fields):
    body = {"member_id": member.id, "type": "opinion", "external_id": "one"}
    return caller.post("/events", body | fields, key)


def assert_refused(answer, *code):
    assert code_of(answer) == code
    assert answer.get_json()["retryable"] is False


WRONG = [
    {"stars": {"stars": 5}},
    {"stars": [5]},
    {"stars": "5"},
    {"stars": 5.0},
    {"stars": True},
    {"stars": 2**53},
    {"stars": -(2**63)},
    {"text": 5},
    {"text": "x" * TOO_LONG},
    {"text": "\x00"},
    {"text": "a\u202eb"},
    {"text": "a\nb"},
    {"site": "Google"},
    {"site": ["google"]},
    {"is_public": 1},
    {"is_public": "true"},
    {"visited_on": "2026-02-30"},
    {"visited_on": "20260228"},
    {"visited_on": "2026-W09-6"},
    {"__class__": "x"},
    {"a b": 1},
    {"\u202e": 1},
    {"\x00": 1},
    {"x" * 5000: 1},
    {f"f{n}": n for n in range(1000)},
    [],
    "text",
    5,
    None,
]


@pytest.mark.parametrize("data", WRONG, ids=lambda data: ascii(data)[:30])
def test_data_that_is_not_as_declared_is_refused_and_changes_nothing(app, shop, cast, types, data):
    before = rows_of(app, but=KEPT)
    assert_refused(report(shop, cast.ana, data=data), 422, "validation_failed")
    assert rows_of(app, but=KEPT) == before


def test_data_nested_without_end_is_not_read(app, shop, cast, types):
    before = rows_of(app, but=KEPT)
    data: dict[str, Any] = {"text": 1}
    for _ in range(100):
        data = {"text": data}
    assert_refused(report(shop, cast.ana, data=data), 400, "malformed_json")
    assert rows_of(app, but=KEPT) == before


def test_a_text_may_be_as_long_as_its_type_allows(shop, cast, types):
    told = good(report(shop, cast.ana, data={"text": "ä" * (TOO_LONG - 1)}), 201)
    assert told["event"]["duplicate"] is False


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"member_id": "mem_none"}, 404, "not_found"),
        ({"location_id": "loc_none"}, 422, "validation_failed"),
        ({"source": "loc_other"}, 422, "validation_failed"),
        ({"occurred_at": "2027-11-22T00:00:00Z"}, 422, "transaction_in_future"),
        ({"occurred_at": "2001-01-01T00:00:00Z"}, 422, "transaction_too_old"),
        ({"occurred_at": "9999-12-31T23:59:59Z"}, 422, "validation_failed"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, 422, "validation_failed"),
        ({"occurred_at": "2026-11-22"}, 422, "validation_failed"),
        ({"external_id": ""}, 422, "validation_failed"),
        ({"external_id": "a\u202eb"}, 422, "validation_failed"),
        ({"type": "purchase"}, 404, "activity_type_unknown"),
        ({"type": "redemption"}, 404, "activity_type_unknown"),
    ],
)
def test_a_report_of_nobody_nowhere_or_never_changes_nothing(
    app, shop, cast, types, fields, status, code
):
    before = rows_of(app, but=KEPT)
    assert_refused(report(shop, cast.ana, **fields), status, code)
    assert rows_of(app, but=KEPT) == before


def test_a_blocked_member_earns_nothing_but_a_retry_has_its_answer(app, shop, cast, types):
    first = good(report(shop, cast.ana), 201)["event"]
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    before = rows_of(app, but=KEPT)
    assert good(report(shop, cast.ana), 200)["event"] == first | {"duplicate": True}
    assert_refused(report(shop, cast.ana, external_id="two"), 403, "member_blocked")
    assert rows_of(app, but=KEPT) == before


def test_a_merged_member_earns_nothing_and_the_new_one_is_told(app, shop, cast, types):
    with app.app_context(), transaction() as tx:
        values = {"status": "merged", "merged_into_id": cast.ben.id}
        tx.execute(update(MEMBER).where(MEMBER.c.id == cast.ana.id).values(values))
    answer = report(shop, cast.ana)
    assert_refused(answer, 410, "member_merged")
    assert answer.get_json()["params"] == {"new_member_id": cast.ben.id}
    assert [row for row in rows_of(app)["activity"] if row["kind"] == "opinion"] == []


def test_a_report_sent_again_long_after_has_its_first_answer(app, shop, cast, types, clock_at):
    sent = {"occurred_at": rfc3339(NOW), "data": {"stars": 5}}
    first = good(report(shop, cast.ana, **sent), 201)["event"]
    clock_at.tick(timedelta(days=4000))
    before = rows_of(app, but=KEPT)
    assert good(report(shop, cast.ana, **sent), 200)["event"] == first | {"duplicate": True}
    assert rows_of(app, but=KEPT)["activity"] == before["activity"]
    other = report(shop, cast.ana, external_id="two", **sent)
    assert_refused(other, 422, "transaction_too_old")


def test_a_cancelled_report_stays_so_under_any_key(app, shop, cast, types):
    event = good(report(shop, cast.ana, "first"), 201)["event"]
    good(shop.post(f"/events/{event['id']}/cancellation", {}))
    before = rows_of(app, but=KEPT)
    for key in ("second", "third"):
        again = good(report(shop, cast.ana, key), 200)["event"]
        assert again == event | {"duplicate": True, "state": "cancelled"}
    assert rows_of(app, but=KEPT) == before


def test_a_receipt_and_a_report_of_one_number_are_two_things(shop, cast, types):
    event = good(report(shop, cast.ana, source="web"), 201)["event"]
    bought = shop.buy(cast.ana, 1000, external_id="one", source="web")["transaction"]
    assert bought["id"] != event["id"]
    answer = shop.post(f"/transactions/{event['id']}/cancellation", {})
    assert code_of(answer) == (404, "not_found")


def of_another(app):
    """The key of a second partner without the scope for all, and a location of that partner."""
    with app.app_context(), transaction() as tx:
        partner_id, secret, _ = add_shop(tx, *OWN, name="Bakery")
        place = add_location(tx, "Bakery counter", NOW, partner_id=partner_id)
    return Till(app.test_client(), bearer(secret)), place.id


def test_a_partner_cancels_its_own_events_and_no_others(app, shop, cast, types):
    bakery, place = of_another(app)
    florist, _ = of_another(app)
    own = good(report(bakery, cast.ana, location_id=place), 201)["event"]["id"]
    theirs = good(report(shop, cast.ana), 201)["event"]["id"]
    before = rows_of(app, but=KEPT)
    for caller, event_id in ((bakery, theirs), (florist, own)):
        answer = caller.post(f"/events/{event_id}/cancellation", {})
        assert_refused(answer, 404, "not_found")
    assert_refused(report(florist, cast.ana, location_id=place), 422, "validation_failed")
    assert rows_of(app, but=KEPT) == before
    good(bakery.post(f"/events/{own}/cancellation", {}))
    good(shop.post(f"/events/{theirs}/cancellation", {}))


def test_a_key_of_one_partner_replays_nothing_to_another(app, shop, cast, types):
    bakery, _ = of_another(app)
    first = good(report(shop, cast.ana, "same-key"), 201)["event"]
    second = report(bakery, cast.ana, "same-key")
    assert "Idempotent-Replayed" not in second.headers
    assert good(second, 201)["event"]["id"] != first["id"]
