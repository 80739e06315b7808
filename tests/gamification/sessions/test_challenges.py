"""One-time codes on real databases."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.core.db import reading, transaction
from server.gamification.members.types import IdentifierKind
from server.gamification.sessions.challenges import answer_challenge, start_challenge
from server.gamification.sessions.errors import OtpExpired, OtpInvalid, OtpTooMany
from server.gamification.sessions.expiry import forget_expired_sign_ins
from server.gamification.sessions.models import OTP_CHALLENGE
from tests.builders.members import ANA_EMAIL, NOW, VAULT, identifier

ADDRESS = identifier(IdentifierKind.EMAIL, ANA_EMAIL)


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_right_code_proves_the_address_once(tx):
    challenge = start_challenge(tx, VAULT, ADDRESS, NOW)
    assert len(challenge.code) == 6
    assert challenge.address_hint == "a•••@example.com"
    proven = answer_challenge(tx, VAULT, challenge.id, challenge.code, NOW)
    assert (proven.value, proven.verified_at) == (ANA_EMAIL, NOW)
    with pytest.raises(OtpExpired):
        answer_challenge(tx, VAULT, challenge.id, challenge.code, NOW)


def test_wrong_guesses_are_counted_even_though_they_are_refused(app):
    with app.app_context():
        with transaction() as tx:
            challenge = start_challenge(tx, VAULT, ADDRESS, NOW)
        left = []
        for _ in range(5):
            with pytest.raises(OtpInvalid) as refused, transaction() as tx:
                answer_challenge(tx, VAULT, challenge.id, wrong(challenge.code), NOW)
            left.append(refused.value.params["attempts_left"])
        assert left == [4, 3, 2, 1, 0]
        with pytest.raises(OtpTooMany), transaction() as tx:
            answer_challenge(tx, VAULT, challenge.id, challenge.code, NOW)
        with reading() as tx:
            assert tx.execute(select(OTP_CHALLENGE.c.attempts)).scalar_one() == 5


def test_a_code_is_right_for_ten_minutes_and_only_for_its_challenge(tx):
    first, second = (start_challenge(tx, VAULT, ADDRESS, NOW) for _ in range(2))
    if first.code != second.code:
        with pytest.raises(OtpInvalid):
            answer_challenge(tx, VAULT, second.id, first.code, NOW)
    with pytest.raises(OtpExpired):
        answer_challenge(tx, VAULT, first.id, first.code, NOW + timedelta(minutes=10))
    with pytest.raises(OtpExpired):
        answer_challenge(tx, VAULT, "otp_unknown", first.code, NOW)


def test_an_address_gets_five_codes_an_hour(tx):
    for _ in range(5):
        start_challenge(tx, VAULT, ADDRESS, NOW)
    upper = identifier(IdentifierKind.EMAIL, ANA_EMAIL.upper())
    assert start_challenge(tx, VAULT, upper, NOW + timedelta(minutes=59)).code == ""
    assert start_challenge(tx, VAULT, upper, NOW + timedelta(minutes=60)).code


def test_all_requesters_together_send_an_address_thirty_codes_an_hour(tx):
    made = [start_challenge(tx, VAULT, ADDRESS, NOW, f"198.51.100.{n // 4}") for n in range(40)]
    assert [bool(one.code) for one in made] == [True] * 30 + [False] * 10


def test_neither_code_nor_address_is_stored_readable(tx):
    challenge = start_challenge(tx, VAULT, ADDRESS, NOW)
    stored = " ".join(str(value) for value in tx.execute(select(OTP_CHALLENGE)).one())
    assert ANA_EMAIL not in stored
    assert challenge.code not in stored.replace(challenge.id, "")


def test_old_challenges_are_forgotten(tx):
    challenge = start_challenge(tx, VAULT, ADDRESS, NOW)
    day = timedelta(days=1)
    assert forget_expired_sign_ins(tx, challenge.expires_at + day, 100) == 0
    assert forget_expired_sign_ins(tx, challenge.expires_at + day * 1.1, 100) == 1
    assert tx.execute(select(func.count()).select_from(OTP_CHALLENGE)).scalar_one() == 0
