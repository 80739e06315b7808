"""A purchase of last month, reported late, counts for badges of its own month, both ways."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from server.gamification.activities.types import Outcome, Return
from server.gamification.badges.models import BADGE_AWARD
from server.gamification.invariants.service import check_all
from server.gamification.playing.returning import return_purchase
from server.gamification.playing.service import record_purchase
from tests.builders.badges import publish
from tests.builders.purchases import NOW, add_member, open_shop, purchase, recording

LATE = timedelta(days=30)


@pytest.fixture
def ana(tx: Connection) -> str:
    open_shop(tx)
    publish(tx, "monthly", "activity_kind = purchase", period="month")
    return add_member(tx)


def buy(tx: Connection, member_id: str, ago: timedelta = LATE) -> Outcome:
    bought = replace(purchase(member_id, 10_00), occurred_at=NOW - ago)
    return record_purchase(tx, bought, replace(recording(tx), any_age=True))


def periods(tx: Connection) -> list[str]:
    asked = select(BADGE_AWARD.c.period).where(BADGE_AWARD.c.revoked_at.is_(None))
    return sorted(tx.execute(asked).scalars())


def test_two_late_purchases_of_a_month_earn_its_badge_once(tx: Connection, ana: str) -> None:
    for ago in (LATE, LATE, timedelta()):
        buy(tx, ana, ago)
    assert periods(tx) == ["2026-10", "2026-11"]
    assert check_all(tx, NOW) == []


def test_the_badge_of_a_past_month_goes_with_its_purchase(tx: Connection, ana: str) -> None:
    bought = buy(tx, ana)
    return_purchase(tx, bought.activity_id, Return("back"), recording(tx))
    assert periods(tx) == []
    assert check_all(tx, NOW) == []
