"""Badges given at the till: once for a key, within the quota, with what they bring."""

import pytest

from server.core.db import transaction
from tests.builders.badges import publish
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of

KEPT = ("idempotency_record",)


@pytest.fixture
def ambassador(books):
    """A badge of two levels with five points each, three of which may be given a day."""
    with books.app_context(), transaction() as tx:
        names = {"en": "Ambassador", "ru": "Посол"}
        publish(tx, "earned", "visits >= 100")
        staff = {"quota": 3, "per": "day"}
        return publish(tx, "ambassador", None, None, names=names, staff=staff)


def give(till, member, badge="ambassador", key=None):
    body = {"badge_id": badge, "reason": "Brought three friends"}
    return till.post(f"/members/{member.id}/badges", body, key)


def test_a_badge_brings_its_points_once(till, cast, ambassador):
    given = good(give(till.speaking("ru"), cast.ana, key="one"), 201)
    assert given["badge"] | {"award_id": ""} == {
        "award_id": "", "badge_id": ambassador.id, "title": "Посол", "level": 1,
        "expires_at": None,
    }  # fmt: skip
    told = {"kind": "points", "amount": 5, "key": "points", "text": "+5 баллов"}
    assert given["granted"] == [told]
    assert given["updates"]["balances"][0]["amount"] == 5
    assert good(give(till.speaking("ru"), cast.ana, key="one"), 201) == given
    second = good(give(till, cast.ana, ambassador.id), 201)
    assert (second["badge"]["level"], second["updates"]["balances"][0]["amount"]) == (2, 10)


def test_a_refused_badge_changes_nothing(app, till, cast, ambassador):
    for _ in range(2):
        good(give(till, cast.ana), 201)
    before = rows_of(app, but=KEPT)
    assert code_of(give(till, cast.ana)) == (409, "badge_held")
    assert code_of(give(till, cast.ana, "earned")) == (409, "badge_not_grantable")
    assert code_of(give(till, cast.ana, "none")) == (404, "badge_unknown")
    good(give(till, cast.ben), 201)
    before = rows_of(app, but=KEPT)
    spent = give(till, cast.ben)
    assert code_of(spent) == (409, "badge_quota_spent")
    assert spent.get_json()["params"] == {"quota": 3, "next_on": "2026-11-23"}
    nobody = till.post("/members/mem_none/badges", {"badge_id": "ambassador", "reason": "why"})
    assert code_of(nobody) == (404, "not_found")
    assert rows_of(app, but=KEPT) == before


def test_a_badge_can_be_tried_out(app, till, cast, ambassador):
    before = rows_of(app, but=KEPT)
    body = {"badge_id": "ambassador", "reason": "why"}
    tried = till.post(f"/members/{cast.ana.id}/badges", body, Loyalty_Dry_Run="1")
    assert good(tried, 201)["badge"]["level"] == 1
    assert rows_of(app, but=KEPT) == before
