"""The web process dies twenty times while members take rewards and tills use their vouchers.

Members and tills that get no answer send the same request again, or give up. At the end every
acknowledged voucher and use is there exactly once, stock and points are exact to the piece, and
the books are in order.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from sqlalchemy import select

from server.core.db import reading, transaction
from server.gamification.ledger.models import WALLET
from server.gamification.rewards.models import REWARD_STOCK
from server.gamification.vouchers.models import VOUCHER, VOUCHER_USE
from tests.builders.members import bearer
from tests.builders.purchases import give
from tests.builders.rewards import offer
from tests.faults.test_kill import KILLS, Load, kill_again_and_again
from tests.fixtures.schema import running_app
from tests.fixtures.serving import caller, fairstar, fresh_database, serving

PAIRS = 4
PRICE, GIVEN, STOCK = 2, 1_000_000, 100_000
Headers = dict[str, str]


@dataclass
class Rush(Load):
    """What those share who take and use; `acknowledged` are vouchers by the key of the request."""

    reward_id: str = ""
    used: dict[str, str] = field(default_factory=dict)

    def until_answered_at(
        self, session: requests.Session, path: str, key: str, *, patient: bool
    ) -> Any:
        """Post until there is an answer, or once if not patient; None without one."""
        body: dict[str, str] = {"external_id": key} if "partner" in path else {}
        while not self.over.is_set():
            self.up.wait(timeout=1)
            try:
                answer = session.post(
                    self.web.url + path, json=body, headers={"Idempotency-Key": key}, timeout=20
                )
            except requests.RequestException:
                if not patient:
                    break
                time.sleep(0.02)
                continue
            if answer.status_code not in (200, 201):
                self.unexpected.append(f"{key}: {answer.status_code} {answer.text}")
                return None
            return answer.json()
        self.abandoned.add(key)
        return None


def take_and_use(rush: Rush, name: int, member: Headers, till: Headers) -> None:
    """Take rewards in the app and use two thirds of them at a till, until it is over."""
    dice, count = random.Random(name), 0
    app, counter = caller(rush.web, member), caller(rush.web, till)
    while not rush.over.is_set():
        count += 1
        key, patient = f"take-{name}-{count}", dice.random() < 0.7
        path = f"/v1/me/rewards/{rush.reward_id}/redemptions"
        taken = rush.until_answered_at(app, path, key, patient=patient)
        if taken is None:
            continue
        rush.acknowledged[key] = taken["voucher"]["id"]
        if dice.random() < 0.67:
            at_till = f"/v1/partner/vouchers/{taken['voucher']['code']}/redemption"
            used = rush.until_answered_at(counter, at_till, f"use-{key}", patient=patient)
            if used is not None:
                rush.used[f"use-{key}"] = used["redemption"]["id"]


def prepare(database_url: str, members: list[str]) -> str:
    """Give the members points and offer them a reward; return its id."""
    with running_app(database_url) as app, app.app_context(), transaction() as tx:
        for member_id in members:
            give(tx, member_id, GIVEN)
        return offer(tx, price={"points": PRICE}, stock=STOCK)


def check_stored(database_url: str, rush: Rush, members: list[str]) -> None:
    """Compare what is stored with what was acknowledged, to the piece and to the point."""
    with running_app(database_url) as app, app.app_context(), reading() as tx:
        states = {row.id: row.state for row in tx.execute(select(VOUCHER))}
        uses = {row.external_id: row.id for row in tx.execute(select(VOUCHER_USE))}
        stock = tx.execute(select(REWARD_STOCK)).one()
        mine = select(WALLET.c.available, WALLET.c.held).where(WALLET.c.member_id.in_(members))
        wallets = tx.execute(mine.where(WALLET.c.unit == "points")).all()
    vouchers = list(rush.acknowledged.values())
    assert len(set(vouchers)) == len(vouchers)
    assert set(vouchers) <= set(states)
    assert len(states) - len(vouchers) <= len(rush.abandoned)
    assert {key: uses.get(key) for key in rush.used} == rush.used
    assert set(uses) <= set(rush.used) | rush.abandoned
    counted = Counter(states.values())
    assert (stock.reserved, stock.sold) == (counted["active"], counted["used"])
    assert counted["used"] == len(uses)
    assert sum(row.held for row in wallets) == PRICE * counted["active"]
    assert sum(row.available for row in wallets) == len(members) * GIVEN - PRICE * len(states)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_voucher_piece_or_point_is_lost_when_the_server_is_killed(run_directory, kind):
    with fresh_database(kind, run_directory) as url:
        with serving(url) as (web, cast):
            members = [cast.ana.id, cast.ben.id]
            rush = Rush(web, members, reward_id=prepare(url, members))
            apps = (cast.as_ana, bearer(cast.ben_tokens.access_token))
            threads = [
                threading.Thread(target=take_and_use, args=(rush, n, apps[n % 2], cast.as_dan))
                for n in range(PAIRS)
            ]
            for thread in threads:
                thread.start()
            try:
                kill_again_and_again(rush)
            finally:
                rush.over.set()
                rush.up.set()
                for thread in threads:
                    thread.join(timeout=60)
        assert rush.unexpected == []
        assert len(rush.acknowledged) > KILLS
        assert rush.abandoned
        assert rush.used
        check_stored(url, rush, members)
        check = fairstar(url, "check")
        assert check.returncode == 0, check.stdout + check.stderr
