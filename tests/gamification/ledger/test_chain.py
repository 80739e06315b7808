"""Golden vectors: the bytes that a hash covers and the hashes themselves never change."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from server.gamification.ledger.chain import (
    GENESIS,
    canonical_instant,
    canonical_transfer,
    chained_hash,
    merkle_root,
    note_hash,
)

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


# The leaves and roots of the test tree of RFC 6962 implementations (certificate transparency).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("count", range(1, 9))
def test_merkle_roots_are_those_of_rfc_6962(count):
    assert merkle_root(LEAVES[:count]) == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert merkle_root([]) == hashlib.sha256(b"").hexdigest()
