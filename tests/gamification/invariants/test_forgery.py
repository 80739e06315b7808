"""Movements added behind the back of the services, with right hashes: `check` misses the cause."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.core.audit import AUDIT
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import TRANSFER
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause, Kind, Term
from server.gamification.programme.types import POINTS
from server.gamification.proofs.verification import ledger_faults
from tests.builders.purchases import cause
from tests.builders.shop_life import LATER, live_three_days


@pytest.fixture
def ana(tx):
    return live_three_days(tx)[0]


def found_for(tx, member_id, kind, forged):
    """What `check` finds once 1000 points were added, while the chain itself is right."""
    book = open_book(tx, member_id, POINTS, LATER)
    book.accrue(1000, forged, Term(LATER, None), kind)
    save_book(tx, book)
    assert list(ledger_faults(tx)) == []
    return {violation.sentence for violation in check_all(tx, LATER)}


def test_an_adjustment_that_nobody_made_is_found(tx, ana):
    found = found_for(tx, ana, Kind.ADJUSTMENT, cause(LATER))
    assert found == {"Every kind of transfer has a cause that fits it."}


def test_an_adjustment_with_an_entry_of_its_own_making_is_found(tx, ana):
    forged = Cause("audit", "aud_none", "staff:eva", LATER, LATER)
    assert found_for(tx, ana, Kind.ADJUSTMENT, forged) == {"The cause of a transfer exists."}


def test_an_adjustment_that_uses_the_entry_of_another_is_found(tx, ana):
    adjusted = select(AUDIT.c.id).where(AUDIT.c.action == "points.adjusted").limit(1)
    entry = tx.execute(adjusted).scalar_one()
    forged = Cause("audit", entry, "staff:eva", LATER, LATER)
    assert found_for(tx, ana, Kind.ADJUSTMENT, forged) >= {"An audit entry moves points once."}


def test_a_second_accrual_for_a_purchase_is_found(tx, ana):
    bought = select(TRANSFER.c.ref_id).where(TRANSFER.c.kind == "accrual").limit(1)
    forged = Cause("activity", tx.execute(bought).scalar_one(), "device:dan", LATER, LATER)
    found = found_for(tx, ana, Kind.ACCRUAL, forged)
    assert "A purchase gives its points in one transfer, once." in found


@pytest.mark.parametrize(
    "table", ["transfer", "lot_draw", "checkpoint", "checkpoint_head", "audit_entry"]
)
def test_what_was_written_once_is_neither_changed_nor_deleted_nor_replaced(tx, ana, table):
    row = tx.execute(text(f"SELECT * FROM {table}")).mappings().first()
    name = next(iter(row))
    attempts = [f"UPDATE {table} SET {name} = {name}", f"DELETE FROM {table}"]
    if tx.dialect.name == "sqlite":
        names = ", ".join(f'"{name}"' for name in row)
        attempts.append(f"REPLACE INTO {table} ({names}) SELECT {names} FROM {table} LIMIT 1")
        attempts.append(
            f"REPLACE INTO {table} (rowid, {names}) SELECT rowid, {names} FROM {table} LIMIT 1"
        )
    for attempt in attempts:
        point = tx.begin_nested()
        with pytest.raises(DBAPIError, match="never changed or deleted"):
            tx.execute(text(attempt))
        point.rollback()
    assert check_all(tx, LATER) == []
