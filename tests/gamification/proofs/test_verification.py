"""Walking the ledger: whatever is changed behind its back, the first bad row is named."""

import pytest
from sqlalchemy import select, text

from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.proofs.history import list_drawn_lots, origin_of, walk_statement
from server.gamification.proofs.queries import count_transfers
from server.gamification.proofs.verification import ledger_faults
from tests.builders.shop_life import live_three_days
from tests.gamification.proofs.tampering import movement, tamper, versions

NO_HASH = "its content, its lots or its owner do not give its hash"


@pytest.fixture
def ana(tx):
    return live_three_days(tx)[0]


def faults(tx, **options):
    return list(ledger_faults(tx, **options))


def test_a_sound_ledger_has_no_faults(tx, ana):
    assert faults(tx) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("amount = amount + 1", NO_HASH),
        ("actor = 'nobody'", NO_HASH),
        ("ref_id = 'another'", NO_HASH),
        ("balance_after = 7", NO_HASH),
        ("hash = 'ab'", NO_HASH),
        ("prev_hash = 'ab'", "the hash before it is not the one of the movement before"),
        ("wallet_version = 99", "movement 5 is missing before 6"),
        ("amount = -5", "the amount -5 is no whole number from 1 to 2^53 - 1"),
    ],
)
def test_a_changed_row_is_the_first_that_is_named(tx, ana, change, what):
    bad = movement(tx, ana, 6 if "99" in change else 5)
    tamper(tx, f"UPDATE transfer SET {change} WHERE id = '{movement(tx, ana, 5).id}'")
    (fault,) = faults(tx)
    assert (fault.what, fault.wallet_id, fault.transfer_id) == (what, bad.wallet_id, bad.id)
    assert str(fault) == f"transfer {bad.id}, wallet {bad.wallet_id}: {what}"


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = '2030-01-01 00:00:00'",
        "expires_at = NULL",
        "available_at = '2026-11-01 00:00:00'",
        "earned_at = '2026-11-01 00:00:00'",
        "replaces_id = 'lot_none'",
        "amount = amount + 1",
        "source_transfer_id = 'trf_none'",
        "id = 'lot_none'",
    ],
)
def test_a_lot_that_is_not_as_it_was_opened_is_found(tx, ana, change):
    opening = movement(tx, ana, 2)
    tamper(tx, f"UPDATE lot SET {change} WHERE source_transfer_id = '{opening.id}'")
    (fault,) = faults(tx)
    assert (fault.what, fault.transfer_id) == (NO_HASH, opening.id)


def test_wallets_that_change_their_owners_are_found(tx, ana):
    owners = select(WALLET.c.member_id).where(WALLET.c.member_id != ana)
    ben = tx.execute(owners).scalar_one()
    tamper(tx, f"UPDATE wallet SET unit = 'aside', member_id = '{ben}' WHERE member_id = '{ana}'")
    tamper(tx, f"UPDATE wallet SET member_id = '{ana}' WHERE unit = 'points'")
    tamper(tx, "UPDATE wallet SET unit = 'points'")
    assert [fault.what for fault in faults(tx)] == [NO_HASH, NO_HASH]


def test_a_deleted_row_leaves_a_gap(tx, ana):
    after = movement(tx, ana, 6)
    tamper(tx, f"DELETE FROM transfer WHERE id = '{movement(tx, ana, 5).id}'")
    (fault,) = faults(tx)
    assert (fault.transfer_id, fault.what) == (after.id, "movement 5 is missing before 6")


def test_a_deleted_end_leaves_the_wallet_without_its_history(tx, ana):
    last = movement(tx, ana, versions(tx, ana))
    tamper(tx, f"DELETE FROM transfer WHERE id = '{last.id}'")
    (fault,) = faults(tx)
    assert fault.transfer_id is None
    assert "the transfers give" in fault.what


def test_two_rows_in_each_others_place_are_found(tx, ana):
    one, other = movement(tx, ana, 5), movement(tx, ana, 6)
    tamper(tx, f"UPDATE transfer SET wallet_version = 99 WHERE id = '{one.id}'")
    tamper(tx, f"UPDATE transfer SET wallet_version = 5 WHERE id = '{other.id}'")
    tamper(tx, f"UPDATE transfer SET wallet_version = 6 WHERE id = '{one.id}'")
    (fault,) = faults(tx)
    assert fault.transfer_id == other.id


@pytest.mark.parametrize(
    "name", ["available", "pending", "held", "debt", "lifetime_earned", "version"]
)
def test_a_wallet_that_is_not_the_sum_of_its_transfers_is_named(tx, ana, name):
    tamper(tx, f"UPDATE wallet SET {name} = {name} + 1 WHERE member_id = '{ana}'")
    (fault,) = faults(tx)
    assert fault.what.startswith(f"{name} is stored as ")
    assert (
        fault.wallet_id
        == tx.execute(select(WALLET.c.id).where(WALLET.c.member_id == ana)).scalar_one()
    )


def test_a_wallet_without_a_row_still_has_its_transfers(tx, ana):
    wallet_id = movement(tx, ana, 1).wallet_id
    tamper(tx, f"DELETE FROM wallet WHERE id = '{wallet_id}'")
    (fault,) = faults(tx)
    assert (fault.wallet_id, fault.what) == (wallet_id, "there are transfers but no wallet")


def test_a_wallet_without_its_transfers_is_found(tx, ana):
    tamper(tx, "DELETE FROM transfer")
    assert len(faults(tx)) == 2


def test_every_wallet_tells_its_own_fault(tx, ana):
    tamper(tx, "UPDATE transfer SET actor = 'nobody'")
    assert len({fault.wallet_id for fault in faults(tx)}) == 2


def test_only_what_moved_since_a_checkpoint_is_walked(tx, ana):
    """Ben has not moved since the first checkpoint; Ana has."""
    of_ana = movement(tx, ana, 1)
    tamper(tx, "UPDATE transfer SET actor = 'nobody'")
    (fault,) = faults(tx, moved_since=1)
    assert fault.wallet_id == of_ana.wallet_id
    assert faults(tx, moved_since=2) == []


def test_progress_counts_in_thousands(tx, ana):
    seen: list[int] = []
    assert faults(tx, on_progress=seen.append) == []
    assert count_transfers(tx) < 1000
    assert seen == []


def test_a_statement_has_every_movement_in_its_order(tx, ana):
    rows = list(walk_statement(tx, ana))
    assert [row.wallet_version for row in rows] == list(range(1, versions(tx, ana) + 1))


def test_every_point_spent_is_traced_to_where_it_was_given(tx, ana):
    spending = tx.execute(select(TRANSFER.c.id).where(TRANSFER.c.kind == "hold")).scalars()
    lots = [lot for transfer_id in spending for lot in list_drawn_lots(tx, transfer_id)]
    kinds = {origin_of(tx, lot).source.kind for lot in lots}
    assert kinds <= {"accrual", "adjustment"}
    assert len(lots) >= 5


def test_a_grace_lot_is_traced_through_the_lot_it_replaces(tx, ana):
    grace = tx.execute(text("SELECT * FROM lot WHERE replaces_id IS NOT NULL")).first()
    assert grace is not None
    origin = origin_of(tx, grace)
    assert origin.replaced[0].id == grace.replaces_id
    assert origin.source.id == origin.replaced[-1].source_transfer_id
