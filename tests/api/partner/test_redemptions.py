"""Spending points at the till: hold, capture, release, and time running out."""

from datetime import timedelta

import pytest

from server.core.db import reading, transaction
from server.gamification.cards.service import block_card
from server.gamification.members.service import block_member
from tests.builders.members import NOW, qr_of
from tests.builders.tills import code_of, good, money, points_of
from tests.fixtures.tables import rows_of

ANSWERED = ("idempotency_record", "wallet")


@pytest.fixture
def rich(till, cast):
    """Ben has ten points."""
    till.buy(cast.ben, 10_000)
    return cast.ben


def qr(app, member, at=NOW):
    with app.app_context(), reading() as tx:
        return qr_of(tx, member, at)


def buckets(answer):
    (balance,) = answer["updates"]["balances"]
    return balance["amount"], balance["reserved"]


@pytest.mark.parametrize(
    ("language", "display"), [("en", "7 points"), ("ru", "7 баллов"), ("et", "7 punkti")]
)
def test_a_fresh_code_holds_points_for_fifteen_minutes(app, till, rich, language, display):
    body = {"points": 3, "qr": qr(app, rich)}
    answer = good(till.speaking(language).post("/redemptions", body), 201)
    assert answer["redemption"] == {
        "id": answer["redemption"]["id"],
        "member_id": rich.id,
        "state": "held",
        "points": 3,
        "points_captured": 0,
        "worth": money(300),
        "lapses_at": "2026-11-22T14:45:00Z",
    }
    assert answer["redemption"]["id"].startswith("hld_")
    assert answer["updates"]["balances"][0] == {
        "unit": "points",
        "amount": 7,
        "pending": 0,
        "reserved": 3,
        "debt": 0,
        "display": display,
    }


def test_a_hold_is_captured_whole(shop, rich):
    held = shop.hold(rich, 4)
    answer = good(shop.post(f"/redemptions/{held}/capture"))
    assert (answer["redemption"]["state"], answer["redemption"]["points_captured"]) == (
        "captured",
        4,
    )
    assert buckets(answer) == (6, 0)


def test_a_hold_is_captured_in_part_and_the_rest_comes_back(till, shop, rich):
    held = shop.hold(rich, 8)
    answer = good(till.post(f"/redemptions/{held}/capture", {"points": 3}))
    assert answer["redemption"]["points_captured"] == 3
    assert answer["redemption"]["worth"] == money(300)
    assert buckets(answer) == (7, 0)


def test_a_hold_is_released(shop, rich):
    held = shop.hold(rich, 8)
    answer = good(shop.post(f"/redemptions/{held}/release"))
    assert (answer["redemption"]["state"], answer["redemption"]["points_captured"]) == (
        "released",
        0,
    )
    assert buckets(answer) == (10, 0)


@pytest.mark.parametrize("first", ["capture", "release"])
@pytest.mark.parametrize("second", ["capture", "release"])
def test_a_hold_is_resolved_once(app, shop, rich, first, second):
    held = shop.hold(rich, 8)
    good(shop.post(f"/redemptions/{held}/{first}"))
    before = rows_of(app, but=ANSWERED)
    answer = shop.speaking("ru").post(f"/redemptions/{held}/{second}")
    assert code_of(answer) == (409, "hold_resolved")
    state = {"capture": "captured", "release": "released"}[first]
    assert answer.get_json()["params"] == {"state": state}
    said = {"captured": "Эти баллы уже потрачены.", "released": "Эти баллы уже возвращены на счёт."}
    assert answer.get_json()["user_message"] == said[state]
    assert rows_of(app, but=ANSWERED) == before


def test_no_more_is_captured_than_was_held(app, shop, rich):
    held = shop.hold(rich, 8)
    before = rows_of(app, but=ANSWERED)
    answer = shop.post(f"/redemptions/{held}/capture", {"points": 9})
    assert code_of(answer) == (422, "capture_exceeds_hold")
    assert answer.get_json()["params"] == {"held": 8, "asked": 9}
    assert rows_of(app, but=ANSWERED) == before


def test_a_hold_past_its_time_cannot_be_captured_but_given_back(shop, rich, clock_at):
    held = shop.hold(rich, 8)
    clock_at.tick(timedelta(minutes=15))
    answer = shop.post(f"/redemptions/{held}/capture")
    assert code_of(answer) == (409, "hold_resolved")
    assert answer.get_json()["params"] == {"state": "lapsed"}
    assert buckets(good(shop.post(f"/redemptions/{held}/release"))) == (10, 0)


@pytest.mark.parametrize(
    ("language", "spent", "back", "late"),
    [
        (
            "en",
            "These points were spent already.",
            "These points went back to the account already.",
            "The time ran out: these points go back to the account.",
        ),
        (
            "ru",
            "Эти баллы уже потрачены.",
            "Эти баллы уже возвращены на счёт.",
            "Время вышло: эти баллы возвращаются на счёт.",
        ),
        (
            "et",
            "Need punktid on juba kulutatud.",
            "Need punktid on juba kontole tagasi läinud.",
            "Aeg sai läbi: need punktid lähevad kontole tagasi.",
        ),
    ],
)
def test_what_became_of_a_hold_is_said(shop, rich, clock_at, language, spent, back, late):
    holds = [shop.hold(rich, 2) for _ in range(3)]
    good(shop.post(f"/redemptions/{holds[0]}/capture"))
    good(shop.post(f"/redemptions/{holds[1]}/release"))
    clock_at.tick(timedelta(minutes=15))
    caller = shop.speaking(language)
    told = [caller.post(f"/redemptions/{held}/capture").get_json() for held in holds]
    assert [one["user_message"] for one in told] == [spent, back, late]
    assert [one["params"]["state"] for one in told] == ["captured", "released", "lapsed"]
    assert told[0]["detail"].startswith("The held points were spent before.")


def test_the_last_moment_counts(shop, rich, clock_at):
    held = shop.hold(rich, 8)
    clock_at.tick(timedelta(minutes=14, seconds=59))
    assert good(shop.post(f"/redemptions/{held}/capture"))["redemption"]["state"] == "captured"


@pytest.mark.parametrize("verb", ["capture", "release"])
def test_an_unknown_hold_is_not_found(app, till, verb):
    before = rows_of(app, but=ANSWERED)
    answer = till.post(f"/redemptions/hld_nothing/{verb}")
    assert code_of(answer) == (404, "hold_not_found")
    assert rows_of(app, but=ANSWERED) == before


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "You do not have enough for this yet: 1 are missing."),
        ("ru", "На это пока не хватает 1."),
        ("et", "Selleks ei ole veel piisavalt, puudu on 1."),
    ],
)
def test_more_than_there_is_cannot_be_held(app, shop, rich, language, sentence):
    shop.hold(rich, 4)
    before = rows_of(app, but=ANSWERED)
    body = {"points": 7, "member_id": rich.id}
    answer = shop.speaking(language).post("/redemptions", body)
    assert code_of(answer) == (409, "balance_insufficient")
    assert answer.get_json()["params"] == {"available": 6, "missing": 1, "price": 7}
    assert answer.get_json()["user_message"] == sentence
    assert rows_of(app, but=ANSWERED) == before


def test_points_past_their_date_cannot_be_held(shop, rich, clock_at):
    clock_at.tick(timedelta(days=374))
    answer = shop.post("/redemptions", {"points": 1, "member_id": rich.id})
    assert code_of(answer) == (409, "balance_insufficient")
    assert answer.get_json()["params"]["available"] == 0


def test_a_till_needs_the_code_of_the_phone(app, till, rich):
    before = rows_of(app, but=ANSWERED)
    answer = till.post("/redemptions", {"points": 1, "member_id": rich.id})
    assert code_of(answer) == (403, "assurance_too_low")
    assert "sends `qr`" in answer.get_json()["detail"]
    assert answer.get_json()["params"] == {"needs": "fresh_qr"}
    assert rows_of(app, but=ANSWERED) == before


def test_a_code_spends_once(app, till, rich):
    body = {"points": 1, "qr": qr(app, rich)}
    good(till.post("/redemptions", body), 201)
    before = rows_of(app, but=ANSWERED)
    answer = till.post("/redemptions", body)
    assert code_of(answer) == (409, "qr_replayed")
    assert rows_of(app, but=ANSWERED) == before


def test_a_code_that_bought_nothing_is_still_fresh(app, till, rich):
    code = qr(app, rich)
    assert code_of(till.post("/redemptions", {"points": 11, "qr": code})) == (
        409,
        "balance_insufficient",
    )
    assert buckets(good(till.post("/redemptions", {"points": 10, "qr": code}), 201)) == (0, 10)


def test_an_old_code_spends_nothing(app, till, rich):
    before = rows_of(app, but=ANSWERED)
    body = {"points": 1, "qr": qr(app, rich, NOW - timedelta(seconds=61))}
    assert code_of(till.post("/redemptions", body)) == (403, "qr_stale")
    assert rows_of(app, but=ANSWERED) == before


def test_a_blocked_card_or_member_spends_nothing(app, till, shop, rich):
    code = qr(app, rich)
    with app.app_context(), transaction() as tx:
        block_member(tx, rich.id, "cli:eva", "why", NOW)
    for caller, body in ((till, {"qr": code}), (shop, {"member_id": rich.id})):
        answer = caller.post("/redemptions", {"points": 1} | body)
        assert code_of(answer) == (403, "member_blocked")
    with app.app_context(), transaction() as tx:
        block_card(tx, rich.id, NOW)
    answer = till.post("/redemptions", {"points": 1, "qr": code})
    assert code_of(answer) == (403, "card_blocked")


def test_unknown_people_spend_nothing(app, till, shop, rich):
    before = rows_of(app, but=ANSWERED)
    answer = shop.post("/redemptions", {"points": 1, "member_id": "mem_nobody"})
    assert code_of(answer) == (404, "not_found")
    prefix, _, digits = qr(app, rich).split(".")
    unknown = {"points": 1, "qr": f"{prefix}.crd_{'0' * 26}.{digits}"}
    assert code_of(till.post("/redemptions", unknown)) == (404, "not_found")
    assert rows_of(app, but=ANSWERED) == before


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"points": 0}, "/points", "too_small"),
        ({"points": -5}, "/points", "too_small"),
        ({"points": 2**53}, "/points", "too_large"),
        ({"points": "1"}, "/points", "invalid"),
        ({"points": None}, "/points", "required"),
        ({"member_id": None}, "", "exactly_one"),
        ({"qr": "L1.crd.1"}, "", "exactly_one"),
    ],
)
def test_impossible_redemptions_are_refused(app, shop, rich, body, pointer, code):
    before = rows_of(app)
    answer = shop.post("/redemptions", {"points": 1, "member_id": rich.id} | body)
    assert code_of(answer) == (422, "validation_failed")
    errors = answer.get_json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]
    assert rows_of(app) == before


@pytest.mark.parametrize("code", ["", "L1", "L1..", "L9.crd_1.12345678", "L1.crd_1.abc", "🍰" * 9])
def test_what_is_no_code_of_ours_is_refused(till, rich, code):
    answer = till.post("/redemptions", {"points": 1, "qr": code})
    assert answer.status_code in {404, 422}
    assert points_of(till.buy(rich, 0)) == 10


def test_a_refusal_tells_how_many_are_needed_and_there_as_the_reader_writes_them(shop, cast):
    body = {"member_id": cast.ben.id, "points": 12345}
    answer = shop.client.post(
        "/v1/partner/redemptions",
        json=body,
        headers=shop.headers | {"Idempotency-Key": "many", "Accept-Language": "en"},
    ).get_json()
    assert answer["detail"] == "12345 are needed and 0 are available."
    assert "12,345" in answer["user_message"]
    assert answer["params"] == {"price": 12345, "available": 0, "missing": 12345}


def test_a_hold_that_is_not_there_is_told_so(shop):
    answer = shop.post("/redemptions/hld_none/release").get_json()
    assert answer["detail"] == "No points are set aside under this id for this member and partner."
