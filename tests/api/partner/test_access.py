"""Who is let in where a till buys, returns and redeems; and that a refused call changed nothing."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from server.gamification.partners.keys import add_partner_key, revoke_key
from server.gamification.partners.service import (
    add_device,
    add_location,
    offer_pairing,
    pair_device,
    revoke_device,
)
from server.gamification.partners.types import KeyMode, Profile, Scope
from tests.builders.members import NOW, add_shop, bearer, pair_dan
from tests.builders.tills import Till, code_of, id_of, receipt
from tests.fixtures.tables import rows_of

CALLS = {
    "look-up": ("POST", "/member-lookups", Scope.MEMBERS_READ),
    "member": ("GET", "/members/{ben}", Scope.MEMBERS_READ),
    "enrolment": ("POST", "/members", Scope.MEMBERS_WRITE),
    "quote": ("POST", "/quotes", Scope.TRANSACTIONS_WRITE),
    "purchase": ("POST", "/transactions", Scope.TRANSACTIONS_WRITE),
    "batch": ("POST", "/transaction-batches", Scope.TRANSACTIONS_WRITE),
    "return": ("POST", "/transactions/{bought}/returns", Scope.RETURNS_WRITE),
    "cancellation": ("POST", "/transactions/{bought}/cancellation", Scope.RETURNS_WRITE),
    "event": ("POST", "/events", Scope.EVENTS_WRITE),
    "event cancelled": ("POST", "/events/act_none/cancellation", Scope.EVENTS_WRITE),
    "stars": ("POST", "/stars", Scope.EVENTS_WRITE),
    "stars cancelled": ("POST", "/stars/grt_none/cancellation", Scope.EVENTS_WRITE),
    "read": ("GET", "/transactions/{bought}", Scope.TRANSACTIONS_READ),
    "find": ("GET", "/transactions?source=web&external_id=known", Scope.TRANSACTIONS_READ),
    "redemption": ("POST", "/redemptions", Scope.REDEMPTIONS_WRITE),
    "capture": ("POST", "/redemptions/{held}/capture", Scope.REDEMPTIONS_WRITE),
    "voucher": ("POST", "/vouchers/NOTHING/validation", Scope.REDEMPTIONS_WRITE),
    "voucher use": ("POST", "/vouchers/NOTHING/redemption", Scope.REDEMPTIONS_WRITE),
    "reward": ("POST", "/rewards/rwd_none/redemptions", Scope.REDEMPTIONS_WRITE),
    "voucher undone": ("POST", "/voucher-redemptions/vrd_no/reversal", Scope.REDEMPTIONS_WRITE),
    "badge": ("POST", "/members/{ben}/badges", Scope.BADGES_WRITE),
    "release": ("POST", "/redemptions/{held}/release", Scope.REDEMPTIONS_WRITE),
}


@pytest.fixture
def call(shop, cast):
    """Send one of CALLS with these headers, about a purchase and a hold that are there."""
    bought = id_of(shop.buy(cast.ben, 5000, external_id="known", source="web"))
    names = {"bought": bought, "held": shop.hold(cast.ben, 1), "ben": cast.ben.id}
    bodies = {
        "look-up": {"member_id": cast.ben.id},
        "enrolment": {"phone": "555 7777"},
        "quote": {"member_id": cast.ben.id, "total": {"amount_minor": 1, "currency": "EUR"}},
        "purchase": receipt(cast.ben, 1000),
        "batch": {"transactions": [receipt(cast.ben, 1000)]},
        "return": {"external_id": "r"},
        "badge": {"reason": "but which one?"},
        "stars": {"member_id": cast.ben.id, "stars": 1},
        "event": {"member_id": cast.ben.id, "type": "review", "external_id": "e"},
        "redemption": {"points": 1, "member_id": cast.ben.id},
    }

    def send(name, headers):
        method, path, _ = CALLS[name]
        caller = Till(shop.client, headers)
        address = path.format(**names)
        return caller.post(address, bodies.get(name)) if method == "POST" else caller.get(address)

    return send


def in_use(app, make):
    with app.app_context(), transaction() as tx:
        return make(tx)


def assert_refused_everywhere(app, call, headers, status, code):
    before = rows_of(app)
    answers = {name: code_of(call(name, headers)) for name in CALLS}
    assert answers == dict.fromkeys(CALLS, (status, code))
    assert rows_of(app) == before


def test_nobody_is_let_in_without_a_key(app, call):
    assert_refused_everywhere(app, call, {}, 401, "token_missing")


def test_a_member_is_no_shop(app, call, cast):
    assert_refused_everywhere(app, call, cast.as_ana, 401, "app_key_invalid")


def test_an_invented_key_opens_nothing(app, call, cast):
    invented = bearer(cast.shop_key[:-2] + "zz")
    assert_refused_everywhere(app, call, invented, 401, "app_key_invalid")


def test_a_revoked_key_opens_nothing(app, call, cast):
    def make(tx):
        scopes = tuple(Scope)
        key = add_partner_key(tx, cast.shop_id, "old", scopes, NOW, KeyMode.TEST)
        revoke_key(tx, key.id, NOW)
        return key.secret

    assert_refused_everywhere(app, call, bearer(in_use(app, make)), 401, "app_key_invalid")


def test_a_revoked_till_opens_nothing(app, call, cast):
    in_use(app, lambda tx: revoke_device(tx, cast.dan_id, NOW))
    assert_refused_everywhere(app, call, cast.as_dan, 401, "device_revoked")


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_opens_what_its_scope_says_and_no_more(app, call, scope):
    scopes = {scope, Scope.PARTNERS_ALL}
    _, secret, _ = in_use(app, lambda tx: add_shop(tx, *scopes, name="Narrow"))
    before = rows_of(app)
    closed = [name for name in CALLS if CALLS[name][2] is not scope]
    for name in closed:
        answer = call(name, bearer(secret))
        assert code_of(answer) == (403, "scope_missing")
        assert answer.get_json()["params"] == {"scope": CALLS[name][2]}
    assert rows_of(app) == before
    for name in CALLS.keys() - closed:
        assert call(name, bearer(secret)).status_code in {200, 201, 404, 409, 422}


@pytest.mark.parametrize(
    ("profile", "opened"),
    [
        (Profile.TILL_FULL, set(CALLS)),
        (Profile.TILL_SCAN_ONLY, {"look-up", "member", "quote", "purchase", "batch"}),
        (Profile.KIOSK, {"look-up", "member", "enrolment"}),
    ],
)
def test_a_device_may_do_what_it_is_for(app, call, profile, opened):
    _, secret = in_use(app, lambda tx: pair_dan(tx, profile=profile))
    found = {name: call(name, bearer(secret)) for name in CALLS}
    closed = {n for n, a in found.items() if a.status_code == 403 and "scope" in a.json["params"]}
    assert closed == set(CALLS) - opened


def test_a_key_past_its_date_opens_nothing(app, call, cast, clock_at):
    rotated = Till(app.test_client(), cast.as_dan).post("/devices/self/key-rotation")
    assert rotated.status_code == 201
    clock_at.tick(timedelta(days=2))
    assert_refused_everywhere(app, call, cast.as_dan, 401, "app_key_invalid")


TOUCHING = ("read", "find", "return", "cancellation", "capture", "release")
OWN = set(Scope) - {Scope.PARTNERS_ALL}


def add_second_till(tx):
    """A full till at a location of a second partner."""
    partner_id, _, _ = add_shop(tx, *OWN, name="Bakery")
    place = add_location(tx, "Bakery counter", NOW, partner_id=partner_id)
    device = add_device(tx, "Till B", place.id, Profile.TILL_FULL, NOW)
    return pair_device(tx, offer_pairing(tx, device.id, NOW).token, NOW, KeyMode.TEST)[1].secret


def kept_rows(app):
    """Return all rows but the stored refusals."""
    return {name: rows for name, rows in rows_of(app).items() if name != "idempotency_record"}


@pytest.mark.parametrize("make", [lambda tx: add_shop(tx, *OWN, name="B")[1], add_second_till])
def test_what_a_partner_recorded_does_not_exist_for_another(app, call, make):
    headers = bearer(in_use(app, make))
    before = kept_rows(app)
    codes = {name: code_of(call(name, headers))[1] for name in TOUCHING}
    holds = dict.fromkeys(("capture", "release"), "hold_not_found")
    refused = {"find": "validation_failed"} if make is add_second_till else {}
    assert codes == dict.fromkeys(TOUCHING, "not_found") | holds | refused
    assert kept_rows(app) == before


def test_a_purchase_cannot_use_what_another_partner_set_aside(app, shop, cast):
    shop.buy(cast.ben, 5000)
    held = shop.hold(cast.ben, 1)
    _, secret, _ = in_use(app, lambda tx: add_shop(tx, *OWN, name="Bakery"))
    body = receipt(cast.ben, 1000) | {"apply": [{"redemption_id": held}]}
    answer = Till(shop.client, bearer(secret)).post("/transactions", body)
    assert code_of(answer) == (404, "hold_not_found")


def test_a_partner_has_its_own_purchases_and_holds_without_the_scope(app, cast):
    _, secret, _ = in_use(app, lambda tx: add_shop(tx, *OWN, name="Bakery"))
    bakery = Till(app.test_client(), bearer(secret))
    bought = id_of(bakery.buy(cast.ben, 5000, external_id="b1"))
    assert bakery.get(f"/transactions/{bought}").status_code == 200
    held = bakery.hold(cast.ben, 1)
    assert bakery.post(f"/redemptions/{held}/release").status_code == 200
    assert bakery.post(f"/transactions/{bought}/returns", {"external_id": "r"}).status_code == 201


def test_a_key_does_not_record_at_the_location_of_another_partner(app, cast):
    def make(tx):
        owner, _, _ = add_shop(tx, *OWN, name="Bakery")
        return add_location(tx, "Bakery counter", NOW, partner_id=owner).id

    place = in_use(app, make)
    _, secret, _ = in_use(app, lambda tx: add_shop(tx, *OWN, name="Florist"))
    florist = Till(app.test_client(), bearer(secret))
    answer = florist.post("/transactions", receipt(cast.ben, 1000) | {"location_id": place})
    assert code_of(answer) == (422, "validation_failed")
