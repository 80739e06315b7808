"""Limits slide, count each caller by itself, and never close the shop."""

import threading

import pytest
from freezegun import freeze_time

from server.core.metrics import REDIS_FAILURES
from server.core.rate_limits import ProcessStorage, RateLimits


@pytest.fixture(params=["memory", "redis"])
def limits(request):
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    return RateLimits({"member": "5/minute", "public": "2/hour"}, url)


def test_the_quota_is_counted_down_and_then_refused(limits):
    standings = [limits.hit("member", "ana") for _ in range(6)]
    assert [standing.allowed for standing in standings] == [True] * 5 + [False]
    assert [standing.remaining for standing in standings] == [4, 3, 2, 1, 0, 0]
    assert all(1 <= standing.reset <= 120 for standing in standings)
    assert (standings[0].policy, standings[0].quota, standings[0].window) == ("member", 5, 60)


def test_callers_and_policies_do_not_share(limits):
    for _ in range(6):
        limits.hit("member", "ana")
    assert limits.hit("member", "ben").allowed
    assert limits.hit("public", "ana").remaining == 1


def test_looking_costs_nothing(limits):
    for _ in range(10):
        assert limits.look("member", "ana").remaining == 5
    for _ in range(5):
        limits.hit("member", "ana")
    assert not limits.look("member", "ana").allowed


def test_the_window_slides():
    limits = RateLimits({"member": "10/minute"})
    with freeze_time("2026-11-22 12:00:00") as clock:
        for _ in range(10):
            assert limits.hit("member", "ana").allowed
        clock.move_to("2026-11-22 12:01:01")
        assert not limits.hit("member", "ana").allowed
        clock.move_to("2026-11-22 12:01:30")
        assert [limits.hit("member", "ana").allowed for _ in range(6)] == [True] * 5 + [False]
        clock.move_to("2026-11-22 12:04:00")
        assert limits.hit("member", "ana").remaining == 9


def test_many_threads_never_get_more_than_the_quota():
    limits = RateLimits({"member": "50/hour"})
    allowed: list[bool] = []

    def hit():
        allowed.extend(limits.hit("member", "ana").allowed for _ in range(25))

    threads = [threading.Thread(target=hit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 50


def test_old_counters_are_swept():
    storage = ProcessStorage()
    storage.SWEEP_AT = 100
    with freeze_time("2026-11-22 12:00:00") as clock:
        for caller in range(100):
            storage.acquire_sliding_window_entry(str(caller), 5, 60)
        clock.move_to("2026-11-22 12:10:00")
        storage.acquire_sliding_window_entry("new", 5, 60)
        assert storage.get("1") == 0
        assert storage.reset() == 1


def test_a_dead_redis_lets_everyone_pass_and_is_left_alone_for_a_while():
    failures = REDIS_FAILURES.labels("rate_limits")._value.get
    before = failures()
    limits = RateLimits({"member": "1/minute"}, "redis://127.0.0.1:1/0")
    standings = [limits.hit("member", "ana") for _ in range(50)]
    assert all(standing.allowed and standing.remaining == 1 for standing in standings)
    assert failures() == before + 1
