"""Checkpoints: what they sign, and what somebody with the database but without the key betrays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, text, update

from server.core.crypto import Vault, is_signed_by
from server.core.errors import NotFound
from server.gamification.ledger.chain import GENESIS
from server.gamification.ledger.models import TRANSFER
from server.gamification.proofs.checkpoints import (
    PURPOSE,
    checkpoint_faults,
    export_checkpoint,
    export_faults,
    load_export,
    take_checkpoint,
)
from server.gamification.proofs.models import CHECKPOINT, CHECKPOINT_HEAD
from server.gamification.proofs.queries import find_newest, get_checkpoint, walk_heads
from server.gamification.proofs.rules import leaf_of, root_of, statement_of, why_not_signed
from server.gamification.proofs.types import Checkpoint, Head
from server.gamification.proofs.verification import ledger_faults
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, buy, open_shop, wallet
from tests.builders.shop_life import LATER, live_three_days
from tests.gamification.proofs.tampering import movement, rewrite_history, tamper

OURS = VAULT.public_keys(PURPOSE)
HEAD = Head("wal_01jd0000000000000000000002", 3, "ab" * 32)
GOLDEN = Checkpoint(
    number=2,
    taken_at=datetime(2026, 11, 22, 15, tzinfo=UTC),
    wallets=1,
    root="cd" * 32,
    previous_root=GENESIS,
)
STATEMENT = (
    b'["fairstar/checkpoint/v1",2,"2026-11-22T15:00:00.000000Z",1,"' + b"cd" * 32 + b'","'
) + (b"0" * 64 + b'"]')


def take(tx, now=NOW):
    """A checkpoint of what has moved."""
    taken = take_checkpoint(tx, VAULT, now)
    assert taken is not None
    return taken


def exported(tx, checkpoint):
    return b"".join(export_checkpoint(tx, checkpoint))


def whats(faults):
    return [fault.what for fault in faults]


def test_the_bytes_that_are_signed_and_hashed_are_fixed():
    assert statement_of(GOLDEN) == STATEMENT
    leaf = b'["wal_01jd0000000000000000000002",3,"' + b"ab" * 32 + b'"]'
    assert leaf_of(HEAD) == leaf


def test_a_key_signs_the_same_for_ever():
    key = Vault("a secret for this vector").signing_key(PURPOSE)
    public = key.public_key().public_bytes_raw().hex()
    signature = key.sign(STATEMENT).hex()
    assert public == "b4dfe338c5b18c406b0f659017c4405a61781067d5ee35cb8008e6905d0c02e0"
    assert signature == (
        "3dc4ec62eecb636fb5bb7425135a71baf41007a1005d99d616a77a6fceb37388"
        "6841060229cb0fd4cbd291323b14126943631d2be268eef71804fe8cb9482909"
    )
    assert is_signed_by(public, STATEMENT, signature)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 3},
        {"taken_at": GOLDEN.taken_at + timedelta(microseconds=1)},
        {"wallets": 2},
        {"root": "ce" * 32},
        {"previous_root": "ce" * 32},
    ],
)
def test_the_signature_covers_every_field(change):
    signature = VAULT.signing_key(PURPOSE).sign(STATEMENT).hex()
    signed = replace(GOLDEN, public_key=OURS[0], signature=signature)
    assert why_not_signed(signed, OURS) is None
    assert why_not_signed(replace(signed, **change), OURS) is not None


@pytest.mark.parametrize("signature", ["", "ab", "zz" * 64, "ab" * 64])
def test_what_is_no_signature_signs_nothing(signature):
    assert not is_signed_by(OURS[0], STATEMENT, signature)


def test_a_checkpoint_sees_all_wallets_and_keeps_only_what_moved(tx):
    open_shop(tx)
    ana, ben, _idle = (add_member(tx) for _ in range(3))
    buy(tx, ana, 100_00)
    buy(tx, ben, 100_00)
    first = take(tx)
    buy(tx, ana, 100_00)
    second = take(tx, LATER)
    assert (first.number, first.wallets, first.previous_root) == (1, 2, GENESIS)
    assert (second.number, second.wallets, second.previous_root) == (2, 2, first.root)
    numbers = tx.execute(select(CHECKPOINT_HEAD.c.number)).scalars()
    assert sorted(numbers) == [1, 1, 2]
    heads = [
        Head(row["id"], row["version"], row["head_hash"])
        for row in sorted((wallet(tx, ana), wallet(tx, ben)), key=lambda row: row["id"])
    ]
    assert list(walk_heads(tx, 2)) == heads
    assert root_of(iter(heads)) == (second.root, 2)
    assert list(checkpoint_faults(tx, OURS)) == []


def test_nothing_is_signed_when_nothing_moved(tx):
    open_shop(tx)
    assert take_checkpoint(tx, VAULT, NOW) is None
    buy(tx, add_member(tx), 100_00)
    taken = take_checkpoint(tx, VAULT, NOW)
    assert take_checkpoint(tx, VAULT, LATER) is None
    assert find_newest(tx) == taken == get_checkpoint(tx, 1)
    with pytest.raises(NotFound):
        get_checkpoint(tx, 2)


def test_a_rewritten_history_is_found_although_every_hash_fits(tx):
    ana, _ = live_three_days(tx)
    rewrite_history(tx, ana, 2, actor="staff:nobody")
    assert list(ledger_faults(tx)) == []
    seen = tx.execute(
        select(CHECKPOINT_HEAD).where(CHECKPOINT_HEAD.c.wallet_id == wallet(tx, ana)["id"])
    ).first()
    first = next(checkpoint_faults(tx, OURS))
    assert first.transfer_id == movement(tx, ana, seen.version).id
    assert first.what == "the history up to here is not the one that checkpoint 1 saw"


def test_a_thief_who_also_rewrites_what_checkpoints_saw_breaks_the_root(tx):
    ana, _ = live_three_days(tx)
    rewrite_history(tx, ana, 2, actor="staff:nobody")
    hash_now = select(TRANSFER.c.hash).where(
        TRANSFER.c.wallet_id == CHECKPOINT_HEAD.c.wallet_id,
        TRANSFER.c.wallet_version == CHECKPOINT_HEAD.c.version,
    )
    tx.execute(update(CHECKPOINT_HEAD).values(head_hash=hash_now.scalar_subquery()))
    assert whats(checkpoint_faults(tx, OURS)) == ["checkpoint 2: its heads do not give its root"]


def test_a_thief_who_signs_again_has_another_key(tx):
    ana, _ = live_three_days(tx)
    rewrite_history(tx, ana, 2, actor="staff:nobody")
    tx.execute(text("DELETE FROM checkpoint"))
    tx.execute(text("DELETE FROM checkpoint_head"))
    thief = Vault("a guessed secret")
    take_checkpoint(tx, thief, LATER)
    (fault,) = checkpoint_faults(tx, OURS)
    assert fault.what.endswith("which is not ours")
    assert list(checkpoint_faults(tx, thief.public_keys(PURPOSE))) == []


def test_a_removed_wallet_is_missed(tx):
    ana, _ = live_three_days(tx)
    wallet_id = wallet(tx, ana)["id"]
    tamper(tx, f"DELETE FROM transfer WHERE wallet_id = '{wallet_id}'")
    tamper(tx, f"DELETE FROM wallet WHERE id = '{wallet_id}'")
    assert list(ledger_faults(tx)) == []
    faults = list(checkpoint_faults(tx, OURS))
    assert {fault.wallet_id for fault in faults} == {wallet_id}
    assert "is gone" in faults[0].what


def test_a_database_set_back_has_lost_what_an_export_saw(tx):
    open_shop(tx)
    ana = add_member(tx)
    buy(tx, ana, 100_00)
    take_checkpoint(tx, VAULT, NOW)
    backup = tx.begin_nested()
    buy(tx, ana, 200_00)
    outside = exported(tx, take(tx, LATER))
    assert list(export_faults(tx, outside, OURS)) == []
    backup.rollback()
    assert list(checkpoint_faults(tx, OURS)) == []
    (fault,) = export_faults(tx, outside, OURS)
    assert fault.what == "movement 2, seen by checkpoint 2, is gone"


def test_an_export_finds_a_history_that_was_rewritten_together_with_all_checkpoints(tx):
    ana, _ = live_three_days(tx)
    outside = exported(tx, get_checkpoint(tx, 1))
    rewrite_history(tx, ana, 2, actor="staff:nobody")
    tx.execute(text("DELETE FROM checkpoint"))
    tx.execute(text("DELETE FROM checkpoint_head"))
    take_checkpoint(tx, VAULT, LATER)
    assert list(checkpoint_faults(tx, OURS)) == []
    (fault,) = export_faults(tx, outside, OURS)
    assert fault.wallet_id == wallet(tx, ana)["id"]


def test_an_export_is_read_back_as_it_was(tx):
    live_three_days(tx)
    taken = get_checkpoint(tx, 2)
    checkpoint, heads = load_export(exported(tx, taken))
    assert checkpoint == taken
    assert heads == list(walk_heads(tx, 2))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"root": "ab" * 32}, "checkpoint 2: the signature does not belong to it"),
        ({"heads": []}, "checkpoint 2: its heads do not give its root"),
    ],
)
def test_a_changed_export_does_not_pass(tx, change, what):
    live_three_days(tx)
    document = orjson.loads(exported(tx, get_checkpoint(tx, 2))) | change
    assert what in whats(export_faults(tx, orjson.dumps(document), OURS))


@pytest.mark.parametrize("document", [b"", b"{}", b"[1]", b'{"heads": [[1]]}', b"\xff"])
def test_a_file_that_is_no_export_is_a_fault(tx, document):
    assert whats(export_faults(tx, document, OURS)) == ["the file is not an exported checkpoint"]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("DELETE FROM checkpoint WHERE number = 1", "checkpoint 1 is missing"),
        (
            "UPDATE checkpoint SET previous_root = root WHERE number = 2",
            "checkpoint 2: does not follow checkpoint 1",
        ),
        (
            "UPDATE checkpoint SET wallets = 9 WHERE number = 1",
            "checkpoint 1: the signature does not belong to it",
        ),
    ],
)
def test_checkpoints_are_one_line(tx, damage, what):
    live_three_days(tx)
    tamper(tx, damage)
    assert whats(checkpoint_faults(tx, OURS))[0] == what


def test_older_checkpoints_may_be_of_a_forgotten_key(tx):
    """After two changes of the secret the first checkpoint is of a key nobody has any more."""
    open_shop(tx)
    ana = add_member(tx)
    for secret in ("first", "second"):
        buy(tx, ana, 100_00)
        take_checkpoint(tx, Vault(secret), NOW)
    trusted = Vault("third", previous="second").public_keys(PURPOSE)
    assert list(checkpoint_faults(tx, trusted)) == []
    assert tx.execute(select(CHECKPOINT.c.number)).scalars().all() == [1, 2]
