from datetime import UTC, datetime, timedelta

import pytest

from server.gamification.partners.errors import AssertionInvalid, ScopeUnknown
from server.gamification.partners.rules import (
    check_assertion_claims,
    checked_scopes,
    has_key_form,
    is_touch_due,
    key_hint,
    key_prefix,
)
from server.gamification.partners.types import PROFILE_SCOPES, KeyMode, Profile, Scope

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
GOOD = {"sub": "4711", "jti": "a", "exp": int((NOW + timedelta(minutes=5)).timestamp())}


def test_a_key_says_what_it_is_and_hides_itself():
    assert key_prefix(KeyMode.LIVE, device=False) == "sk_live_"
    assert key_prefix(KeyMode.TEST, device=True) == "dk_test_"
    assert key_hint("sk_live_abcdefghijkl") == "sk_live_…ijkl"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("sk_live_x", True),
        ("dk_test_x", True),
        ("pk_live_x", False),
        ("sk_live_" + "x" * 99, False),
    ],
)
def test_only_texts_of_the_form_of_a_key_are_looked_up(text, is_one):
    assert has_key_form(text) is is_one


def test_scopes_are_known_sorted_and_single():
    assert checked_scopes(["members:write", "members:read", "members:read"]) == [
        "members:read",
        "members:write",
    ]
    with pytest.raises(ScopeUnknown) as refused:
        checked_scopes(["members:read", "everything"])
    assert refused.value.params == {"scope": "everything"}


def test_every_profile_has_scopes_and_only_known_ones():
    assert set(PROFILE_SCOPES) == set(Profile)
    assert all(scopes and scopes <= set(Scope) for scopes in PROFILE_SCOPES.values())
    assert Scope.MEMBERS_WRITE not in PROFILE_SCOPES[Profile.TILL_SCAN_ONLY]
    assert Scope.TRANSACTIONS_WRITE not in PROFILE_SCOPES[Profile.KIOSK]


@pytest.mark.parametrize(
    ("last", "is_due"), [(None, True), (NOW, False), (NOW - timedelta(minutes=5), True)]
)
def test_use_is_noted_every_five_minutes(last, is_due):
    assert is_touch_due(last, NOW) is is_due


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ""},
        {"sub": "  "},
        {"sub": 4711},
        {"sub": "x" * 101},
        {"jti": None},
        {"jti": "x" * 101},
        {"exp": "soon"},
        {"nbf": "soon"},
        {"nbf": int((NOW + timedelta(minutes=2)).timestamp())},
        {"iat": int((NOW + timedelta(minutes=2)).timestamp())},
        {"exp": 10**30},
        {"exp": int((NOW - timedelta(minutes=1)).timestamp())},
        {"exp": int((NOW + timedelta(minutes=7)).timestamp())},
    ],
)
def test_an_assertion_says_who_once_and_for_how_long(changes):
    with pytest.raises(AssertionInvalid):
        check_assertion_claims(GOOD | changes, NOW)


@pytest.mark.parametrize("minutes", [-0.5, 0, 5, 5.9])
def test_a_minute_of_clock_difference_is_forgiven(minutes):
    ends = NOW + timedelta(minutes=minutes)
    assert check_assertion_claims(GOOD | {"exp": int(ends.timestamp())}, NOW) == ends
