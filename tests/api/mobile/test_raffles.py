"""Raffles in the app: what can be won, entering, tickets with why, giving them back."""

from datetime import timedelta

import pytest

from server.core.db import transaction
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.service import pause
from server.gamification.grants.service import give as give_benefits
from server.gamification.grants.types import Reason
from server.gamification.raffles.publishing import RAFFLES
from tests.builders.members import NOW, bearer
from tests.builders.purchases import add_member, give
from tests.builders.raffles import EVA, christmas, enter, open_raffle
from tests.builders.tills import code_of, good
from tests.fixtures.tables import rows_of


class Phone:
    """Ben's phone."""

    def __init__(self, client, headers):
        self.client, self.headers, self.count = client, headers, 0

    def get(self, path, language="en"):
        headers = self.headers | {"Accept-Language": language}
        return self.client.get(f"/v1/me/{path}", headers=headers)

    def post(self, path, key=None, **body):
        self.count += 1
        headers = self.headers | {"Idempotency-Key": key or f"tap-{self.count}"}
        return self.client.post(f"/v1/me/{path}", json=body, headers=headers)

    def enter(self, raffle, tickets=1, **more):
        return self.post(f"raffles/{raffle}/entries", kind="buy", tickets=tickets, **more)


@pytest.fixture
def phone(books, client, cast):
    """Ben has five hundred points and a phone."""
    with books.app_context(), transaction() as tx:
        give(tx, cast.ben.id, 500)
    return Phone(client, bearer(cast.ben_tokens.access_token))


def publish(app, key="xmas", **changes):
    with app.app_context(), transaction() as tx:
        return open_raffle(tx, key, **changes)


def crowd(app, raffle, people, tickets=1):
    with app.app_context(), transaction() as tx:
        for _ in range(people):
            member_id = add_member(tx)
            give(tx, member_id, 50 * tickets)
            enter(tx, member_id, raffle, tickets)


def test_a_raffle_in_full(books, phone):
    raffle = publish(books, free_entry={"tickets": 1}, given=True, texts={"en": "For two."})
    shown = good(phone.get(f"raffles/{raffle}"))
    assert shown["my"].pop("entrant").isalnum()
    assert shown.pop("beacon")["source"] == "drand"
    assert len(shown.pop("rules_hash")) == 64
    assert shown.pop("draws_at").startswith("2026-12-02T14:32:0")
    money = {"amount_minor": 6000, "currency": "EUR"}
    assert shown == {
        "id": raffle,
        "key": "xmas",
        "title": "Christmas draw",
        "description": "For two.",
        "image": None,
        "state": "selling",
        "policy": "second_chance",
        "my": {"tickets": 0, "text": "You have 0 tickets", "result": None},
        "totals": {"tickets": 0, "entrants": 0, "main_prizes": 1, "consolation_prizes": 3},
        "odds": {
            "floor": {"ppm": 250000, "text": "at least 1 in 4 wins something"},
            "any_prize": {"ppm": 1000000, "text": "1 in 1"},
            "main_prize": {"ppm": 1000000, "text": "1 in 1"},
            "as_of": "2026-11-22T14:30:00Z",
        },
        "entry": {
            "price": {"amount": 50, "unit": "points", "text": "50 points"},
            "cap": 10,
            "left": 10,
            "free_route": True,
        },
        "ways": [
            {"kind": "free", "text": "Enter for nothing: 1 ticket"},
            {"kind": "given", "text": "Challenges and badges may give tickets"},
            {"kind": "buy", "text": "A ticket for 50 points"},
        ],
        "prizes": [{"title": "Dinner for two", "quantity": 1, "value": money, "image": None}],
        "consolation": {"amount": 60, "unit": "points", "text": "60 points"},
        "opens_at": "2026-11-21T14:30:00Z",
        "closes_at": "2026-12-02T14:30:00Z",
        "rules_url": f"/raffles/{raffle}/rules",
        "result_url": f"/raffles/{raffle}",
        "proof_url": None,
        "actions": [
            {"kind": "enter", "label": "Get a ticket", "enabled": True, "reason": None},
            {"kind": "enter_free", "label": "Enter for nothing", "enabled": True, "reason": None},
        ],
    }


def test_entering_takes_points_and_tells_what_moved(books, phone):
    raffle = publish(books)
    answer = good(phone.enter(raffle, 3), 201)
    assert answer["entry"]["text"] == "Bought for 150 points"
    assert len(answer["entry"]["numbers"]) == 3
    assert answer["updates"]["balances"][0]["amount"] == 350
    assert answer["updates"]["raffles"] == [{"id": raffle, "tickets": 3}]
    assert answer["raffle"]["my"]["text"] == "You have 3 tickets"
    assert answer["raffle"]["totals"]["entrants"] == 1


def test_a_repeated_tap_enters_once(books, phone):
    raffle = publish(books)
    first, again = (phone.enter(raffle, key="same") for _ in range(2))
    assert (again.status_code, again.json) == (201, first.json)
    assert good(phone.get(f"raffles/{raffle}"))["my"]["tickets"] == 1


def test_odds_are_those_of_the_pool(books, phone, clock_at):
    raffle = publish(books)
    crowd(books, raffle, 20)
    crowd(books, raffle, 3, tickets=10)
    good(phone.enter(raffle, 2), 201)
    clock_at.tick(timedelta(minutes=2))
    odds = good(phone.get(f"raffles/{raffle}"))["odds"]
    assert odds["main_prize"] == {"ppm": 2 * 1_000_000 // 52, "text": "about 1 in 26"}
    any_prize = 2 / 52 + 50 / 52 * 6 / 23
    assert odds["any_prize"] == {"ppm": int(any_prize * 1_000_000), "text": "1 in 3.5"}


def test_tickets_say_why_there_are_and_can_be_given_back(books, phone, cast):
    raffle = publish(books, free_entry={"tickets": 1}, given=True)
    bought = good(phone.enter(raffle, 2), 201)["entry"]["id"]
    good(phone.post(f"raffles/{raffle}/entries", kind="free"), 201)
    with books.app_context(), transaction() as tx:
        names = {"en": "Three mornings", "et": "Kolm hommikut"}
        tickets = [Benefit(BenefitKind.TICKETS, 1, "xmas")]
        give_benefits(tx, cast.ben.id, tickets, Reason("challenge", "x", names), EVA, NOW)
    items = good(phone.get(f"raffles/{raffle}/tickets", "et"))["items"]
    assert {one["text"] for one in items} == {
        "Ostetud hinnaga 100 punkti",
        "Tasuta osalemine",
        "Kolm hommikut",
    }
    answer = good(phone.post(f"raffles/{raffle}/entries/{bought}/cancellation"))
    assert (answer["entry"]["state"], answer["entry"]["text"]) == ("cancelled", "Given back")
    assert answer["updates"]["raffles"] == [{"id": raffle, "tickets": 2}]
    assert answer["updates"]["balances"][0]["amount"] == 500
    page = good(phone.get(f"raffles/{raffle}/tickets?limit=2"))
    rest = good(phone.get(f"raffles/{raffle}/tickets?limit=2&cursor={page['next_cursor']}"))
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)


def test_what_cannot_be_done_says_why(books, phone, client, cast):
    raffle = publish(books, cap=2, who={"age_min": 0})
    adults = publish(books, "adults", who={"age_min": 18})
    entry = good(phone.enter(raffle, 2), 201)["entry"]["id"]
    before = rows_of(books)
    assert code_of(phone.enter(raffle)) == (409, "ticket_limit_reached")
    assert code_of(phone.enter(adults)) == (403, "age_restricted")
    assert code_of(phone.enter("rfl_none")) == (404, "raffle_unknown")
    assert code_of(phone.get("raffles/rfl_none")) == (404, "raffle_unknown")
    assert code_of(phone.get("raffles/rfl_none/tickets")) == (404, "raffle_unknown")
    assert code_of(phone.post(f"raffles/{raffle}/entries", kind="free")) == (403, "not_eligible")
    other = Phone(client, bearer(cast.ana_tokens.access_token))
    path = f"raffles/{raffle}/entries/{entry}/cancellation"
    assert code_of(other.post(path, key="ana")) == (404, "entry_unknown")
    wrong = f"raffles/{adults}/entries/{entry}/cancellation"
    assert code_of(phone.post(wrong)) == (404, "entry_unknown")
    assert {name: rows for name, rows in rows_of(books).items() if "idempot" not in name} == {
        name: rows for name, rows in before.items() if "idempot" not in name
    }
    shown = {one["key"]: one["actions"][0]["reason"] for one in good(phone.get("raffles"))["items"]}
    assert shown == {"xmas": "ticket_limit_reached", "adults": "age_restricted"}


def test_a_paused_raffle_is_shown_to_those_who_are_in_it(books, phone, client, cast):
    raffle = publish(books)
    good(phone.enter(raffle), 201)
    with books.app_context(), transaction() as tx:
        pause(tx, RAFFLES, raffle, EVA, NOW)
    (shown,) = good(phone.get("raffles"))["items"]
    assert shown["actions"][0]["reason"] == "raffle_closed"
    other = Phone(client, bearer(cast.ana_tokens.access_token))
    assert good(other.get("raffles"))["items"] == []


def test_the_first_screen_shows_the_raffle_that_matters(books, phone):
    assert "raffle" not in good(phone.get("home"))
    later = christmas(closes_at=(NOW + timedelta(days=20)).isoformat())
    publish(books)
    mine = publish(books, "new_year", settings=later)
    good(phone.enter(mine), 201)
    shown = good(phone.get("home?sections=raffle"))
    assert shown["raffle"].pop("draws_at").startswith("2026-12-12T14:32:0")
    assert shown == {
        "raffle": {
            "status": "ok",
            "id": mine,
            "title": "Christmas draw",
            "my_tickets": 1,
            "odds": {"text": "1 in 1", "as_of": "2026-11-22T14:30:00Z"},
            "closes_at": "2026-12-12T14:30:00Z",
        }
    }


def test_nobody_enters_without_a_token_or_a_key(books, phone, client):
    raffle = publish(books)
    path = f"/v1/me/raffles/{raffle}/entries"
    assert code_of(client.post(path, json={"kind": "buy"})) == (401, "token_missing")
    answer = client.post(path, json={"kind": "buy"}, headers=phone.headers)
    assert code_of(answer) == (400, "idempotency_key_required")


def test_bought_tickets_stand_in_the_history(books, phone):
    raffle = publish(books)
    kept, returned = (good(phone.enter(raffle, count), 201)["entry"]["id"] for count in (2, 1))
    good(phone.post(f"raffles/{raffle}/entries/{returned}/cancellation"))
    items = {one["id"]: one for one in good(phone.get("activity"))["items"]}
    assert (items[kept]["title"], items[kept]["kind"]) == ("Christmas draw", "raffle_entry")
    assert (items[kept]["points_spent"], items[kept]["text"]) == (100, "-100 points")
    assert (items[returned]["state"], items[returned]["points_spent"]) == ("returned", 0)
    opened = good(phone.get(f"activity/{kept}"))
    assert opened["effects"][0]["text"] == "2 tickets"
