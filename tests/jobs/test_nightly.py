"""Nights: in order, each once, taken up where they were left, by one worker at a time."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from server.core.db import reading, transaction
from server.gamification.invariants.service import check_all
from server.gamification.nights.errors import LeaseLost, NightsMissed
from server.gamification.nights.models import NIGHTLY_RUN
from server.gamification.nights.service import LEASE_SECONDS, lease_night, release_night, work_at
from server.gamification.nights.steps import STEPS
from server.gamification.programme.models import PROGRAMME
from server.jobs import nightly
from tests.builders.nights import at, topics
from tests.builders.purchases import NOW, balances, change_settings, kinds, open_shop
from tests.builders.sleepers import DAY, EVENING, midnight, open_sleepy_shop

LEASE = timedelta(seconds=LEASE_SECONDS)


@pytest.fixture
def ready(app):
    with app.app_context():
        yield app


def nights():
    """Every night: its day, its steps that moved something, and whether it is over."""
    with reading() as tx:
        rows = tx.execute(select(NIGHTLY_RUN).order_by(NIGHTLY_RUN.c.night_on)).all()
    return [
        (
            row.night_on.isoformat(),
            {name: one["count"] for name, one in row.steps.items() if one["count"]},
            row.finished_at is not None,
        )
        for row in rows
    ]


def run_all(now):
    batches = 0
    while done := nightly.run(now=now, limit=3):
        batches += done
    return batches


def test_a_night_does_its_steps_in_the_written_order(ready):
    assert [step.name for step in STEPS] == [
        *("mature", "star_cards", "tier_periods", "expire", "tiers", "notices")
    ]
    with transaction() as tx:
        ana, *_ = open_sleepy_shop(tx, 1)
    run_all(midnight("2027-12-31"))
    assert nights() == [("2027-12-31", {"mature": 1, "notices": 1}, True)]
    run_all(midnight("2028-01-01"))
    assert nights()[1] == ("2028-01-01", {"tier_periods": 1, "expire": 1}, True)
    with reading() as tx:
        assert [kind for kind, _ in kinds(tx, ana)][-2:] == ["maturity", "expiry"]
        assert topics(tx, ana)[-2:] == ["at_risk", "downgraded"]
        assert check_all(tx, midnight("2028-01-01")) == []


def test_the_first_night_ever_has_no_backlog(ready):
    with transaction() as tx:
        open_shop(tx)
    assert run_all(NOW) == 1
    assert nights() == [("2026-11-22", {}, True)]
    assert run_all(NOW) == 0


def test_nothing_happens_without_a_programme(ready):
    assert nightly.run(now=NOW) == 0
    assert nights() == []


def test_missed_nights_are_caught_up_in_order(ready):
    with transaction() as tx:
        open_sleepy_shop(tx)
    run_all(EVENING)
    run_all(EVENING + 3 * DAY)
    days = ["2027-12-30", "2027-12-31", "2028-01-01", "2028-01-02"]
    assert [on for on, *_ in nights()] == days
    assert [steps.get("expire") for _, steps, _ in nights()] == [None, 2, 2, 2]
    assert [steps.get("tier_periods") for _, steps, _ in nights()] == [None, None, 6, None]
    with reading() as tx:
        begun = tx.execute(select(NIGHTLY_RUN.c.begins_at).order_by(NIGHTLY_RUN.c.night_on))
        assert begun.scalars().all() == [midnight(day) for day in days]
        assert check_all(tx, EVENING + 3 * DAY) == []


def test_a_leap_of_a_year_waits_for_a_person_and_one_of_an_hour_is_harmless(ready):
    with transaction() as tx:
        members = open_sleepy_shop(tx)
    run_all(EVENING)
    with reading() as tx:
        before = [balances(tx, member) for member in members]
    with pytest.raises(NightsMissed):
        nightly.run(now=EVENING + 365 * DAY)
    assert run_all(EVENING - 365 * DAY) == 0
    assert run_all(EVENING + timedelta(hours=1)) == 0
    assert run_all(EVENING - timedelta(hours=1)) == 0
    with reading() as tx:
        assert [balances(tx, member) for member in members] == before
    assert run_all(EVENING + DAY) > 0
    while nightly.run(now=EVENING + 365 * DAY, missed_max=None):
        pass
    assert len(nights()) == 366


def test_a_day_of_23_and_one_of_25_hours_have_one_night_each(ready):
    with transaction() as tx:
        open_shop(tx, at("2026-03-01"))
    for hour in range(24 * 3):
        run_all(at("2026-03-27") + timedelta(hours=hour))
    for hour in range(24 * 3):
        run_all(at("2026-10-24") + timedelta(hours=hour)) if hour else run_missed("2026-10-24")
    with reading() as tx:
        begun = {row.night_on: row.begins_at for row in tx.execute(select(NIGHTLY_RUN))}
    lengths = {
        day: begun[date.fromisoformat(day) + DAY] - begun[date.fromisoformat(day)]
        for day in ("2026-03-28", "2026-03-29", "2026-10-25")
    }
    assert [length / timedelta(hours=1) for length in lengths.values()] == [24, 23, 25]


def run_missed(day):
    while nightly.run(now=at(day), missed_max=None):
        pass


def test_a_new_zone_gives_every_date_one_night(ready):
    with transaction() as tx:
        open_shop(tx)
    run_all(NOW)
    for hours, zone in ((1, "Pacific/Kiritimati"), (2, "Pacific/Honolulu"), (50, "Asia/Tokyo")):
        with transaction() as tx:
            tx.execute(update(PROGRAMME).values(zone=zone))
            change_settings(tx, NOW)
        run_all(NOW + timedelta(hours=hours))
    assert [on for on, *_ in nights()] == ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"]


def test_a_second_worker_leaves_a_leased_night_alone(ready):
    with transaction() as tx:
        open_sleepy_shop(tx)
        night = lease_night(tx, EVENING)
        assert night is not None
        assert lease_night(tx, EVENING) is None
        release_night(tx, night)
        assert lease_night(tx, EVENING) is not None
        assert lease_night(tx, EVENING + LEASE) is not None


def test_a_lease_of_a_wrong_clock_holds_nobody_up(ready):
    with transaction() as tx:
        open_sleepy_shop(tx)
        assert lease_night(tx, EVENING) is not None
        assert lease_night(tx, EVENING - timedelta(hours=1)) is not None


def test_a_stalled_worker_commits_nothing_after_it_lost_its_lease(ready):
    with transaction() as tx:
        open_sleepy_shop(tx)
        stalled = lease_night(tx, midnight("2027-12-31"))
    with transaction() as tx:
        other = lease_night(tx, midnight("2027-12-31") + LEASE)
    assert stalled is not None
    assert other is not None
    with pytest.raises(LeaseLost), transaction() as tx:
        work_at(tx, stalled, midnight("2027-12-31"))
    assert nights() == [("2027-12-31", {}, False)]
    with transaction() as tx:
        assert work_at(tx, other, midnight("2027-12-31") + LEASE) is not None
    assert nights() == [("2027-12-31", {"mature": 2}, False)]


def test_nights_out_of_order_are_noticed(ready):
    with transaction() as tx:
        open_shop(tx)
    run_all(NOW)
    row = {"begins_at": NOW, "zone": "UTC", "steps": {}, "fence": 1, "started_at": NOW}
    with transaction() as tx:
        tx.execute(insert(NIGHTLY_RUN), row | {"night_on": date(2026, 11, 25)})
    with reading() as tx:
        (found,) = check_all(tx, NOW)
    assert found.code == "J1"
    assert found.offenders == ("2026-11-25",)
