from datetime import UTC, datetime, timedelta

import pytest

from server.gamification.sessions.rules import decide_refresh, short_user_agent, why_not_guess
from server.gamification.sessions.types import RefreshFacts

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRESH = {"used_at": None, "successor_used": True, "session_revoked": False}


@pytest.mark.parametrize(
    ("changes", "installation", "decision"),
    [
        ({}, "one", "rotate"),
        ({}, "other", "reused"),
        ({"expires_at": NOW}, "one", "ended"),
        ({"expires_at": NOW}, "other", "reused"),
        ({"session_revoked": True}, "one", "ended"),
        ({"session_revoked": True, "used_at": NOW}, "other", "ended"),
        ({"used_at": NOW, "successor_used": False}, "one", "repeat"),
        ({"used_at": NOW - MINUTE, "successor_used": False}, "one", "repeat"),
        ({"used_at": NOW - MINUTE * 1.01, "successor_used": False}, "one", "reused"),
        ({"used_at": NOW, "successor_used": True}, "one", "reused"),
        ({"used_at": NOW, "successor_used": False}, "other", "reused"),
    ],
)
def test_what_happens_to_a_shown_refresh_token(changes, installation, decision):
    facts = {"installation_id": "one", "expires_at": NOW + MINUTE} | FRESH | changes
    assert decide_refresh(RefreshFacts(**facts), installation, NOW) == decision


@pytest.mark.parametrize(
    ("expires_at", "used_at", "attempts", "code"),
    [
        (NOW + MINUTE, None, 0, None),
        (NOW + MINUTE, None, 4, None),
        (NOW + MINUTE, None, 5, "otp_too_many"),
        (NOW, None, 0, "otp_expired"),
        (NOW + MINUTE, NOW, 1, "otp_expired"),
    ],
)
def test_when_a_challenge_takes_a_guess(expires_at, used_at, attempts, code):
    refusal = why_not_guess(expires_at, used_at, attempts, NOW)
    assert (refusal.code if refusal else None) == code


def test_a_user_agent_is_short_and_printable():
    assert short_user_agent("Phone\x00\n" + "x" * 500) == "Phone" + "x" * 115
    assert short_user_agent(None) == ""
