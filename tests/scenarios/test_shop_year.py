"""A year of a shop, told through its public APIs alone: nothing is looked up behind them."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.core import clock
from server.core.db import snapshot
from server.gamification.invariants.service import check_all
from tests.builders.members import Cast, bearer, gather_cast
from tests.builders.tills import Json, Till, good, id_of, money, points_of, receipt
from tests.fixtures.calendar import StoppedClock

OPENING = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
AUDIENCE = "http://127.0.0.1:8000"


class Phone:
    """A member's app: it signs in by a word of the shop, reads, and shows its code."""

    def __init__(self, client: FlaskClient, cast: Cast, customer: str) -> None:
        self.client, self.cast, self.customer = client, cast, customer

    def sign_in(self) -> dict[str, str]:
        """The headers of a fresh session."""
        now = clock.now()
        claims = {"iss": self.cast.shop_id, "sub": self.customer, "aud": AUDIENCE}
        claims |= {"jti": uuid.uuid4().hex}
        ends = {"exp": int((now + timedelta(minutes=4)).timestamp())}
        signed = jwt.encode(claims | ends, self.cast.shop_secret, "HS256")
        body = {"kind": "partner_assertion", "installation_id": f"phone-{self.customer}"}
        opened = self.client.post("/v1/auth/sessions", json=body | {"assertion": signed})
        return bearer(good(opened, 201)["access_token"])

    def read(self, path: str) -> Json:
        """Read something of the member's own."""
        return good(self.client.get(f"/v1/me/{path}", headers=self.sign_in()))

    def code(self) -> str:
        """The rotating code as the phone makes it by itself."""
        qr = self.read("card")["qr"]
        made = pyotp.TOTP(qr["secret_b32"], digits=qr["digits"], interval=qr["period_s"])
        return str(qr["prefix"]) + made.at(clock.now())

    def glance(self) -> tuple[str, int, int | None]:
        """Tier, points that can be spent, and points missing to the next tier."""
        home = self.read("home")
        following = home["tier"]["next"]
        missing = following["progress"]["remaining"] if following else None
        return home["tier"]["name"], home["balances"][0]["amount"], missing

    def history(self) -> list[Json]:
        """Everything, page by page."""
        items, query = [], "?limit=5"
        while query:
            page = self.read(f"activity{query}")
            items += page["items"]
            query = f"?limit=5&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        return items


class Shop:
    """The shop with its till, its customers' phones and a calendar that can be turned."""

    def __init__(self, app: Flask, calendar: StoppedClock) -> None:
        client = app.test_client()
        with app.app_context():
            self.cast = gather_cast(OPENING)
        self.calendar = calendar
        self.till, self.backend = Till(client, self.cast.as_dan), Till(client, self.cast.as_shop)
        for member, customer in ((self.cast.ana, "4711"), (self.cast.ben, "4712")):
            headers, change = self.backend.headers, {"external_id": customer}
            path = f"/v1/partner/members/{member.id}"
            good(client.patch(path, json=change, headers=headers))
        self.ana = Phone(client, self.cast, "4711")
        self.ben = Phone(client, self.cast, "4712")

    def turn_to(self, *date: int) -> None:
        """Turn the calendar to an instant in UTC."""
        self.calendar.instant = datetime(*date, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.fixture
def shop(app: Flask, clock_at: StoppedClock) -> Iterator[Shop]:
    """A shop on its first day; when the story is over its books must be in order."""
    clock_at.instant = OPENING
    yield Shop(app, clock_at)
    with app.app_context(), snapshot() as tx:
        assert check_all(tx, clock.now()) == []


def winter(shop: Shop) -> None:
    """Ana buys much and brings a part of it back; Ben looks in."""
    till, cast = shop.till, shop.cast
    sofa = till.buy(cast.ana, 520_000)
    assert sofa["effects"][1]["text"] == "Welcome to Silver"
    assert points_of(till.buy(cast.ben, 2500)) == 2
    assert shop.ana.glance() == ("Silver", 520, 1480)
    assert shop.ben.glance() == ("Bronze", 2, 498)
    shop.turn_to(2027, 2, 10, 12)
    assert points_of(till.give_back(sofa, 30_000)) == 490
    assert shop.ana.glance() == ("Bronze", 490, 10)
    shop.turn_to(2027, 3, 15, 12)
    assert till.buy(cast.ana, 10_000)["effects"][1]["text"] == "Welcome to Silver"


def summer(shop: Shop) -> None:
    """Ana comes every month and reaches gold."""
    for month in range(4, 10):
        shop.turn_to(2027, month, 1, 12)
        assert shop.till.buy(shop.cast.ana, 150_000)["effects"][0]["points"]["amount"] == 225
    assert shop.ana.glance() == ("Silver", 1850, 150)
    shop.turn_to(2027, 10, 1, 12)
    up = shop.till.speaking("ru").buy(shop.cast.ana, 100_000)
    assert up["effects"][1]["text"] == "Добро пожаловать на уровень «Золото»"
    assert shop.ana.glance() == ("Gold", 2000, None)


def autumn(shop: Shop) -> Json:
    """Ana pays with points; the till is offline for a day and sends everything later, twice."""
    till, cast = shop.till, shop.cast
    shop.turn_to(2027, 11, 20, 15)
    held = good(till.post("/redemptions", {"points": 300, "qr": shop.ana.code()}), 201)
    applied = [{"redemption_id": held["redemption"]["id"]}]
    paid = till.buy(cast.ana, 5000, apply=applied)
    assert points_of(paid) == 2000 - 300 + 10
    shop.turn_to(2027, 12, 1, 8)
    rows = [
        receipt(cast.ana, 20_000, occurred_at="2027-11-30T15:00:00Z"),
        receipt(cast.ben, 30_000, occurred_at="2027-11-30T16:00:00Z"),
        receipt(cast.ben, 20_000, occurred_at="2027-11-30T17:00:00Z"),
    ]
    assert good(till.post("/transaction-batches", {"transactions": rows}))["created"] == 3
    assert good(till.post("/transaction-batches", {"transactions": rows}))["duplicates"] == 3
    assert shop.ana.glance() == ("Gold", 1750, None)
    assert shop.ben.glance() == ("Bronze", 52, 448)
    return paid


def next_winter(shop: Shop, paid: Json) -> None:
    """January's points expire; what was paid with them comes back and lives two weeks longer."""
    (expiring, *_) = shop.ana.read("expirations")["items"]
    assert expiring["text"] == "190 points can be used until 31 January 2028"
    shop.turn_to(2028, 1, 31, 21, 59)
    assert shop.ana.glance()[1] == 1750
    shop.turn_to(2028, 1, 31, 22, 0)
    assert (shop.ana.glance()[1], shop.ben.glance()[1]) == (1560, 50)
    shop.turn_to(2028, 2, 5, 12)
    back = shop.till.give_back(paid)
    assert (back["points_taken"], back["points_restored"], points_of(back)) == (10, 300, 1850)
    (grace, *_) = shop.ana.read("expirations")["items"]
    assert (grace["amount"], grace["on"]) == (300, "2028-02-19")
    shop.turn_to(2028, 2, 19, 22, 0)
    assert shop.ana.glance()[1] == 1550


def last_day(shop: Shop) -> None:
    """The till retries what it is not sure of, and a customer spends the rest."""
    till, backend, cast = shop.till, shop.backend, shop.cast
    sent = receipt(cast.ben, 10_000)
    first = good(till.post("/transactions", sent), 201)
    again = good(till.post("/transactions", sent), 200)
    assert (id_of(again), points_of(again)) == (id_of(first), 60)
    held = backend.hold(cast.ben, 60)
    shop.turn_to(2028, 2, 19, 22, 20)
    refused = backend.post("/transactions", receipt(cast.ben, 0, apply=[{"redemption_id": held}]))
    assert refused.get_json()["code"] == "hold_resolved"
    assert points_of(good(backend.post(f"/redemptions/{held}/release"))) == 60
    fresh = [{"redemption_id": backend.hold(cast.ben, 60)}]
    assert points_of(backend.buy(cast.ben, 0, apply=fresh)) == 0
    cancelled = till.post(f"/transactions/{id_of(first)}/cancellation")
    assert good(cancelled, 201)["shortfall"]["points"] == 10


def test_a_year_of_a_shop(shop):
    winter(shop)
    summer(shop)
    paid = autumn(shop)
    next_winter(shop, paid)
    last_day(shop)
    history = shop.ana.history()
    assert [one["state"] for one in history].count("settled") == 9
    assert [one["id"] for one in history if one["state"] == "returned"] == [id_of(paid)]
    assert sum(one["points"] for one in history) == 490 + 10 + 1350 + 150 + 40
    assert history[-1]["total"] == money(520_000)
    assert [one["points"] for one in shop.ben.history()] == [0, 0, 20, 30, 2]
    assert shop.ben.read("balances")["items"][0]["debt"] == 10
    assert shop.ana.read("tier")["name"] == "Gold"
