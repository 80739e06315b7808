"""Golden vectors: the bytes that a hash covers and the hashes themselves never change."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from server.gamification.ledger.chain import (
    GENESIS,
    canonical_instant,
    canonical_transfer,
    chained_hash,
    note_hash,
)
from server.gamification.ledger.types import Lot

FIRST: dict[str, Any] = {
    "id": "trf_01jd0000000000000000000001",
    "wallet_id": "wal_01jd0000000000000000000002",
    "wallet_version": 1,
    "unit": "points",
    "kind": "accrual",
    "debit_account": "issuance",
    "credit_account": "available",
    "amount": 25,
    "ref_kind": "activity",
    "ref_id": "act_01jd0000000000000000000003",
    "reverses_id": None,
    "actor": "device:dev_01jd0000000000000000000004",
    "occurred_at": datetime(2026, 11, 22, 14, 37, 5, tzinfo=UTC),
    "recorded_at": datetime(2026, 11, 22, 14, 37, 5, 123456, tzinfo=UTC),
    "balance_after": 25,
    "note_hash": None,
}
SECOND = FIRST | {
    "id": "trf_01jd0000000000000000000005",
    "wallet_version": 2,
    "kind": "adjustment",
    "debit_account": "available",
    "credit_account": "adjustment",
    "amount": 2**53 - 1,
    "ref_kind": "staff",
    "ref_id": "Õpik “2” / тест",
    "reverses_id": "trf_01jd0000000000000000000001",
    "balance_after": 0,
    "note_hash": "ab" * 32,
}
FIRST_BYTES = (
    b'["fairstar/transfer/v1","trf_01jd0000000000000000000001","wal_01jd0000000000000000000002",'
    b'1,"points","accrual","issuance","available",25,"activity","act_01jd0000000000000000000003",'
    b'null,"device:dev_01jd0000000000000000000004","2026-11-22T14:37:05.000000Z",'
    b'"2026-11-22T14:37:05.123456Z",25,null]'
)
FIRST_HASH = "bd50a0925419215c6f2899c837f1c23942c541ef58fe2f081c63be71fdafc05b"
SECOND_HASH = "8697c3a846d3cf33881431446cf16f27dd0b5f8201374c74ad36bb408ce40593"


def test_the_canonical_form_is_fixed_to_the_byte():
    assert canonical_transfer(FIRST) == FIRST_BYTES


def test_the_hash_covers_the_hash_before_and_the_canonical_form():
    assert chained_hash(GENESIS, FIRST) == FIRST_HASH
    assert chained_hash(FIRST_HASH, SECOND) == SECOND_HASH
    assert hashlib.sha256(bytes(32) + FIRST_BYTES).hexdigest() == FIRST_HASH


def test_letters_of_every_alphabet_are_written_as_utf_8():
    assert "Õpik “2” / тест".encode() in canonical_transfer(SECOND)


OWNER = "mem_01jd0000000000000000000008"
LOT = Lot(
    id="lot_01jd0000000000000000000006",
    amount=20,
    remaining=3,
    is_pending=False,
    earned_at=datetime(2026, 11, 22, 14, 37, 5, tzinfo=UTC),
    available_at=datetime(2026, 11, 22, 14, 37, 5, 123456, tzinfo=UTC),
    expires_at=None,
    source_transfer_id="trf_01jd0000000000000000000001",
)
GRACE = replace(
    LOT,
    id="lot_01jd0000000000000000000007",
    amount=5,
    available_at=None,
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    replaces_id=LOT.id,
)
LOTS_BYTES = (
    b',"mem_01jd0000000000000000000008",[["lot_01jd0000000000000000000006",20,'
    b'"2026-11-22T14:37:05.000000Z","2026-11-22T14:37:05.123456Z",null,null],'
    b'["lot_01jd0000000000000000000007",5,"2026-11-22T14:37:05.000000Z",null,'
    b'"2027-01-01T00:00:00.000000Z","lot_01jd0000000000000000000006"]]]'
)
LOTS_HASH = "7aba32fb8fae6328331f73415d4c0050807e8a31af756f462726ea6be975c57d"


def test_the_second_form_covers_the_owner_and_the_lots_as_they_were_opened():
    written = canonical_transfer(FIRST, OWNER, [GRACE, LOT])
    assert written == FIRST_BYTES[:-1].replace(b"/v1", b"/v2") + LOTS_BYTES
    assert chained_hash(GENESIS, FIRST, OWNER, [LOT, GRACE]) == LOTS_HASH


def test_what_becomes_of_a_lot_later_is_not_in_the_second_form():
    used = replace(LOT, remaining=0, is_pending=True)
    assert chained_hash(GENESIS, FIRST, OWNER, [used, GRACE]) == LOTS_HASH


@pytest.mark.parametrize("name", sorted(FIRST))
def test_every_field_changes_the_hash(name):
    other = {
        "wallet_version": 2,
        "amount": 26,
        "balance_after": 26,
        "occurred_at": FIRST["occurred_at"] + timedelta(microseconds=1),
        "recorded_at": FIRST["recorded_at"] + timedelta(microseconds=1),
    }
    assert chained_hash(GENESIS, FIRST | {name: other.get(name, "x")}) != FIRST_HASH


def test_instants_are_written_in_utc_with_microseconds():
    tallinn = timezone(timedelta(hours=2))
    instant = datetime(2026, 11, 22, 16, 37, 5, tzinfo=tallinn)
    assert canonical_instant(instant) == "2026-11-22T14:37:05.000000Z"


def test_the_hash_of_a_note_covers_salt_and_text():
    assert (
        note_hash("00ff" * 8, "goodwill")
        == "89c87edb777d932dc2c854a7d3908259fec777f8834933f045171c43436b990b"
    )
    assert note_hash("00fe" * 8, "goodwill") != note_hash("00ff" * 8, "goodwill")
