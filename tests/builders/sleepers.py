"""A shop whose night has much to do: points mature, tiers end, points expire, members are told."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.gamification.ledger.service import adjust
from server.gamification.ledger.types import Term
from server.gamification.programme.types import POINTS
from tests.builders.nights import at
from tests.builders.purchases import add_member, buy, cause, give, open_shop

OPENING = at("2026-01-02")
EVENING = at("2027-12-30")
"""Two nights before the year of the tiers ends."""
YEARS = {"basis": "spend", "window": {"kind": "calendar", "months": 12}, "keep": "next_period"}
DAY = timedelta(days=1)


def open_sleepy_shop(tx: Connection, count: int = 6) -> list[str]:
    """Members with a tier that ends at New Year, points that expire and points that mature.

    Of each kind there is something in each of the first three nights after `EVENING`.
    """
    open_shop(tx, OPENING, tiers=YEARS)
    members = [add_member(tx, OPENING + number * timedelta(seconds=1)) for number in range(count)]
    for number, member in enumerate(members):
        buy(tx, member, 20_00, at("2026-05-01"))
        buy(tx, member, 5_00 + number, at("2027-05-01"))
        _points_of_one(tx, member, number)
    return members


def _points_of_one(tx: Connection, member: str, number: int) -> None:
    day, other_day = (EVENING + (number + more) % 3 * DAY for more in (0, 1))
    give(tx, member, 5 + number, at("2027-12-01"), expires_at=other_day + timedelta(hours=3))
    term = Term(day + timedelta(hours=2), None)
    adjust(tx, member, POINTS, 9, cause(at("2027-12-01")), term)


def midnight(day: str) -> datetime:
    """The beginning of a winter day in Tallinn."""
    return at(day, 0) - timedelta(hours=2)
