"""Whether points may be given, and the dates that they keep."""

from datetime import UTC, datetime, timedelta

import pytest

from server.gamification.ledger.types import Lot, LotDraw
from server.gamification.programme.queries import policies_of
from server.gamification.programme.types import TransferPolicy
from server.gamification.transfers.errors import FeatureDisabled
from server.gamification.transfers.rules import (
    check_offered,
    left_today,
    masked,
    shares_of,
    why_not_given,
)
from server.gamification.transfers.types import Giving, Share

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = TransferPolicy(least=10, most=50, most_per_day=70, account_days_min=30)


@pytest.mark.parametrize(
    ("amount", "given", "days", "code", "params"),
    [
        (10, 0, 30, None, {}),
        (50, 20, 30, None, {}),
        (9, 0, 30, "transfer_too_small", {"least": 10}),
        (51, 0, 30, "transfer_too_large", {"most": 50}),
        (50, 21, 30, "transfer_limit_reached", {"left": 49}),
        (10, 99, 30, "transfer_limit_reached", {"left": 0}),
        (10, 0, 29, "transfer_too_early", {"days": 30}),
    ],
)
def test_how_much_may_be_given(amount, given, days, code, params):
    giving = Giving("mem_a", "mem_b", "points", amount)
    refusal = why_not_given(giving, POLICY, given, NOW - days * DAY, NOW)
    assert (refusal and refusal.code) == code
    assert (refusal.params if refusal else {}) == params


def test_nobody_gives_to_themselves():
    refusal = why_not_given(Giving("mem_a", "mem_a", "points", 10), POLICY, 0, NOW, NOW)
    assert refusal is not None
    assert refusal.code == "transfer_to_self"


@pytest.mark.parametrize(("policy", "unit"), [(None, "points"), (POLICY, "stars")])
def test_what_is_not_offered_is_not_given(policy, unit):
    with pytest.raises(FeatureDisabled):
        check_offered(policy, unit)


def test_transfers_are_off_until_the_settings_name_them():
    assert policies_of({}).transfers is None
    assert policies_of({"transfers": {}}).transfers == TransferPolicy()
    chosen = policies_of({"transfers": {"units": ["stars"], "most": 5}}).transfers
    assert chosen == TransferPolicy(units=("stars",), most=5)


def test_what_is_left_of_a_day_is_never_below_zero():
    assert [left_today(POLICY, given) for given in (0, 70, 71)] == [70, 0, 0]


@pytest.mark.parametrize(
    ("expires", "idles", "ends"),
    [(None, None, None), (5, None, 5), (5, 3, 3), (5, 9, 5), (None, 9, 9)],
)
def test_points_keep_the_earlier_of_their_dates(expires, idles, ends):
    at = {days: NOW + days * DAY for days in (3, 5, 9)} | {None: None}
    lot = Lot("lot_1", 10, 10, False, NOW - DAY, NOW - DAY, at[expires], "trf_1")
    (share,) = shares_of([LotDraw("lot_1", 4)], {"lot_1": lot}, at[idles])
    assert share == Share(4, NOW - DAY, at[ends])


@pytest.mark.parametrize(("name", "shown"), [("Ana", "A•••"), ("Ö", "Ö•••"), (None, None)])
def test_a_name_is_masked(name, shown):
    assert masked(name) == shown
