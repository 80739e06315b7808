from base64 import b32decode
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import ValidationFailed
from server.core.ids import new_id
from server.gamification.cards.rules import (
    STEP_SECONDS,
    TERM_DAYS,
    card_number,
    check_digit,
    matching_step,
    normal_card_number,
    normal_spoken_code,
    one_time_code,
    rotating_code,
    secret_text,
    secret_valid_until,
    step_of,
    why_not_spendable,
)

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
MASTER = bytes(range(32))


@pytest.mark.parametrize(
    ("digits", "digit"),
    [("400638133393", "1"), ("590123412345", "7"), ("220012345678", "6"), ("000000000000", "0")],
)
def test_check_digits_of_known_numbers(digits, digit):
    assert check_digit(digits) == digit


@given(st.integers(0, 10**10 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body, place, change):
    number = card_number(body)
    assert normal_card_number(f" {number[:4]} {number[4:9]}-{number[9:]}") == number
    wrong = str((int(number[place]) + change) % 10)
    with pytest.raises(ValidationFailed):
        normal_card_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "2200123456789012", "4006381333931", "22001234567x4", "²²00123456784"]
)
def test_what_is_no_card_number_is_refused(text):
    with pytest.raises(ValidationFailed):
        normal_card_number(text)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_of_the_published_vectors(seconds, code):
    """Appendix B of RFC 6238, SHA-1."""
    assert one_time_code(b"12345678901234567890", seconds // STEP_SECONDS) == code


def test_an_authenticator_library_makes_the_same_code_from_the_published_secret():
    secret = secret_text(MASTER, NOW)
    assert len(b32decode(secret)) == 20
    shown = pyotp.TOTP(secret, digits=8, interval=30).at(NOW)
    assert matching_step(MASTER, shown, NOW) == step_of(NOW)


@pytest.mark.parametrize(
    ("seconds", "is_fresh"), [(0, True), (30, True), (-30, True), (60, False), (-60, False)]
)
def test_a_code_is_fresh_one_step_around_its_own(seconds, is_fresh):
    shown = pyotp.TOTP(secret_text(MASTER, NOW), digits=8).at(NOW)
    later = NOW + timedelta(seconds=seconds)
    assert (matching_step(MASTER, shown, later) is not None) is is_fresh


def test_a_secret_works_until_the_end_of_the_next_term():
    until = secret_valid_until(NOW)
    assert timedelta(days=TERM_DAYS) < until - NOW <= timedelta(days=2 * TERM_DAYS)
    phone = pyotp.TOTP(secret_text(MASTER, NOW), digits=8)
    last = until - timedelta(seconds=STEP_SECONDS)
    assert matching_step(MASTER, phone.at(last), last) == step_of(last)
    assert (
        matching_step(MASTER, phone.at(until + timedelta(minutes=5)), until + timedelta(minutes=5))
        is None
    )


@pytest.mark.parametrize(
    ("step", "last_used", "code"),
    [
        (None, None, "qr_stale"),
        (7, None, None),
        (7, 6, None),
        (7, 7, "qr_replayed"),
        (6, 7, "qr_replayed"),
    ],
)
def test_a_code_spends_once(step, last_used, code):
    refusal = why_not_spendable(step, last_used)
    assert (refusal.code if refusal else None) == code


def test_a_scanned_payload_is_taken_apart():
    card_id = new_id("crd", NOW)
    found = rotating_code(f" L1.{card_id}.01234567 ")
    assert (found.card_id, found.digits) == (card_id, "01234567")


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "L1",
        "L1..",
        "L2.{id}.01234567",
        "L1.{id}.1234567",
        "L1.{id}.12345678.9",
        "L1.mem_x.12345678",
        "L1.{id}.١٢٣٤٥٦٧٨",
    ],
)
def test_other_payloads_are_refused(payload):
    with pytest.raises(ValidationFailed) as refused:
        rotating_code(payload.replace("{id}", new_id("crd", NOW)))
    assert refused.value.errors[0]["code"] == "invalid_qr"


@pytest.mark.parametrize(("text", "code"), [("k7pd", "K7PD"), (" K7 P-DX ", "K7PDX")])
def test_a_spoken_code_is_heard_in_any_case(text, code):
    assert normal_spoken_code(text) == code


@pytest.mark.parametrize("text", ["", "K7", "K7PDXX", "O0I1L", "K7PÕ"])
def test_what_cannot_be_a_spoken_code_is_refused(text):
    with pytest.raises(ValidationFailed):
        normal_spoken_code(text)
