"""Who is let in where a till buys, returns and redeems; and that a refused call changed nothing."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from server.gamification.partners.keys import add_partner_key, revoke_key
from server.gamification.partners.service import revoke_device
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
    "read": ("GET", "/transactions/{bought}", Scope.TRANSACTIONS_READ),
    "find": ("GET", "/transactions?source=web&external_id=known", Scope.TRANSACTIONS_READ),
    "redemption": ("POST", "/redemptions", Scope.REDEMPTIONS_WRITE),
    "capture": ("POST", "/redemptions/{held}/capture", Scope.REDEMPTIONS_WRITE),
    "voucher": ("POST", "/vouchers/NOTHING/validation", Scope.REDEMPTIONS_WRITE),
    "voucher use": ("POST", "/vouchers/NOTHING/redemption", Scope.REDEMPTIONS_WRITE),
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
    _, secret, _ = in_use(app, lambda tx: add_shop(tx, scope, name="Narrow"))
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
