"""The examples of the reference: of the right shape, and working in the demo shop as they stand."""

import re
from datetime import timedelta
from itertools import count

import pytest

from server.api.openapi import document_of
from server.app import SURFACES
from server.core.clock import local_date
from server.core.db import transaction
from server.core.ids import EXAMPLE_MEMBER_ID
from server.demo.cafe import Cafe
from server.demo.keys import make_keys
from server.demo.story import chapters, tell
from server.gamification.members.queries import get_member
from server.gamification.partners.service import offer_pairing
from server.gamification.programme.queries import get_programme
from server.gamification.vouchers.redeeming import Reason, issue
from server.notifications.mail.service import latest_mails
from tests.builders.members import NOW, VAULT, bearer, sign_in
from tests.builders.messages import earned, messages
from tests.builders.messages import tell as tell_members
from tests.builders.raffles import CHEAP, open_raffle
from tests.builders.rewards import shown

IN_TURN = (
    ("redeemRewardAtTill", "partner"),
    ("createEvent", "partner"),
    ("giveBadge", "partner"),
    ("giveStars", "till"),
    ("markBadgesSeen", "member"),
    ("changeMyMessage", "member"),
    ("markInboxRead", "member"),
    ("createPushReceipts", "member"),
    ("changeMyPreferences", "member"),
    ("putMyConsent", "member"),
    ("forceOutcome", "partner"),
    ("playGame", "member"),
)


def endpoints():
    """Every operation with a body, of all surfaces."""
    for surface in SURFACES:
        surface.load()
    return [one for surface in SURFACES for one in surface.endpoints if one.body is not None]


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda one: one.operation_id)
def test_an_example_has_the_shape_of_its_schema(endpoint):
    example = dict(endpoint.body.example)
    assert endpoint.body.load(example) is not None
    assert bool(example) == bool(endpoint.body.fields)
    document = document_of(endpoint.surface)
    operation = document["paths"][endpoint.path][endpoint.method.lower()]
    assert operation["requestBody"]["content"]["application/json"]["example"] == example


@pytest.fixture
def cafe(sqlite_app, clock_at):
    """A small demo shop: who may call what, and the client."""
    with sqlite_app.app_context(), transaction() as tx:
        built = Cafe(VAULT, NOW)
        built.found(tx, NOW - timedelta(days=21))
        zone = get_programme(tx).zone
        for chapter in chapters(tell(7, 6, 20, local_date(NOW, zone), zone)):
            for day in chapter:
                built.live(tx, day)
        keys = make_keys(tx, VAULT, NOW)
        token = sign_in(tx, get_member(tx, EXAMPLE_MEMBER_ID)).access_token
    return sqlite_app.test_client(), {
        "partner": bearer(keys.partner),
        "till": bearer(keys.till),
        "member": bearer(token),
    }


def told_of_points(app):
    """Tell the member of the examples something and return the message's id."""
    with app.app_context():
        with transaction() as tx:
            earned(tx, EXAMPLE_MEMBER_ID)
        tell_members(NOW)
        return next(row.id for row in messages() if row.member_id == EXAMPLE_MEMBER_ID)


def example_of(operation_id):
    return next(one for one in endpoints() if one.operation_id == operation_id)


def test_every_example_works_in_the_demo_shop(sqlite_app, cafe):
    client, callers = cafe
    numbers, seen = count(1), {"member_id": EXAMPLE_MEMBER_ID, "game_id": "wheel"}

    def try_out(operation_id, caller="partner", **instead):
        endpoint = example_of(operation_id)
        headers = {**callers[caller], "Idempotency-Key": f"try-{next(numbers)}"}
        path = re.sub(r"{(\w+)}", lambda part: seen[part[1]], endpoint.path)
        body = dict(endpoint.body.example) | instead
        answer = client.open(path, method=endpoint.method, json=body, headers=headers)
        assert answer.status_code in {200, 201, 202, 204}, (operation_id, answer.text)
        tried.add(operation_id)
        return answer.get_json(silent=True)

    tried: set[str] = set()
    for name in ("createQuote", "createTransactionBatch", "lookUpMember", "enrolMember"):
        try_out(name, "till")
    assert try_out("changeMember")["attributes"] == {"favourite": "flat white"}
    seen["transaction_id"] = try_out("createTransaction", "till")["transaction"]["id"]
    assert try_out("createReturn")["return"]["amount"]["amount_minor"] > 0
    try_out("cancelTransaction")
    for name in ("captureRedemption", "releaseRedemption"):
        seen["redemption_id"] = try_out("createRedemption")["redemption"]["id"]
        try_out(name)
    with sqlite_app.app_context(), transaction() as tx:
        given = issue(tx, EXAMPLE_MEMBER_ID, "coffee", Reason("test", "try", "staff:eva"), NOW)
        seen |= {"code": shown(tx, given), "reward_id": given.reward_id}
        seen["raffle_id"] = open_raffle(tx, settings=CHEAP)
    for name in ("validateVoucher", "redeemVoucher"):
        try_out(name, "till")
    made = client.post("/v1/sandbox/test-clocks", json={}, headers=callers["partner"])
    seen["clock_id"] = made.get_json()["id"]
    try_out("advanceTestClock")
    seen |= {"message_id": told_of_points(sqlite_app), "purpose": "marketing_push"}
    device = try_out("changeOwnDevice", "till")
    for name in ("changeMe", "quoteTransfer", "createTransfer", "createMyEvents", "enterRaffle"):
        try_out(name, "member")
    for name, caller in IN_TURN:
        try_out(name, caller)
    seen["challenge_id"] = "coffee-quiz"
    assert try_out("answerChallenge", "member")["attempt"]["is_passed"]
    challenge = try_out("createOtpChallenge", "member")
    with sqlite_app.app_context(), transaction() as tx:
        (mail,) = latest_mails(tx, VAULT)
        pairing = offer_pairing(tx, device["id"], NOW)
    code = re.findall(r"\d{6}", mail.message.body)[0]
    try_out("createSession", "member", challenge_id=challenge["id"], code=code)
    try_out("pairDevice", token=pairing.token)
    assert tried >= {one.operation_id for one in endpoints() if one.body.fields}
