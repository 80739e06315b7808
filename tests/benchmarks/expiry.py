"""The nightly expiry beside one hand-written statement for each batch of 2,000 members."""

import time
from datetime import UTC, datetime
from math import nan
from pathlib import Path

import psycopg
from sqlalchemy import text

from server.core.db import transaction
from server.gamification.ledger.sweeping import BATCH, expire_due
from tests.benchmarks.database import database, plain
from tests.benchmarks.load import Hits
from tests.benchmarks.measures import Result
from tests.benchmarks.seed import application, run_file, seed_shop

NAME = "expiry of lots"
LOTS_EACH = 5
NOW = datetime(2027, 1, 1, tzinfo=UTC)
_BY_HAND = (Path(__file__).parent / "expiry_by_hand.sql").read_bytes()


def measure_expiry(server_url: str, members: int) -> Result:
    """Expire five lots of each of `members` on both sides, batch by batch in turns."""
    with database(server_url, "sweep") as ours_url, database(server_url, "hand") as beside_url:
        for url in (ours_url, beside_url):
            _seed(url, members)
        spent = {"ours": 0.0, "beside": 0.0}
        with application(ours_url), psycopg.connect(plain(beside_url)) as by_hand:
            left = {"ours", "beside"}
            while left:
                for side in sorted(left):
                    start = time.perf_counter()
                    done = _sweep() if side == "ours" else _statement(by_hand)
                    spent[side] += time.perf_counter() - start
                    if not done:
                        left.discard(side)
        _check(ours_url, beside_url)
    rates = {side: members * LOTS_EACH / seconds for side, seconds in spent.items()}
    ours, beside = (Hits(rates[side], nan, nan) for side in ("ours", "beside"))
    return Result(NAME, 0.50, ours, beside, rates["ours"] / rates["beside"], nan)


def _seed(url: str, members: int) -> None:
    """A shop with one member, and as many more who have five lots that are due."""
    shop = seed_shop(url, 201)
    run_file(url, "lots_due.sql", {"id": shop.member_ids[0], "count": members})


def _sweep() -> int:
    with transaction() as tx:
        return expire_due(tx, NOW, BATCH)


def _statement(connection: psycopg.Connection) -> int:
    with connection.transaction():
        row = connection.execute(_BY_HAND, {"now": NOW, "limit": BATCH}).fetchone()
    return int(row[0]) if row else 0


def _check(*urls: str) -> None:
    """Both sides have written the same movements."""
    counts = []
    for url in urls:
        with application(url), transaction() as tx:
            query = (
                "SELECT (SELECT count(*) FROM transfer WHERE kind = 'expiry'),"
                " (SELECT sum(amount) FROM transfer WHERE kind = 'expiry'),"
                " (SELECT count(*) FROM lot_draw), (SELECT sum(available) FROM wallet),"
                " (SELECT count(*) FROM outbox WHERE topic = 'points.expired')"
            )
            counts.append(tuple(tx.execute(text(query)).one()))
    assert counts[0] == counts[1], counts
