"""Who is it? Every way to name a member, and what a cashier is shown."""

from datetime import timedelta

import pytest

from server.core.db import reading, transaction
from server.gamification.cards.service import block_card, new_spoken_code, spend_with_code
from server.gamification.members.identifiers import add_identifier
from server.gamification.members.service import block_member
from server.gamification.members.types import IdentifierKind
from tests.builders.members import NOW, VAULT, identifier, number_of, qr_of

PATH = "/v1/partner/member-lookups"


def code_of(response):
    return response.status_code, response.get_json()["code"]


def look_up(client, headers, **probe):
    return client.post(PATH, json=probe, headers=headers)


def test_a_fresh_code_names_the_member_and_can_spend(app, client, cast):
    with app.app_context(), reading() as tx:
        qr = qr_of(tx, cast.ana, NOW)
    assert look_up(client, cast.as_dan, qr=qr).get_json() == {
        "match": "one",
        "assurance": "fresh_qr",
        "member": {
            "id": cast.ana.id,
            "display_name": "Ana K.",
            "tier": "Bronze",
            "balance": 0,
            "birthday": "this_week",
            "last_visit": None,
        },
        "can_spend": True,
        "hints": [],
        "usable": [],
    }


def test_an_old_or_spent_code_earns_only(app, client, cast, clock_at):
    with app.app_context(), transaction() as tx:
        qr = qr_of(tx, cast.ana, NOW)
        spend_with_code(tx, VAULT, qr, NOW)
    spent = look_up(client, cast.as_dan, qr=qr).get_json()
    assert (spent["assurance"], spent["can_spend"]) == ("stale_qr", False)
    clock_at.tick(timedelta(days=90))
    old = look_up(client, cast.as_dan, qr=qr).get_json()
    assert (old["member"]["id"], old["assurance"]) == (cast.ana.id, "stale_qr")


@pytest.mark.parametrize(
    "phone", ["+3725551234", "555 1234", "00372-555-12-34", "(372) 5551234", "+372 555 1234"]
)
def test_a_phone_is_found_in_any_form(client, cast, phone):
    found = look_up(client, cast.as_dan, phone=phone).get_json()
    assert (found["match"], found["assurance"], found["can_spend"]) == ("one", "phone", False)
    assert found["member"]["id"] == cast.ana.id


def test_every_other_way_to_name_a_member(app, client, cast):
    with app.app_context(), transaction() as tx:
        number = number_of(tx, cast.ana)
        spoken = new_spoken_code(tx, cast.ana.id, NOW).code
        own = identifier(IdentifierKind.EXTERNAL, "4711", cast.shop_id)
        add_identifier(tx, VAULT, cast.ana.id, own, NOW)
    probes = {
        "card": number,
        "spoken": spoken.lower(),
        "email": "ANA@example.com",
        "external_id": "4711",
        "member_id": cast.ana.id,
    }
    for caller in (cast.as_dan, cast.as_shop):
        answers = {name: look_up(client, caller, **{name: it}) for name, it in probes.items()}
        found = {name: answer.get_json() for name, answer in answers.items()}
        assert {name: one["member"]["id"] for name, one in found.items()} == dict.fromkeys(
            probes, cast.ana.id
        )
        assert {name: one["assurance"] for name, one in found.items()} == {
            name: "id" if name == "member_id" else name for name in probes
        }
        assert not any(one["can_spend"] for one in found.values())


@pytest.mark.parametrize(
    "probe",
    [
        {"phone": "+37255500000"},
        {"email": "nobody@example.com"},
        {"external_id": "nobody"},
        {"member_id": "mem_nobody"},
        {"spoken": "CCCCC"},
        {"card": "2200000000002"},
        {"qr": "L1.crd_01jd3000000000000000000000.12345678"},
    ],
)
def test_nobody_matches(client, cast, probe):
    assert look_up(client, cast.as_dan, **probe).get_json() == {
        "match": "none",
        "assurance": None,
        "member": None,
        "can_spend": False,
        "hints": [],
        "usable": [],
    }


@pytest.mark.parametrize(
    ("probe", "pointer", "code"),
    [
        ({}, "", "exactly_one"),
        ({"phone": None}, "", "exactly_one"),
        ({"phone": "5551234", "card": "2200000000002"}, "", "exactly_one"),
        ({"phone": "abc"}, "/phone", "invalid_phone"),
        ({"email": "abc"}, "/email", "invalid_email"),
        ({"card": "2200000000003"}, "/card", "invalid_card_number"),
        ({"qr": "https://example.com"}, "/qr", "invalid_qr"),
        ({"spoken": "OOOO"}, "/spoken", "invalid_spoken_code"),
        ({"name": "Ana"}, "/name", "unknown_field"),
        ({"phone": 5551234}, "/phone", "invalid"),
    ],
)
def test_what_names_nobody_is_refused(client, cast, probe, pointer, code):
    answer = look_up(client, cast.as_dan, **probe)
    assert code_of(answer) == (422, "validation_failed")
    errors = answer.get_json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]


def test_a_blocked_card_and_a_late_spoken_code_say_so(app, client, cast, clock_at):
    with app.app_context(), transaction() as tx:
        card = block_card(tx, cast.ana.id, NOW)
        spoken = new_spoken_code(tx, cast.ana.id, NOW).code
    refused = look_up(client, cast.as_dan, card=card.number)
    assert code_of(refused) == (403, "card_blocked")
    assert refused.get_json()["params"] == {"state": "blocked"}
    clock_at.tick(timedelta(seconds=120))
    assert code_of(look_up(client, cast.as_dan, spoken=spoken)) == (410, "spoken_code_expired")


def test_a_blocked_member_is_not_served(app, client, cast):
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    answer = look_up(client, cast.as_dan, phone="5551234")
    assert code_of(answer) == (403, "member_blocked")


def test_one_external_id_at_two_partners_is_ambiguous_for_a_till(app, client, cast):
    with app.app_context(), transaction() as tx:
        ours = identifier(IdentifierKind.EXTERNAL, "7", cast.shop_id)
        add_identifier(tx, VAULT, cast.ana.id, ours, NOW)
        add_identifier(tx, VAULT, cast.ben.id, identifier(IdentifierKind.EXTERNAL, "7"), NOW)
    answer = look_up(client, cast.as_dan, external_id="7")
    assert code_of(answer) == (409, "lookup_ambiguous")
    shop = look_up(client, cast.as_shop, external_id="7").get_json()
    assert shop["member"]["id"] == cast.ana.id
