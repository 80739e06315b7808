"""Two years of a member's life, told through the public APIs while the sandbox moves the clock."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from server.core import clock
from server.core.db import snapshot, transaction
from server.gamification.invariants.service import check_all
from server.jobs.worker import Worker
from tests.builders.members import Cast, gather_cast
from tests.builders.purchases import change_settings
from tests.builders.tills import Till, good

OPENING = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
YEARS = {
    "basis": "qualifying_points",
    "window": {"kind": "calendar", "months": 12},
    "keep": "next_period",
}
CLOCKS = "/v1/sandbox/test-clocks"


class Life:
    """A shop, Ana's app, and a clock that its owner moves; a worker runs beside them."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast, self.client = app, cast, app.test_client()
        self.till = Till(self.client, cast.as_shop)
        self.worker = Worker()
        made = good(self.client.post(CLOCKS, json={}, headers=cast.as_shop), 201)
        self.path = f"{CLOCKS}/{made['id']}"
        self.fired: list[dict[str, Any]] = []

    def live_until(self, day: str) -> None:
        """Move on to ten o'clock of a day; a worker does what is due."""
        where = {"to": f"{day}T10:00:00Z"}
        good(self.client.post(f"{self.path}/advance", json=where, headers=self.cast.as_shop), 202)
        for _ in range(2):
            with self.app.app_context():
                self.worker.tick(clock.now())
        there = good(self.client.get(self.path, headers=self.cast.as_shop))
        assert (there["status"], there["now"]) == ("ready", f"{day}T10:00:00Z")
        self.fired += there["fired"]

    def standing(self) -> tuple[int, str]:
        """Ana's balance and tier, as the till sees them."""
        asked = {"member_id": self.cast.ana.id}
        headers = self.cast.as_shop
        found = good(self.client.post("/v1/partner/member-lookups", json=asked, headers=headers))
        return found["member"]["balance"], found["member"]["tier"]

    def fired_as(self, name: str) -> list[tuple[str, int]]:
        """When something fired, and how many it was."""
        return [(one["at"], one["count"]) for one in self.fired if one["name"] == name]


@pytest.fixture
def life(app, monkeypatch):
    """A shop on its first day; when the story is over its books must be in order."""
    monkeypatch.setattr(clock, "machine_now", lambda: OPENING)
    with app.app_context():
        cast = gather_cast(OPENING)
        with transaction() as tx:
            change_settings(tx, OPENING, tiers=YEARS)
    yield Life(app, cast)
    with app.app_context(), snapshot() as tx:
        assert check_all(tx, clock.now()) == []


def months(first: tuple[int, int], last: tuple[int, int]) -> list[str]:
    """The fifth of each month."""
    numbers = range(first[0] * 12 + first[1] - 1, last[0] * 12 + last[1])
    return [f"{number // 12}-{number % 12 + 1:02}-05" for number in numbers]


def test_two_years_of_a_member(life):
    life.live_until("2027-01-05")
    life.till.buy(life.cast.ana, 520_000)
    assert life.standing() == (520, "Silver")
    for day in months((2027, 2), (2027, 12)):
        life.live_until(day)
        life.till.buy(life.cast.ana, 10_000)
    assert life.standing() == (520 + 11 * 15 + 20, "Silver")
    for day in months((2028, 1), (2028, 12)):
        life.live_until(day)
        life.till.buy(life.cast.ana, 10_000)
    assert life.standing() == (13 * 15 + 20, "Silver")
    life.live_until("2029-01-04")
    assert life.standing() == (12 * 15 + 20, "Bronze")
    births = [(f"{year}-11-24T22:00:00Z", 1) for year in (2027, 2028)]
    assert life.fired_as("greetings") == births
    assert life.fired_as("night.tier_periods")[-1] == ("2028-12-31T22:00:00Z", 1)
    assert [at for at, _ in life.fired_as("night.notices")] == [
        "2028-11-30T22:00:00Z",
        "2028-12-23T22:00:00Z",
    ]
    ends = life.fired_as("night.expire")
    assert [at for at, _ in ends[:3]] == [
        "2028-01-31T22:00:00Z",
        "2028-02-29T22:00:00Z",
        "2028-03-31T21:00:00Z",
    ]
    assert [at for at, _ in ends] == sorted(at for at, _ in ends)
    assert len(ends) == 12
