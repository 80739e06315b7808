"""What new policies do to points that exist: nothing sooner than a full period from the change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.gamification.ledger.types import Lot, Wallet
from server.gamification.points.errors import ExpiryInvalid
from server.gamification.points.redating import Redating, check_policies
from server.gamification.programme.types import ExpiryKind, ExpiryPolicy, Policies

TALLINN = ZoneInfo("Europe/Tallinn")
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
YEAR = ExpiryPolicy(ExpiryKind.MONTHS, 12)
HALF = ExpiryPolicy(ExpiryKind.MONTHS, 6)
IDLE = ExpiryPolicy(ExpiryKind.INACTIVITY, 6)
CHRISTMAS = ExpiryPolicy(ExpiryKind.FIXED_DATE, on=date(2026, 12, 24))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def lot(earned, expires=None, replaces=None):
    earned_at = at(earned)
    return Lot("lot", 10, 10, False, earned_at, earned_at, at(expires), "trf", replaces)


def redating(*policies):
    return Redating(policies, Policies().grace_lot_days, TALLINN, NOW)


@pytest.mark.parametrize(
    ("policies", "earned", "expires", "found"),
    [
        ([YEAR], "2020-01-01", None, "2027-06-15T21:00"),  # a full year from the switch
        ([YEAR], "2026-06-01", "2026-12-01T22:00", "2027-06-01T21:00"),  # lengthened
        ([HALF], "2026-06-01", "2027-06-01T21:00", "2026-12-15T22:00"),  # not sooner than that
        ([HALF], "2025-08-01", "2026-08-01T21:00", "2026-08-01T21:00"),  # never later for that
        ([YEAR], "2026-06-01", "2027-06-01T21:00", "2027-06-01T21:00"),  # nothing new
        ([], "2026-06-01", "2027-06-01T21:00", None),
        ([], "2025-06-01", "2026-06-01T21:00", "2026-06-01T21:00"),  # over is over
        ([CHRISTMAS], "2026-06-01", None, "2026-12-24T22:00"),
        ([YEAR, CHRISTMAS], "2026-06-01", "2027-06-01T21:00", "2026-12-24T22:00"),
        ([IDLE], "2026-06-01", "2027-06-01T21:00", None),
        ([HALF], "2020-01-01", "2026-06-20T21:00", "2026-06-20T21:00"),
    ],
)
def test_lots_get_new_dates(policies, earned, expires, found):
    assert redating(*policies).lot(lot(earned, expires)) == at(found)


def test_a_grace_lot_keeps_its_short_time():
    grace = lot("2026-01-01", "2026-06-20T21:00", "lot_old")
    assert redating(YEAR).lot(grace) == grace.expires_at
    assert redating().lot(grace) is None


def test_pending_points_can_always_be_used_for_a_while():
    waiting = lot("2026-06-01", "2028-01-01T22:00")
    waiting.is_pending, waiting.available_at = True, at("2027-01-01T22:00")
    assert redating(HALF).lot(waiting) == at("2027-01-16T22:00")


@pytest.mark.parametrize(
    ("policies", "bought", "idle_at", "found"),
    [
        ([IDLE], "2024-01-01", None, "2026-12-15T22:00"),  # a full period from the switch
        ([IDLE], None, None, "2026-12-15T22:00"),
        ([IDLE], "2026-06-01", "2026-09-01T21:00", "2026-12-01T22:00"),  # lengthened
        ([IDLE], "2026-06-01", "2027-06-01T21:00", "2026-12-15T22:00"),  # shortened
        ([YEAR], "2026-06-01", "2027-06-01T21:00", None),
    ],
)
def test_wallets_get_a_new_day_without_a_purchase(policies, bought, idle_at, found):
    wallet = Wallet("wal", "mem", "points", available=5, idle_at=at(idle_at))
    assert redating(*policies).wallet(wallet, at(bought)) == at(found)


def test_an_empty_wallet_has_nothing_that_could_expire():
    assert redating(IDLE).wallet(Wallet("wal", "mem", "points"), NOW) is None


@pytest.mark.parametrize(
    "policies",
    [
        [YEAR, YEAR],
        [ExpiryPolicy(ExpiryKind.MONTHS, 0)],
        [ExpiryPolicy(ExpiryKind.INACTIVITY, 241)],
        [ExpiryPolicy(ExpiryKind.FIXED_DATE, on=date(2026, 6, 14))],
        [ExpiryPolicy(ExpiryKind.FIXED_DATE)],
    ],
)
def test_impossible_policies_are_refused(policies):
    with pytest.raises(ExpiryInvalid):
        check_policies(policies, NOW, TALLINN)
    check_policies([YEAR, IDLE, CHRISTMAS], NOW, TALLINN)
