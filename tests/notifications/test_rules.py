"""Send or not: every rule by itself, and quiet hours wherever somebody lives."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.programme.types import MessagePolicy
from server.notifications.rules import decide, is_quiet, pick_variant, quiet_until
from server.notifications.types import (
    Category,
    Channel,
    Decision,
    Preferences,
    Quiet,
    Recipient,
    Verdict,
    Waiting,
    Why,
)

NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TALLINN, POLICY = ZoneInfo("Europe/Tallinn"), MessagePolicy()
PUSH, EMAIL = Channel.PUSH, Channel.EMAIL
BOTH = frozenset({"marketing_push", "marketing_email"})
SEND = Decision(Verdict.SEND)


def member(consents=BOTH, quiet=None, sent=None, **choices):
    return Recipient(Preferences(choices, quiet), consents, TALLINN, sent or {})


def waiting(category, channel=PUSH, expires_at=NOON + DAY):
    return Waiting(category, channel, expires_at)


def dropped(why):
    return Decision(Verdict.DROP, why=why)


@pytest.mark.parametrize(
    ("who", "what", "expected"),
    [
        (member(), waiting(Category.OFFERS), SEND),
        (member(), waiting(Category.OFFERS, EMAIL), dropped(Why.MUTED)),
        (member(offers={"email": True}), waiting(Category.OFFERS, EMAIL), SEND),
        (member(frozenset()), waiting(Category.OFFERS), dropped(Why.NO_CONSENT)),
        (member(frozenset()), waiting(Category.NEWS), dropped(Why.NO_CONSENT)),
        (
            member(frozenset({"marketing_push"}), news={"email": True}),
            waiting(Category.NEWS, EMAIL),
            dropped(Why.NO_CONSENT),
        ),
        (member(frozenset()), waiting(Category.PROGRESS), SEND),
        (member(progress={"push": False}), waiting(Category.PROGRESS), dropped(Why.MUTED)),
        (member(service={"push": False}), waiting(Category.SERVICE), SEND),
        (member(), waiting(Category.SERVICE, expires_at=NOON), dropped(Why.EXPIRED)),
    ],
)
def test_what_is_not_wanted_agreed_to_or_true_is_not_sent(who, what, expected):
    assert decide(what, who, POLICY, NOON) == expected


@pytest.mark.parametrize(
    ("hours_ago", "expected"),
    [
        ([1], SEND),
        ([1, 24], SEND),
        ([1, 23], dropped(Why.CAPPED)),
        ([30, 60, 90, 120, 150, 160, 167], dropped(Why.CAPPED)),
        ([30, 60, 90, 120, 150, 160, 168], SEND),
    ],
)
def test_caps_count_a_day_and_a_week_back(hours_ago, expected):
    sent = {"reminders": tuple(NOON - hours * HOUR for hours in hours_ago)}
    assert decide(waiting(Category.REMINDERS), member(sent=sent), POLICY, NOON) == expected
    assert decide(waiting(Category.PROGRESS), member(sent=sent), POLICY, NOON) == SEND


def test_service_has_no_cap():
    sent = {"service": (NOON - HOUR,) * 100}
    policy = MessagePolicy(caps={"service": (1, 1)})
    assert decide(waiting(Category.SERVICE), member(sent=sent), policy, NOON) == SEND


def test_quiet_hours_of_the_member_win():
    night = NOON + 12 * HOUR
    late = waiting(Category.SERVICE, expires_at=night + DAY)
    until = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert decide(late, member(), POLICY, night) == Decision(Verdict.WAIT, until)
    assert decide(late, member(quiet=Quiet(0, 0)), POLICY, night) == SEND
    own = Quiet(23 * 60, 6 * 60 + 30)
    assert decide(late, member(quiet=own), POLICY, night).until == until - 2.5 * HOUR


def test_what_is_over_before_the_quiet_hours_is_dropped():
    night = NOON + 12 * HOUR
    soon = waiting(Category.SERVICE, expires_at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC))
    assert decide(soon, member(), POLICY, night) == dropped(Why.EXPIRED)


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    st.sampled_from(sorted(available_timezones())),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_quiet_hours_end_at_an_instant_that_is_not_quiet(now, name, start, end):
    quiet, zone = Quiet(start, end), ZoneInfo(name)
    until = quiet_until(quiet, zone, now)
    assert (until is not None) == is_quiet(quiet, zone, now)
    if until is not None:
        assert now < until <= now + timedelta(hours=27)
        assert not is_quiet(quiet, zone, until)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),  # clocks jump over 03:30
        ("2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"),  # 03:30 comes the first time
        ("2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"),  # and the second
    ],
)
def test_quiet_hours_end_where_clocks_are_changed(now, until):
    quiet = Quiet(22 * 60, 3 * 60 + 30)
    found = quiet_until(quiet, TALLINN, datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(until)


def test_variants_are_chosen_by_weight_and_stay():
    variants = [(3, "a"), (1, "b")]
    picked = [pick_variant(variants, "tpl", f"mem_{number}") for number in range(4000)]
    assert picked == [pick_variant(variants, "tpl", f"mem_{number}") for number in range(4000)]
    assert 2850 < picked.count("a") < 3150
