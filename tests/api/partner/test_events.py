"""Activities besides purchases: what a report earns, how often it counts, and taking it back."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from server.core.db import transaction
from server.core.ids import new_id
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.definitions import service as definitions
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import install
from server.gamification.earning.models import EARN_RULE
from tests.builders.members import NOW
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of
from tests.gamification.activity_types.test_rules import REVIEW

KEPT = ("idempotency_record",)


def add_rule(tx, activity, points, **conditions):
    row = {"id": new_id("rul", NOW), "version": 1, "kind": "action", "names": {"en": activity}}
    kept = {"activity": activity, "uses_tier_multiplier": False} | conditions
    row |= {"points": points, "per_minor": 0, "conditions": kept}
    tx.execute(insert(EARN_RULE), row | {"created_at": NOW, "archived_at": None})


@pytest.fixture
def types(books):
    """Reviews give 5 points and a star, check-ins a visit once a day."""
    with books.app_context(), transaction() as tx:
        add_rule(tx, "review", 5)
        add_rule(tx, "review", 1, unit="stars")
        install(tx, ACTIVITY_TYPES, "review", REVIEW, "cli:eva", NOW)
        check_in = {"names": {"en": "Check-in"}, "often": "daily", "is_visit": True}
        install(tx, ACTIVITY_TYPES, "check_in", check_in, "cli:eva", NOW)


def report(shop, member, kind="review", external_id="one", **fields):
    body = {"member_id": member.id, "type": kind, "external_id": external_id}
    data = {"data": {"stars": 5}} if kind == "review" else {}
    return shop.post("/events", body | data | fields)


def moved(posted):
    return {part["unit"]: part["amount"] for part in posted["updates"]["balances"]}


def test_a_review_gives_points_and_a_star_once(shop, cast, types):
    posted = good(report(shop, cast.ana), 201)
    assert moved(posted) == {"points": 5, "stars": 1}
    effects = [(one["kind"], one["points"]["unit"], one["text"]) for one in posted["effects"]]
    assert effects == [
        ("points_awarded", "points", "+5 points"),
        ("points_awarded", "stars", "+1 star"),
    ]
    again = good(report(shop, cast.ana), 200)
    assert (again["event"]["duplicate"], moved(again)) == (True, {"points": 5})
    assert again["event"]["id"] == posted["event"]["id"]


def test_the_same_number_with_other_content_is_refused(shop, cast, types):
    good(report(shop, cast.ana), 201)
    answer = report(shop, cast.ana, data={"stars": 1})
    assert code_of(answer) == (409, "transaction_duplicate_mismatch")
    assert code_of(report(shop, cast.ben)) == (409, "transaction_duplicate_mismatch")


def test_a_report_that_is_not_as_declared_changes_nothing(app, shop, cast, types):
    before = rows_of(app, but=KEPT)
    wrong = report(shop, cast.ana, data={"stars": 9, "colour": "red"})
    assert code_of(wrong) == (422, "validation_failed")
    pointers = [error["pointer"] for error in wrong.get_json()["errors"]]
    assert pointers == ["/data/colour", "/data/stars"]
    assert code_of(report(shop, cast.ana, "dance")) == (404, "activity_type_unknown")
    assert rows_of(app, but=KEPT) == before


def test_a_check_in_counts_once_a_day(shop, cast, types, clock_at):
    good(report(shop, cast.ana, "check_in"), 201)
    again = report(shop, cast.ana, "check_in", "two")
    assert code_of(again) == (409, "activity_too_often")
    good(report(shop, cast.ben, "check_in", "three"), 201)
    clock_at.tick(timedelta(days=1))
    good(report(shop, cast.ana, "check_in", "four"), 201)


def test_what_a_report_gave_is_taken_back(shop, cast, types):
    posted = good(report(shop, cast.ana), 201)
    address = f"/events/{posted['event']['id']}/cancellation"
    done = good(shop.post(address, {}))
    assert (done["state"], done["points_taken"], moved(done)) == (
        "cancelled",
        5,
        {"points": 0, "stars": 0},
    )
    assert good(shop.post(address, {})) == done | {
        "updates": good(shop.post(address, {}))["updates"]
    }


def test_a_purchase_is_not_cancelled_as_an_event(shop, cast, types):
    bought = shop.buy(cast.ana, 1000)["transaction"]["id"]
    assert code_of(shop.post(f"/events/{bought}/cancellation", {})) == (404, "not_found")


def test_a_report_sent_again_has_its_first_answer_whatever_became_of_its_type(
    books, shop, cast, types
):
    first = good(report(shop, cast.ana), 201)
    stricter = REVIEW | {"fields": [{"name": "stars", "type": "integer", "most": 3}]}
    with books.app_context(), transaction() as tx:
        kept = get_definition(tx, "activity_type", "review")
        draft = (kept.id, kept.edit)
        definitions.change_draft(tx, ACTIVITY_TYPES, draft, stricter, "cli:eva", NOW)
        definitions.publish(tx, ACTIVITY_TYPES, kept.id, "cli:eva", NOW)
    again = good(report(shop, cast.ana), 200)
    assert again["event"] == first["event"] | {"duplicate": True}
    with books.app_context(), transaction() as tx:
        definitions.archive(tx, ACTIVITY_TYPES, kept.id, "cli:eva", NOW)
    assert good(report(shop, cast.ana), 200)["event"] == again["event"]
    assert code_of(report(shop, cast.ana, external_id="two"))[1] == "activity_type_unknown"
