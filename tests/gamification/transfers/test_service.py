"""Points that members give each other: nothing is lost, and nothing lives longer."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from server.core.errors import Refusal
from server.core.outbox import OUTBOX
from server.gamification.holds.service import release_hold
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT, WALLET
from server.gamification.ledger.service import adjust
from server.gamification.ledger.sweeping import expire_due
from server.gamification.ledger.types import Term
from server.gamification.members.models import MEMBER
from server.gamification.transfers.service import give_away
from server.gamification.transfers.types import Giving
from tests.builders.purchases import (
    NOW,
    add_member,
    balances,
    buy,
    cause,
    give,
    give_back,
    hold,
    hold_cause,
    kinds,
    open_shop,
)

DAY = timedelta(days=1)
SETTINGS = {"units": ["points", "stars"], "most": 500, "most_per_day": 600, "account_days_min": 0}


@pytest.fixture
def two(tx: Connection) -> tuple[str, str]:
    """Ana and Ben, in a shop where members may give each other points."""
    open_shop(tx, transfers=SETTINGS)
    return add_member(tx, NOW - DAY), add_member(tx, NOW - DAY)


def pass_on(
    tx: Connection, two: Any, amount: int, now: datetime = NOW, unit: str = "points"
) -> Any:
    return give_away(tx, Giving(two[0], two[1], unit, amount), now)


def lots_of(tx: Connection, member_id: str) -> list[tuple[int, datetime, datetime | None]]:
    rows = tx.execute(
        select(LOT)
        .join(WALLET, WALLET.c.id == LOT.c.wallet_id)
        .where(WALLET.c.member_id == member_id, LOT.c.remaining > 0)
        .order_by(LOT.c.expires_at)
    )
    return [(row.remaining, row.earned_at, row.expires_at) for row in rows]


def refused(tx: Connection, two: Any, amount: int) -> str:
    with pytest.raises(Refusal) as caught:
        pass_on(tx, two, amount)
    return caught.value.code


def test_points_keep_the_dates_of_their_lots(tx: Connection, two: Any) -> None:
    soon, later = NOW + DAY, NOW + 9 * DAY
    give(tx, two[0], 30, NOW - DAY, later)
    give(tx, two[0], 20, NOW - 2 * DAY, soon)
    pass_on(tx, two, 25)
    assert lots_of(tx, two[0]) == [(25, NOW - DAY, later)]
    assert lots_of(tx, two[1]) == [(20, NOW - 2 * DAY, soon), (5, NOW - DAY, later)]
    assert kinds(tx, two[1]) == [("transfer", 20), ("transfer", 5)]
    expire_due(tx, soon)
    assert balances(tx, two[1]) == (5, 0, 0, 0)
    assert check_all(tx, soon) == []


def test_points_do_not_become_younger_by_going_to_and_fro(tx: Connection, two: Any) -> None:
    idle_at = NOW + 3 * DAY
    adjust(tx, two[0], "points", 10, cause(), Term(NOW, None, idle_at))
    pass_on(tx, two, 10)
    assert lots_of(tx, two[1]) == [(10, NOW, idle_at)]
    pass_on(tx, two[::-1], 10)
    assert lots_of(tx, two[0]) == [(10, NOW, idle_at)]
    assert check_all(tx, NOW) == []


def test_both_are_told_and_neither_earns(tx: Connection, two: Any) -> None:
    give(tx, two[0], 30)
    made = pass_on(tx, two, 12)
    told = tx.execute(select(OUTBOX).where(OUTBOX.c.topic.in_(["points.given", "points.received"])))
    payload = {"member_transfer_id": made.id, "unit": "points", "amount": 12}
    assert {(row.topic, row.member_id): row.payload for row in told} == {
        ("points.given", two[0]): payload,
        ("points.received", two[1]): payload,
    }
    earned = select(WALLET.c.lifetime_earned).where(WALLET.c.member_id == two[1])
    assert tx.execute(earned).scalar_one() == 0


def test_stars_are_given_where_the_settings_name_them(tx: Connection, two: Any) -> None:
    adjust(tx, two[0], "stars", 5, cause(), Term(NOW, None))
    pass_on(tx, two, 3, unit="stars")
    assert [lot[0] for lot in lots_of(tx, two[1])] == [3]
    assert check_all(tx, NOW) == []


def test_what_is_given_pays_a_debt_first(tx: Connection, two: Any) -> None:
    bought = buy(tx, two[1], 500_00)
    give(tx, two[1], -50)
    give_back(tx, bought)
    give(tx, two[0], 80)
    pass_on(tx, two, 80)
    assert balances(tx, two[1]) == (30, 0, 0, 0)
    assert check_all(tx, NOW) == []


@pytest.mark.parametrize(
    ("policy", "left", "debt"), [("debt", 0, 50), ("clamp", 0, 0), ("cash_value", 0, 0)]
)
def test_a_return_of_what_was_given_away_falls_short(tx, policy, left, debt) -> None:
    open_shop(tx, transfers=SETTINGS, clawback=policy)
    two = add_member(tx, NOW - DAY), add_member(tx, NOW - DAY)
    bought = buy(tx, two[0], 500_00)
    pass_on(tx, two, 50)
    done = give_back(tx, bought)
    assert (done.points_taken, done.shortfall, done.policy) == (0, 50, policy)
    assert balances(tx, two[0]) == (left, 0, 0, debt)
    assert balances(tx, two[1]) == (50, 0, 0, 0)
    assert check_all(tx, NOW) == []


def test_a_day_has_its_limit(tx: Connection, two: Any) -> None:
    give(tx, two[0], 2000)
    for amount in (500, 99):
        pass_on(tx, two, amount)
    assert refused(tx, two, 2) == "transfer_limit_reached"
    pass_on(tx, two, 1)
    pass_on(tx, two, 500, NOW + DAY)
    assert balances(tx, two[1])[0] == 1100


def test_held_points_are_not_given(tx: Connection, two: Any) -> None:
    give(tx, two[0], 10)
    assert refused(tx, two, 11) == "balance_insufficient"


@pytest.mark.parametrize("status", ["blocked", "erased"])
def test_whoever_is_not_served_gives_and_gets_nothing(tx, two, status) -> None:
    give(tx, two[0], 10)
    change = update(MEMBER).values(status=status)
    tx.execute(change.where(MEMBER.c.id == two[1]))
    assert refused(tx, two, 5) == "recipient_unknown"
    tx.execute(change.where(MEMBER.c.id == two[0]))
    assert refused(tx, two, 5) == {"blocked": "member_blocked", "erased": "not_found"}[status]
    assert balances(tx, two[0]) == (10, 0, 0, 0)


def put_by(tx: Connection, member_id: str, amount: int, until: datetime) -> None:
    """Set points aside over their end, and have them back then."""
    held = hold(tx, member_id, amount, until - DAY, minutes=2 * 24 * 60)
    release_hold(tx, held.id, hold_cause(held.id, until))


def test_there_is_one_grace_however_often_points_are_given(tx: Connection, two: Any) -> None:
    give(tx, two[0], 10, NOW, NOW + DAY)
    put_by(tx, two[0], 10, NOW + DAY)
    ((_, _, until),) = lots_of(tx, two[0])
    assert until is not None
    pass_on(tx, two, 10, NOW + DAY)
    pass_on(tx, two[::-1], 4, NOW + DAY)
    for member_id, amount in zip(two, (4, 6), strict=True):
        put_by(tx, member_id, amount, until)
    expire_due(tx, until)
    assert [balances(tx, member_id) for member_id in two] == [(0, 0, 0, 0)] * 2
    assert check_all(tx, until) == []
