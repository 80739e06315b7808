"""The web process dies twenty times in the middle of its work; nothing acknowledged is lost.

Four tills post purchases without pause. A till that gets no answer either sends the same request
again until it is answered, as tills do, or gives up. At the end every acknowledged purchase is
there exactly once, every other one once or not at all, and the books are in order.
"""

import random
import threading
import time
from dataclasses import dataclass, field

import pytest
import requests
from sqlalchemy import select

from server.core.db import reading
from server.gamification.activities.models import ACTIVITY
from server.gamification.ledger.models import TRANSFER, WALLET
from tests.builders.tills import money
from tests.fixtures.schema import running_app
from tests.fixtures.serving import WebProcess, caller, fairstar, fresh_database, serving

KILLS = 20
TILLS = 4
MINOR = 1000
PATIENCE_SECONDS = 60


@dataclass
class Load:
    """What the tills share: where to post, what was answered, and whether to go on."""

    web: WebProcess
    members: list[str]
    acknowledged: dict[str, str] = field(default_factory=dict)
    abandoned: set[str] = field(default_factory=set)
    unexpected: list[str] = field(default_factory=list)
    up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def post(self, session: requests.Session, number: str, member: str) -> str | None:
        """Post one purchase; return the id that was acknowledged, None without an answer."""
        body = {"member_id": member, "external_id": number, "total": money(MINOR)}
        headers = {"Idempotency-Key": number}
        url = f"{self.web.url}/v1/partner/transactions"
        try:
            answer = session.post(url, json=body, headers=headers, timeout=20)
        except requests.RequestException:
            return None
        if answer.status_code != 201:
            self.unexpected.append(f"{number}: {answer.status_code} {answer.text}")
        return str(answer.json()["transaction"]["id"])

    def until_answered(
        self, session: requests.Session, number: str, member: str, *, patient: bool
    ) -> None:
        """Post one purchase, again and again if the till is patient, and note how it ended."""
        while not self.over.is_set():
            self.up.wait(timeout=1)
            acknowledged = self.post(session, number, member)
            if acknowledged is not None:
                self.acknowledged[number] = acknowledged
                return
            if not patient:
                break
            time.sleep(0.02)
        self.abandoned.add(number)


def run_till(load: Load, name: int, headers: dict[str, str]) -> None:
    """Post purchases until it is over."""
    dice, session, count = random.Random(name), caller(load.web, headers), 0
    while not load.over.is_set():
        count += 1
        member, patient = dice.choice(load.members), dice.random() < 0.5
        load.until_answered(session, f"till-{name}-{count}", member, patient=patient)


def kill_again_and_again(load: Load) -> None:
    """Let the tills work until a moment that nobody can foresee, kill, start again."""
    dice = random.Random(4711)
    for _ in range(KILLS):
        load.up.set()
        await_answers(load, dice.randrange(1, 50))
        time.sleep(dice.uniform(0, 0.02))
        load.web.kill()
        load.up.clear()
        load.web.start()
    load.up.set()
    await_answers(load, 10)


def await_answers(load: Load, count: int) -> None:
    """Wait until `count` more purchases were acknowledged."""
    enough, deadline = len(load.acknowledged) + count, time.monotonic() + PATIENCE_SECONDS
    while len(load.acknowledged) < enough:
        assert time.monotonic() < deadline, "the tills were not answered"
        time.sleep(0.001)


def recorded(database_url: str) -> tuple[dict[str, str], dict[str, int], int]:
    """Return ids by receipt, points by id, and all balances together, as stored.

    Points are those of the ledger, and the same as those of the purchases.
    """
    with running_app(database_url) as app, app.app_context(), reading() as tx:
        rows = tx.execute(select(ACTIVITY.c.external_id, ACTIVITY.c.id, ACTIVITY.c.points)).all()
        transfers = tx.execute(select(TRANSFER.c.ref_id, TRANSFER.c.amount)).all()
        balances = tx.execute(select(WALLET.c.available)).scalars().all()
    points = {row.id: row.points for row in rows}
    assert sorted((row.ref_id, row.amount) for row in transfers) == sorted(points.items())
    assert len(rows) == len({row.external_id for row in rows})
    return {row.external_id: row.id for row in rows}, points, sum(balances)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(run_directory, kind):
    with fresh_database(kind, run_directory) as url:
        with serving(url) as (web, cast):
            load = Load(web, [cast.ana.id, cast.ben.id])
            tills = [
                threading.Thread(target=run_till, args=(load, name, cast.as_shop))
                for name in range(TILLS)
            ]
            for till in tills:
                till.start()
            try:
                kill_again_and_again(load)
            finally:
                load.over.set()
                load.up.set()
                for till in tills:
                    till.join(timeout=60)
        assert load.unexpected == []
        stored, points, balance = recorded(url)
        acknowledged = load.acknowledged
        assert {n: stored.get(n) for n in acknowledged} == acknowledged
        assert set(stored) <= set(acknowledged) | load.abandoned
        assert balance == sum(points.values())
        assert len(acknowledged) > KILLS
        assert load.abandoned
        check = fairstar(url, "check")
        assert check.returncode == 0, check.stdout + check.stderr
