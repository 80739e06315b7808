"""The nightly review on real databases: once, in any batches, however late."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update

from server.core.clock import start_of_day
from server.core.db import transaction
from server.core.ids import new_id
from server.core.outbox import OUTBOX
from server.gamification.activities.configuration import get_configuration
from server.gamification.invariants.service import check_all
from server.gamification.programme.models import PROGRAMME
from server.gamification.standings.models import (
    MEMBER_TIER,
    QUALIFYING_DAY,
    TIER_CHANGE,
    TIER_NOTICE,
)
from server.gamification.standings.queries import get_standing
from server.gamification.standings.reviewing import announce_risks, review_tiers
from tests.builders.nights import (
    ZONE,
    at,
    nights,
    pass_nights,
    review_night,
    told,
    topics,
    where,
)
from tests.builders.purchases import add_member, buy, give_back, open_shop

START = at("2026-01-02")
YEARLY = {"basis": "spend", "window": {"kind": "calendar", "months": 12}, "keep": "next_period"}
SILVER, GOLD = 500, 2000  # the thresholds of the metals, as cents


@pytest.fixture
def yearly(tx):
    open_shop(tx, START, tiers=YEARLY)
    return tx


def shop(tx, **scheme):
    open_shop(tx, START, tiers=YEARLY | scheme)
    return add_member(tx, START)


def test_a_night_downgrades_whoever_did_not_renew(yearly):
    ana, ben = add_member(yearly, START), add_member(yearly, START)
    for member in (ana, ben):
        buy(yearly, member, GOLD, at("2026-05-01"))
    buy(yearly, ben, GOLD, at("2027-05-01"))
    eve, night = date(2027, 12, 31), date(2028, 1, 1)
    assert review_tiers(yearly, eve, at("2027-12-31")) == 0
    assert review_tiers(yearly, night, at("2028-01-01")) == 1
    assert (where(yearly, ana), where(yearly, ben)) == (("bronze", None), ("gold", "2028-12-31"))
    assert topics(yearly, ana) == ["upgraded", "downgraded"]
    assert topics(yearly, ben) == ["upgraded", "renewed"]
    assert check_all(yearly, at("2028-01-01")) == []


def test_what_is_told_names_the_review_and_the_dates(yearly):
    ana = add_member(yearly, START)
    bought = buy(yearly, ana, SILVER, at("2026-05-01"))
    review_night(yearly, date(2028, 1, 1))
    bronze, silver = (t.id for t in get_configuration(yearly).ladder.tiers[:2])
    assert told(yearly, ana) == [
        (
            "tier.upgraded",
            {
                "ref_id": bought.activity_id,
                "from_id": bronze,
                "to_id": silver,
                "keep_until_on": "2027-12-31",
            },
        ),
        (
            "tier.downgraded",
            {
                "ref_id": "review:2028-01-01",
                "from_id": silver,
                "to_id": bronze,
                "keep_until_on": None,
            },
        ),
    ]
    changed_at = select(TIER_CHANGE.c.changed_at).order_by(TIER_CHANGE.c.changed_at.desc())
    assert yearly.execute(changed_at).scalars().first() == start_of_day(date(2028, 1, 1), ZONE)


def test_the_same_night_again_does_nothing(yearly):
    ana = add_member(yearly, START)
    buy(yearly, ana, GOLD, at("2026-05-01"))
    review_night(yearly, date(2028, 1, 1))
    before = everything(yearly)
    assert review_night(yearly, date(2028, 1, 1)) == 0
    assert everything(yearly) == before


def test_a_tier_past_its_date_is_not_honoured_before_the_review_ran(yearly):
    ana = add_member(yearly, START)
    buy(yearly, ana, GOLD, at("2026-05-01"))
    late = buy(yearly, ana, 100_00, at("2028-01-01"))
    assert late.trace["multiplier_bp"] == 10_000
    assert topics(yearly, ana) == ["upgraded", "downgraded", "upgraded"]
    assert get_standing(yearly, ana).since_at == at("2028-01-01")
    assert check_all(yearly, at("2028-01-02")) == []


def test_a_late_report_of_the_year_that_ended_brings_the_tier_back(yearly):
    ana = add_member(yearly, START)
    buy(yearly, ana, GOLD, at("2026-05-01"))
    review_night(yearly, date(2028, 1, 1))
    buy(yearly, ana, GOLD, at("2027-12-30"), occurred_at=at("2027-12-30"))
    assert where(yearly, ana) == ("gold", "2028-12-31")


def test_a_return_takes_the_tier_and_its_day_back(yearly):
    ana = add_member(yearly, START)
    bought = buy(yearly, ana, GOLD, at("2026-05-01"))
    give_back(yearly, bought, 1, at("2026-06-01"))
    assert where(yearly, ana) == ("silver", "2027-12-31")
    give_back(yearly, bought, None, at("2026-06-02"))
    assert where(yearly, ana) == ("bronze", None)
    day = yearly.execute(select(QUALIFYING_DAY)).one()
    assert (day.day_on, day.points, day.spend_minor, day.visits) == (date(2026, 5, 1), 0, 0, 0)
    assert check_all(yearly, at("2026-06-03")) == []


def test_a_return_counts_on_the_day_of_the_purchase_whatever_the_zone_is_now(yearly):
    ana = add_member(yearly, START)
    bought = buy(yearly, ana, SILVER, at("2026-05-01", 22))
    assert yearly.execute(select(QUALIFYING_DAY.c.day_on)).scalar_one() == date(2026, 5, 2)
    open_zone(yearly, "America/New_York")
    give_back(yearly, bought, None, at("2026-05-03"))
    assert yearly.execute(select(QUALIFYING_DAY.c.spend_minor)).scalars().all() == [0]
    buy(yearly, ana, 100, at("2026-05-04", 3))
    days = yearly.execute(select(QUALIFYING_DAY.c.day_on).order_by(QUALIFYING_DAY.c.day_on))
    assert days.scalars().all() == [date(2026, 5, 2), date(2026, 5, 3)]
    assert check_all(yearly, at("2026-05-05")) == []


def open_zone(tx, zone):
    tx.execute(update(PROGRAMME).values(zone=zone, revision=new_id("rev", START)))


def test_without_a_window_no_days_are_kept(tx):
    open_shop(tx, START)
    ana = add_member(tx, START)
    bought = buy(tx, ana, 100_00, START)
    with statements_of(tx) as said:
        buy(tx, ana, 1_00, START)
    assert said != []
    assert [each for each in said if "qualifying_day" in each or "tier_" in each] == []
    assert "day_on" not in bought.trace
    assert tx.execute(select(func.count()).select_from(QUALIFYING_DAY)).scalar_one() == 0


@contextmanager
def statements_of(tx):
    """Collect what is said to the database."""
    said: list[str] = []

    def hear(_connection, _cursor, statement, *_others):
        said.append(statement)

    event.listen(tx, "before_cursor_execute", hear)
    yield said
    event.remove(tx, "before_cursor_execute", hear)


def test_almost_there_is_told_once_a_period(tx):
    ana = shop(tx, window={"kind": "calendar", "months": 1}, keep="period")
    for minor in (440, 10, 10):
        bought = buy(tx, ana, minor, at("2026-05-01"))
    give_back(tx, bought, 10, at("2026-05-02"))
    buy(tx, ana, 10, at("2026-05-03"))
    assert topics(tx, ana) == ["almost"]
    assert told(tx, ana)[0][1] == {
        "tier_id": get_configuration(tx).ladder.tiers[1].id,
        "remaining": 50,
        "by_on": "2026-05-31",
    }
    buy(tx, ana, 460, at("2026-06-01"))
    assert topics(tx, ana) == ["almost", "almost"]


def test_who_would_lose_a_tier_is_told_30_and_7_days_before(yearly):
    ana, ben = add_member(yearly, START), add_member(yearly, START)
    for member in (ana, ben):
        buy(yearly, member, GOLD, at("2026-05-01"))
    buy(yearly, ana, 1500, at("2027-05-01"))
    buy(yearly, ben, GOLD, at("2027-05-01"))
    found: list[tuple[str, str]] = []
    for night in nights("2027-11-28", "2028-01-02"):
        review_night(yearly, night)
        review_night(yearly, night)
        found += [(night.isoformat(), t) for t in topics(yearly, ana)[len(found) :]]
    assert [row for row in found if row[1] == "at_risk"] == [
        ("2027-12-01", "at_risk"),
        ("2027-12-24", "at_risk"),
    ]
    gold = get_configuration(yearly).ladder.tiers[2].id
    risk = {"tier_id": gold, "remaining": 500, "on": "2027-12-31"}
    assert [payload for topic, payload in told(yearly, ana) if topic == "tier.at_risk"] == [
        risk
    ] * 2
    assert "at_risk" not in topics(yearly, ben)


def test_a_rolling_tier_is_at_risk_by_what_will_leave_the_window(tx):
    ana = shop(tx, window={"kind": "rolling", "months": 12}, keep="period")
    buy(tx, ana, SILVER, at("2026-03-10"))
    buy(tx, ana, SILVER, at("2026-06-10"))
    pass_nights(tx, "2027-01-01", "2027-06-09")
    assert where(tx, ana) == ("silver", "2027-06-09")
    risks = [payload["on"] for topic, payload in told(tx, ana) if topic == "tier.at_risk"]
    assert (topics(tx, ana)[0], risks) == ("upgraded", ["2027-06-09", "2027-06-09"])
    pass_nights(tx, "2027-06-10", "2027-06-10")
    assert where(tx, ana) == ("bronze", None)
    assert check_all(tx, at("2027-06-11")) == []


def test_want_of_visits_is_looked_at_every_night(tx):
    ana = shop(tx, window={"kind": "lifetime"}, keep="period", idle_months=1)
    buy(tx, ana, GOLD, at("2026-03-10"))
    pass_nights(tx, "2026-04-01", "2026-04-10")
    assert where(tx, ana)[0] == "gold"
    pass_nights(tx, "2026-04-11", "2026-05-12")
    assert where(tx, ana)[0] == "bronze"
    buy(tx, ana, 1, at("2026-05-13"))
    assert topics(tx, ana) == ["upgraded", "downgraded", "downgraded", "upgraded"]
    assert check_all(tx, at("2026-05-14")) == []


@pytest.mark.parametrize("limit", [1, 3])
def test_small_batches_do_what_one_large_one_does(tx, limit):
    open_shop(tx, START, tiers=YEARLY | {"grace_days": 10})
    members = [add_member(tx, START) for _ in range(7)]
    for number, member in enumerate(members):
        buy(tx, member, 400 * number, at("2026-05-01"))
        buy(tx, member, 300 * number, at("2027-05-01"))
    point = tx.begin_nested()
    for night in nights("2027-12-31", "2028-01-20"):
        review_night(tx, night)
    at_once = standings(tx), everything(tx)
    point.rollback()
    for night in nights("2027-12-31", "2028-01-20"):
        review_night(tx, night, limit)
    assert (standings(tx), everything(tx)) == at_once


LIVES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 80), st.sampled_from([300, 700, 2100])),
    min_size=1,
    max_size=8,
)


@given(life=LIVES, step=st.integers(1, 60), scheme=st.integers(0, 3))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_late_and_repeated_nights_change_nothing_else(sqlite_tx, life, step, scheme):
    tx = sqlite_tx
    outer = tx.begin_nested()
    schemes = [
        {},
        {"grace_days": 20, "downgrade": "one_step"},
        {"window": {"kind": "rolling", "months": 3}, "keep": "period"},
        {"window": {"kind": "since_start", "months": 2}, "idle_months": 1},
    ]
    open_shop(tx, START, tiers=YEARLY | schemes[scheme])
    members = [add_member(tx, START) for _ in range(3)]
    ends = [lived(tx, members, life, each) for each in (1, step)]
    outer.rollback()
    assert ends[0] == ends[1]


def lived(tx, members, life, step):
    """Live through purchases with a review every `step` nights; return how it ends."""
    point, day, night = tx.begin_nested(), date(2026, 1, 5), date(2026, 1, 5)
    for who, pause, minor in life:
        day += timedelta(days=pause)
        while night <= day:
            review_tiers(tx, night, start_of_day(night, ZONE))
            night += timedelta(days=step)
        buy(tx, members[who], minor, at(day.isoformat()))
    end = date(2028, 6, 1)
    review_tiers(tx, end, start_of_day(end, ZONE))
    assert review_tiers(tx, end, start_of_day(end, ZONE)) == 0
    assert check_all(tx, at("2028-06-01")) == []
    found = standings(tx), history(tx)
    point.rollback()
    return found


@pytest.fixture
def sqlite_tx(sqlite_app):
    with sqlite_app.app_context(), transaction() as connection:
        yield connection


def standings(tx):
    """Where everybody stands."""
    return tx.execute(select(MEMBER_TIER).order_by(MEMBER_TIER.c.member_id)).all()


def history(tx):
    """Every move, but for ids of their own."""
    columns = [TIER_CHANGE.c[name] for name in ("member_id", "from_id", "to_id", "changed_at")]
    return sorted(tuple(map(str, row)) for row in tx.execute(select(*columns)))


def everything(tx):
    """Moves, notices and what was told, but for ids of their own."""
    notices = sorted(map(tuple, tx.execute(select(TIER_NOTICE))))
    rows = tx.execute(select(OUTBOX.c.member_id, OUTBOX.c.topic, OUTBOX.c.payload))
    said = sorted((r.member_id, r.topic, str(sorted(r.payload.items(), key=str))) for r in rows)
    return history(tx), notices, [row for row in said if row[1].startswith("tier.")]


def test_a_notice_needs_a_tier_to_lose(yearly):
    ana = add_member(yearly, START)
    buy(yearly, ana, 100, at("2026-05-01"))
    assert announce_risks(yearly, date(2026, 12, 20), at("2026-12-20")) == 0
