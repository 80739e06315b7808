"""How tiers are kept, from the programme's settings."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from server.gamification.tiers.errors import TierSchemeInvalid
from server.gamification.tiers.settings import basis_of, counting_from, scheme_of
from server.gamification.tiers.types import (
    Basis,
    CountingFrom,
    Downgrade,
    Keep,
    Scheme,
    Window,
    WindowKind,
)

TALLINN = ZoneInfo("Europe/Tallinn")


def test_without_settings_the_whole_membership_counts_for_ever():
    assert scheme_of({}, TALLINN) == Scheme(Window(WindowKind.LIFETIME), TALLINN)
    assert basis_of({}) is Basis.QUALIFYING_POINTS
    assert not scheme_of({}, TALLINN).is_windowed


def test_the_older_name_of_the_basis_is_still_read():
    assert basis_of({"tier_basis": "spend"}) is Basis.SPEND
    assert basis_of({"tier_basis": "spend", "tiers": {"basis": "visits"}}) is Basis.VISITS


def test_everything_may_be_set():
    stored = {
        "basis": "spend",
        "window": {"kind": "calendar", "months": 3},
        "counting_from": "next_period",
        "counts_from_on": "2026-10-01",
        "keep": "next_period",
        "downgrade": "one_step",
        "grace_days": 14,
        "idle_months": 2,
        "almost_pct": 5,
    }
    assert scheme_of({"tiers": stored}, TALLINN) == Scheme(
        Window(WindowKind.CALENDAR, 3),
        TALLINN,
        date(2026, 10, 1),
        Keep.NEXT_PERIOD,
        Downgrade.ONE_STEP,
        grace_days=14,
        idle_months=2,
        almost_pct=5,
    )


def test_notices_of_nearness_can_be_switched_off():
    assert scheme_of({"tiers": {"almost_pct": 0}}, TALLINN).almost_pct == 0


@pytest.mark.parametrize(
    "stored",
    [
        {"window": {"kind": "calendar", "months": 5}},
        {"window": {"kind": "calendar", "months": 24}},
        {"window": {"kind": "rolling", "months": 0}},
        {"window": {"kind": "weekly"}},
        {"window": {"kind": "rolling", "weeks": 3}},
        {"window": {"kind": "rolling", "months": 12}, "keep": "next_period"},
        {"window": {"kind": "calendar", "months": 1}, "grace_days": 29},
        {"grace_days": -1},
        {"idle_months": -1},
        {"almost_pct": 101},
        {"keep": "for_ever"},
        {"downgrade": "two_steps"},
        {"counts_from_on": "soon"},
    ],
)
def test_what_does_not_fit_together_is_refused(stored):
    with pytest.raises(TierSchemeInvalid):
        scheme_of({"tiers": stored}, TALLINN)


@pytest.mark.parametrize(
    ("kind", "months", "choice", "begins"),
    [
        ("calendar", 12, "now", "2026-11-22"),
        ("calendar", 12, "next_period", "2027-01-01"),
        ("calendar", 3, "next_period", "2027-01-01"),
        ("calendar", 1, "next_period", "2026-12-01"),
        ("rolling", 12, "next_period", "2026-11-22"),
        ("since_start", 12, "next_period", "2026-11-22"),
    ],
)
def test_a_window_begins_to_count_at_once_or_with_the_next_period(kind, months, choice, begins):
    scheme = Scheme(Window(WindowKind(kind), months), TALLINN)
    found = counting_from(scheme, CountingFrom(choice), date(2026, 11, 22))
    assert found == date.fromisoformat(begins)
