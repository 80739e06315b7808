"""Many tills at once against a real web process: exact results, whoever comes first."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from time import sleep

import pytest
import requests

from server.core import clock
from tests.builders.tills import money, receipt
from tests.concurrency.crowd import assert_sound
from tests.fixtures.schema import running_app
from tests.fixtures.serving import caller

_numbers = count(1)


class Crowd:
    """The backend of the web shop, many times over."""

    def __init__(self, web, cast):
        self.web, self.session = web, caller(web, cast.as_shop)
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=64)
        self.session.mount("http://", adapter)

    def post(self, path, body, key=None):
        """Send a write; told to wait (`request_in_progress`, `busy`), send it again."""
        headers = {"Idempotency-Key": key or f"crowd-{next(_numbers)}"}
        url = f"{self.web.url}/v1/partner{path}"
        for _ in range(30):
            answer = self.session.post(url, json=body, headers=headers, timeout=60)
            if not (answer.status_code >= 400 and answer.json()["retryable"]):
                return answer
            sleep(int(answer.headers["Retry-After"]))
        raise AssertionError("told to wait for ever")

    def get(self, path):
        return self.session.get(f"{self.web.url}/v1/partner{path}", timeout=60).json()

    def join(self):
        """Enrol a new member and return the id."""
        number = next(_numbers)
        answer = self.post("/members", {"first_name": "New", "phone": f"+372555{number:05}"})
        return answer.json()["id"]

    def rich(self, points):
        """A member with this many points from one purchase."""
        member = self.join()
        bought = self.post("/transactions", receipt(member, points * 1000))
        assert bought.status_code == 201
        return member, bought.json()["transaction"]["id"]

    def rush(self, *writes):
        """Send all `writes` (path, body and maybe key) at the same moment."""
        start = Barrier(len(writes))

        def one(write):
            start.wait(timeout=30)
            return self.post(*write)

        with ThreadPoolExecutor(len(writes)) as threads:
            return list(threads.map(one, writes))


@pytest.fixture
def crowd(shop_online):
    web, cast = shop_online
    yield Crowd(web, cast)
    with running_app(web.database_url) as app:
        assert_sound(app, clock.now())


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


def balance(crowd, member):
    quote = crowd.post("/quotes", {"member_id": member, "total": money(0)}).json()
    return quote["spendable"]


def test_fifty_tills_spend_the_same_points(crowd):
    member, _ = crowd.rich(100)
    body = {"member_id": member, "points": 7}
    answers = crowd.rush(*[("/redemptions", body)] * 50)
    assert statuses(answers) == {201: 14, 409: 36}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"balance_insufficient"}
    assert {problem["params"]["available"] for problem in refused} == {2}
    assert balance(crowd, member) == 2


def test_the_same_receipt_at_twenty_tills_counts_once(crowd):
    member = crowd.join()
    sent = receipt(member, 5000)
    answers = crowd.rush(*[("/transactions", sent)] * 20)
    assert statuses(answers) == {201: 1, 200: 19}
    bodies = [answer.json()["transaction"] for answer in answers]
    assert len({body["id"] for body in bodies}) == 1
    assert Counter(body["duplicate"] for body in bodies) == {True: 19, False: 1}
    assert balance(crowd, member) == 5


def test_the_same_key_twenty_times_has_one_effect_and_one_answer(crowd):
    member = crowd.join()
    sent = receipt(member, 5000)
    answers = crowd.rush(*[("/transactions", sent, f"one-{member}")] * 20)
    assert statuses(answers) == {201: 20}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 19
    assert balance(crowd, member) == 5


def test_the_same_key_for_a_redemption_holds_once(crowd):
    member, _ = crowd.rich(10)
    body = {"member_id": member, "points": 6}
    answers = crowd.rush(*[("/redemptions", body, f"hold-{member}")] * 20)
    assert statuses(answers) == {201: 20}
    assert len({answer.content for answer in answers}) == 1
    assert balance(crowd, member) == 4


@pytest.mark.parametrize("attempt", range(3))
def test_the_last_points_are_had_by_one(crowd, attempt):
    member, _ = crowd.rich(5)
    body = {"member_id": member, "points": 5}
    answers = crowd.rush(*[("/redemptions", body)] * 2)
    assert statuses(answers) == {201: 1, 409: 1}
    assert balance(crowd, member) == 0


def test_the_same_return_at_ten_tills_takes_back_once(crowd):
    member, bought = crowd.rich(10)
    body = {"external_id": "r", "amount": money(4000)}
    answers = crowd.rush(*[(f"/transactions/{bought}/returns", body)] * 10)
    assert statuses(answers) == {201: 1, 200: 9}
    assert {answer.json()["points_taken"] for answer in answers} == {4}
    assert balance(crowd, member) == 6


def test_many_returns_at_once_never_take_more_than_was_given(crowd):
    member, bought = crowd.rich(10)
    path = f"/transactions/{bought}/returns"
    answers = crowd.rush(
        *((path, {"external_id": f"r{n}", "amount": money(3000)}) for n in range(8))
    )
    assert statuses(answers) == {201: 3, 422: 5}
    assert balance(crowd, member) == 1


def test_a_hold_is_captured_or_released_but_not_both(crowd):
    member, _ = crowd.rich(10)
    held = crowd.post("/redemptions", {"member_id": member, "points": 6}).json()
    name = held["redemption"]["id"]
    verbs = ("capture", "release")
    answers = crowd.rush(*((f"/redemptions/{name}/{verbs[n % 2]}", {}) for n in range(8)))
    assert statuses(answers) == {200: 1, 409: 7}
    winner = next(answer for answer in answers if answer.status_code == 200).json()
    left = 4 if winner["redemption"]["state"] == "captured" else 10
    assert balance(crowd, member) == left


def test_one_hold_pays_for_one_of_many_purchases(crowd):
    member, _ = crowd.rich(10)
    held = crowd.post("/redemptions", {"member_id": member, "points": 6}).json()
    applied = [{"redemption_id": held["redemption"]["id"]}]
    answers = crowd.rush(*(("/transactions", receipt(member, 0, apply=applied)) for _ in range(8)))
    assert statuses(answers) == {201: 1, 409: 7}
    assert balance(crowd, member) == 4


def test_batches_that_overlap_record_every_receipt_once(crowd):
    members = [crowd.join() for _ in range(4)]
    rows = [receipt(member, 1000) for member in members for _ in range(10)]

    def batch(n):
        mine = rows[n * 5 :] + rows[: n * 5]
        return "/transaction-batches", {"transactions": mine if n % 2 else mine[::-1]}

    answers = crowd.rush(*map(batch, range(8)))
    assert statuses(answers) == {200: 8}
    assert sum(answer.json()["created"] for answer in answers) == 40
    assert sum(answer.json()["duplicates"] for answer in answers) == 7 * 40
    assert [balance(crowd, member) for member in members] == [10] * 4


def test_crowds_of_members_buy_side_by_side(crowd):
    members = [crowd.join() for _ in range(5)]
    answers = crowd.rush(*(("/transactions", receipt(members[n % 5], 2000)) for n in range(50)))
    assert statuses(answers) == {201: 50}
    assert [balance(crowd, member) for member in members] == [20] * 5
