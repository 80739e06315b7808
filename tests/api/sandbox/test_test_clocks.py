"""The test clock: time that can be moved, what fires while it moves, and nowhere else."""

from datetime import datetime, timedelta

import pytest

from server.core import clock
from server.core.db import transaction
from server.jobs.worker import Worker
from tests.builders.instant_wins import open_game
from tests.builders.members import bearer, gather_cast
from tests.builders.purchases import add_member, change_settings, give, hold
from tests.builders.raffles import enter, open_raffle
from tests.builders.tills import good
from tests.fixtures.schema import running_app

CLOCKS = "/v1/sandbox/test-clocks"
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(app):
    with app.app_context():
        return gather_cast(clock.machine_now())


@pytest.fixture
def made(client, cast):
    return good(client.post(CLOCKS, json={}, headers=cast.as_shop), 201)


def move(app, client, cast, made, **where):
    """Send the clock on its way, let a worker move it, and return how it stands then."""
    path = f"{CLOCKS}/{made['id']}"
    sent = good(client.post(f"{path}/advance", json=where, headers=cast.as_shop), 202)
    assert sent["status"] == "advancing"
    with app.app_context():
        Worker([]).tick(clock.now())
    return good(client.get(path, headers=cast.as_shop))


def instant(text):
    return datetime.fromisoformat(text)


def test_the_clock_begins_at_the_time_of_the_machine_and_there_is_one(client, cast, made):
    assert made["status"] == "ready"
    assert abs(instant(made["now"]) - clock.machine_now()) < HOUR
    again = good(client.post(CLOCKS, json={}, headers=cast.as_shop))
    assert again["id"] == made["id"]


def test_the_whole_installation_is_later_after_a_move(app, client, cast, made):
    moved = move(app, client, cast, made, by_seconds=3 * 86_400)
    assert moved["status"] == "ready"
    assert moved["target_at"] is None
    ahead = instant(moved["now"]) - clock.machine_now()
    assert timedelta(days=3) - HOUR < ahead < timedelta(days=3) + HOUR
    with app.app_context():
        assert clock.now() - clock.machine_now() > timedelta(days=2)
    assert clock.now() - clock.machine_now() < HOUR


def test_what_falls_due_on_the_way_fires_in_its_order(app, client, cast, made):
    with app.app_context(), transaction() as tx:
        now = clock.now()
        change_settings(tx, now, birthday_points=0)
        give(tx, cast.ana.id, 30, now, expires_at=now + timedelta(days=2))
        give(tx, cast.ben.id, 50, now)
        hold(tx, cast.ben.id, 20, now, minutes=60)
    moved = move(app, client, cast, made, by_seconds=5 * 86_400)
    fired = [(one["name"], one["count"]) for one in moved["fired"]]
    assert fired == [("lapse_holds", 1), ("night.expire", 1)]
    times = [instant(one["at"]) for one in moved["fired"]]
    assert times == sorted(times)
    assert abs(times[0] - now - HOUR) < timedelta(minutes=1)
    (night,) = times[1:]
    assert timedelta(days=2) <= night - now < timedelta(days=3)
    again = move(app, client, cast, made, by_seconds=1)
    assert again["fired"] == []


def test_a_raffle_goes_from_its_opening_to_its_winners(app, client, cast, made):
    now = instant(made["now"])
    dates = {"opens_at": (now + HOUR).isoformat(), "closes_at": (now + 72 * HOUR).isoformat()}
    with app.app_context(), transaction() as tx:
        raffle = open_raffle(tx, beacon="local", **dates)
    fired = fired_by(move(app, client, cast, made, by_seconds=2 * 3600), now)
    assert fired["sell_raffles"] == [(1, 1)]
    with app.app_context(), transaction() as tx:
        for _ in range(12):
            member_id = add_member(tx)
            give(tx, member_id, 50)
            enter(tx, member_id, raffle, now=clock.now())
    fired = fired_by(move(app, client, cast, made, by_seconds=5 * 86_400), now)
    assert fired["sell_raffles"] == [(48, 12)]
    assert fired["seal_raffles"] == [(72, 1)]
    assert fired["draw_raffles"] == [(72, 1)]
    assert fired["settle_raffles"][0] == (72, 3 + 12)


def fired_by(moved, since):
    """What fired, by its name: in which hour, and how much."""
    found: dict[str, list[tuple[int, int]]] = {}
    for one in moved["fired"]:
        hour = (instant(one["at"]) - since) // HOUR
        found.setdefault(one["name"], []).append((hour, one["count"]))
    return found


def test_two_years_are_the_most_and_there_is_no_way_back(client, cast, made):
    path, now = f"{CLOCKS}/{made['id']}/advance", instant(made["now"])
    for to in (now - HOUR, now + timedelta(days=740)):
        refused = client.post(path, json={"to": to.isoformat()}, headers=cast.as_shop)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "clock_not_forward")
    for body in ({}, {"to": now.isoformat(), "by_seconds": 5}):
        refused = client.post(path, json=body, headers=cast.as_shop)
        assert refused.get_json()["code"] == "validation_failed"


def test_a_clock_on_its_way_is_left_alone(client, cast, made):
    path = f"{CLOCKS}/{made['id']}"
    good(client.post(f"{path}/advance", json={"by_seconds": 60}, headers=cast.as_shop), 202)
    busy = [
        client.post(f"{path}/advance", json={"by_seconds": 60}, headers=cast.as_shop),
        client.delete(path, headers=cast.as_shop),
    ]
    assert [one.get_json()["code"] for one in busy] == ["clock_busy"] * 2


def test_the_clock_goes_back_only_when_nothing_happened_meanwhile(app, client, cast, made):
    path = f"{CLOCKS}/{made['id']}"
    move(app, client, cast, made, by_seconds=1)
    assert client.delete(path, headers=cast.as_shop).status_code == 204
    made = good(client.post(CLOCKS, json={}, headers=cast.as_shop), 201)
    move(app, client, cast, made, by_seconds=3 * 86_400)
    refused = client.delete(f"{CLOCKS}/{made['id']}", headers=cast.as_shop)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "clock_in_use")


def test_an_unknown_clock_is_not_found(client, cast):
    answer = client.get(f"{CLOCKS}/tck_none", headers=cast.as_shop)
    assert answer.get_json()["code"] == "not_found"


def test_only_a_key_of_the_sandbox_moves_the_clock(client, cast):
    assert client.post(CLOCKS, json={}).get_json()["code"] == "token_missing"
    refused = client.post(CLOCKS, json={}, headers=cast.as_dan)
    assert refused.get_json()["code"] == "scope_missing"


def test_outside_test_mode_there_is_no_sandbox_and_no_clock_is_read(sqlite_database):
    with running_app(sqlite_database, MODE="development") as app:
        answer = app.test_client().post(CLOCKS, json={}, headers=bearer("sk_test_x"))
        assert (answer.status_code, answer.get_json()["code"]) == (404, "sandbox_closed")
        assert "fairstar.test_clock" not in app.extensions


def test_a_game_ends_on_the_way_and_tells_its_seed(app, client, cast, made):
    """Its end lies two days ahead; the worker that moves the clock ends it at that instant."""
    with app.app_context(), transaction() as tx:
        now = clock.machine_now().replace(microsecond=0)
        game = open_game(tx, now=now, ends_at=clock.rfc3339(now + 48 * HOUR))
    moved = move(app, client, cast, made, by_seconds=3 * 86_400)
    ended = [one["at"] for one in moved["fired"] if one["name"] == "games"]
    assert ended == [clock.rfc3339(now + 48 * HOUR)]
    proof = good(client.get(f"/v1/games/{game.id}/proof"))
    assert (proof["edition"]["ended_at"], len(proof["edition"]["seed"])) == (ended[0], 64)
