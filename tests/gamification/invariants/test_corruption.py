"""A check that nothing breaks proves nothing: each invariant meets the damage it is for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from server.core.db import transaction
from server.core.idempotency import RECORD
from server.gamification.activities.models import ACTIVITY
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.invariants.service import INVARIANTS, check_all
from server.gamification.ledger.models import HOLD, LOT, TRANSFER, WALLET
from tests.builders.members import VAULT
from tests.builders.purchases import NOW
from tests.builders.shop_life import LATER, live_three_days
from tests.gamification.invariants.badge_damage import BADGE_DAMAGE
from tests.gamification.invariants.calendar_damage import CALENDAR_DAMAGE
from tests.gamification.invariants.draw_damage import DRAW_DAMAGE
from tests.gamification.invariants.games_damage import GAMES_DAMAGE
from tests.gamification.invariants.message_damage import MESSAGE_DAMAGE
from tests.gamification.invariants.raffle_damage import RAFFLE_DAMAGE
from tests.gamification.invariants.seal_damage import SEAL_DAMAGE
from tests.gamification.invariants.transfer_damage import TRANSFER_DAMAGE
from tests.gamification.invariants.voucher_damage import VOUCHER_DAMAGE
from tests.gamification.invariants.wheel_damage import WHEEL_DAMAGE

_ONE_DRAW = "(SELECT min(transfer_id) FROM lot_draw)"
DAMAGE: dict[str, list[Any]] = {
    "An activity gives the stars of its trace.": [
        "UPDATE transfer SET amount = amount + 1 WHERE unit = 'stars' AND ref_kind = 'activity'"
    ],
    "An exchanged star card has spent its stars.": ["UPDATE star_card_claim SET stars = stars + 1"],
    "A member's cards are numbered 1 to n without a gap.": [
        "UPDATE star_card_claim SET number = number + 1"
    ],
    "What a grant gave is in the ledger, once.": [
        "UPDATE benefit_grant SET parts = '[]'",
        "UPDATE transfer SET amount = amount + 1 WHERE ref_kind = 'grant'",
    ],
    "Every transfer moves points between two accounts that fit its kind.": [
        "UPDATE transfer SET kind = 'expiry' WHERE kind = 'accrual'",
        "UPDATE transfer SET credit_account = 'held' WHERE kind = 'accrual'",
        "UPDATE transfer SET amount = 0 WHERE kind = 'accrual'",
    ],
    "A transfer has the unit of its wallet.": ["UPDATE transfer SET unit = 'stars'"],
    "What members own of a unit is what the programme gave out.": [
        "UPDATE wallet SET available = available + 1"
    ],
    "Available and pending points of a wallet are what is left of its lots.": [
        "UPDATE lot SET remaining = remaining - 1 WHERE remaining > 0",
        "UPDATE lot SET is_pending = true",
        "UPDATE wallet SET pending = pending + 1",
    ],
    "Held points are those of open holds.": ["UPDATE wallet SET held = held + 1"],
    "No balance is below zero.": [
        f"UPDATE wallet SET {name} = -1" for name in ("available", "pending", "held", "debt")
    ],
    "Nobody owes points who has some to spend.": ["UPDATE wallet SET debt = 1"],
    "A stored wallet is the sum of its transfers.": [
        f"UPDATE wallet SET {name} = {name} + 1"
        for name in ("available", "pending", "held", "debt", "lifetime_earned", "version")
    ],
    "The movements of a wallet are numbered 1 to n without a gap.": [
        "UPDATE transfer SET wallet_version = wallet_version + 100 WHERE kind = 'accrual'",
        "UPDATE transfer SET wallet_version = wallet_version + 100",
    ],
    "Each transfer notes the balance after it.": [
        "UPDATE transfer SET balance_after = balance_after + 1 WHERE kind = 'hold'"
    ],
    "A wallet ends with the hash of its last movement.": ["UPDATE wallet SET head_hash = 'ab'"],
    "What is left of a lot is between nothing and all of it.": [
        "UPDATE lot SET remaining = amount + 1",
        "UPDATE lot SET remaining = -1",
    ],
    "What is gone from a lot is what was drawn from it.": [
        "UPDATE lot_draw SET amount = amount + 1",
        "DELETE FROM lot_draw",
    ],
    "A transfer opens and draws lots for exactly what it moves.": [
        "UPDATE lot SET amount = amount + 1, remaining = remaining + 1",
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'expiry'",
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'release'",
    ],
    "A lot comes from a transfer of its own wallet.": [
        "UPDATE lot SET source_transfer_id = 'trf_none'"
    ],
    "A lot is drawn by transfers of its own wallet.": [
        f"UPDATE lot_draw SET transfer_id = 'trf_none' WHERE transfer_id = {_ONE_DRAW}"
    ],
    "A grace lot replaces a lot of its own wallet or of the giver's.": [
        "UPDATE lot SET replaces_id = 'lot_none'",
        "UPDATE lot SET replaces_id = (SELECT min(other.id) FROM lot other"
        " WHERE other.wallet_id <> lot.wallet_id)",
    ],
    "A lot expires at its date, never before.": [
        update(TRANSFER).where(TRANSFER.c.kind == "expiry").values(occurred_at=NOW),
        update(TRANSFER).where(TRANSFER.c.kind == "expiry").values(recorded_at=NOW),
        update(LOT).values(expires_at=None),
    ],
    "Idle points expire when the wallet's time is up, never before.": [
        "UPDATE wallet SET idled_at = NULL",
        update(WALLET).values(idled_at=NOW),
        update(LOT).values(expires_at=NOW),
    ],
    "A purchase puts off when idle points expire.": [update(WALLET).values(idle_at=NOW)],
    "A lot's date is moved by a change of the programme alone.": [
        update(LOT).values(redated_at=NOW, first_expires_at=LOT.c.expires_at),
        update(LOT).values(first_expires_at=NOW),
    ],
    "Points wait for a confirmation only while their purchase does.": [
        "UPDATE activity SET confirm_by_at = NULL",
        "UPDATE activity SET state = 'cancelled'",
        "UPDATE lot SET is_pending = true, remaining = 1, available_at = NULL",
    ],
    "A purchase awaits confirmation, was confirmed in time, or neither.": [
        "UPDATE activity SET confirm_by_at = NULL WHERE state = 'pending'",
        "UPDATE activity SET confirmed_at = confirm_by_at",
        "UPDATE activity SET state = 'pending'",
    ],
    "A lot expires once.": ["UPDATE transfer SET kind = 'expiry'"],
    "Nothing is spent from a lot past its date.": [
        update(LOT).values(expires_at=NOW),
        update(WALLET).values(idled_at=NOW + timedelta(seconds=1)),
    ],
    "A hold is open, or resolved in one way.": [
        "UPDATE hold SET resolved_at = NULL WHERE state = 'captured'",
        "UPDATE hold SET captured = 1 WHERE state = 'lapsed'",
        "UPDATE hold SET captured = amount + 1 WHERE state = 'captured'",
        "UPDATE hold SET state = 'lost'",
        update(HOLD).where(HOLD.c.state == "held").values(resolved_at=NOW),
    ],
    "A hold has the transfer that set its points aside.": [
        "UPDATE hold SET transfer_id = 'trf_none'",
        "UPDATE hold SET amount = amount + 1",
        "UPDATE transfer SET kind = 'redemption' WHERE kind = 'hold'",
    ],
    "A hold resolves once: captured and returned make up what was held.": [
        "UPDATE hold SET captured = captured - 1 WHERE captured > 1",
        "UPDATE hold SET state = 'held' WHERE state = 'lapsed'",
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'capture'",
        "UPDATE transfer SET kind = 'capture' WHERE kind = 'release'",
    ],
    "Points are held and resolved for a hold that exists.": ["DELETE FROM hold"],
    "A redemption tells of a captured hold and its points.": [
        "UPDATE activity SET external_id = 'hld_none' WHERE kind = 'redemption'",
        "UPDATE hold SET captured = captured + 1 WHERE state = 'captured'",
        "UPDATE hold SET state = 'released' WHERE state = 'captured'",
    ],
    "A hold is captured before it lapses and lapses no earlier.": [
        "UPDATE hold SET lapses_at = created_at WHERE state = 'captured'",
        update(HOLD).where(HOLD.c.state == "lapsed").values(lapses_at=LATER + timedelta(days=1)),
    ],
    "A reversal names an earlier transfer of its wallet.": [
        "UPDATE transfer SET reverses_id = NULL",
        "UPDATE transfer SET reverses_id = id WHERE kind = 'reversal'",
        "UPDATE transfer SET reverses_id = 'trf_none' WHERE kind = 'reversal'",
    ],
    "No more of a transfer is reversed than it moved.": [
        "UPDATE transfer SET amount = amount + 1000 WHERE kind = 'reversal'"
    ],
    "A purchase counts what its returns took and gave back.": [
        "UPDATE activity SET clawed_back = clawed_back + 1",
        "UPDATE activity SET restored = restored + 1",
        "UPDATE activity SET points = clawed_back - 1 WHERE clawed_back > 0",
        "UPDATE activity SET amount_minor = 0",
        "DELETE FROM activity_return",
    ],
    "What returns report was moved in the ledger.": [
        "UPDATE activity_return SET points_taken = points_taken + 1",
        "UPDATE activity_return SET points_restored = points_restored + 1",
    ],
    "Only what was forgiven is claimed, and no more of it.": [
        "UPDATE activity_return SET claimed = 1"
    ],
    "What is claimed of the forgiven is what returns claimed.": [
        "UPDATE activity_return SET points_claimed = 1"
    ],
    "A purchase that came back keeps neither points nor money.": [
        "UPDATE activity SET state = 'returned' WHERE state = 'settled'",
        "UPDATE activity SET state = 'cancelled' WHERE state = 'partly_returned'",
    ],
    "Every transfer has a cause and an actor.": [
        f"UPDATE transfer SET {name} = ''" for name in ("ref_kind", "ref_id", "actor")
    ],
    "The cause of a transfer exists.": [
        f"UPDATE transfer SET ref_id = 'none' WHERE ref_kind = '{kind}'"
        for kind in ("activity", "return", "hold", "lot", "audit")
    ],
    "Every kind of transfer has a cause that fits it.": [
        "UPDATE transfer SET ref_kind = 'lot' WHERE kind = 'accrual'",
        "UPDATE transfer SET ref_kind = 'staff' WHERE kind = 'adjustment'",
        "UPDATE transfer SET kind = 'redemption' WHERE kind = 'capture'",
    ],
    "Points move for what their own member did.": [
        "UPDATE activity SET member_id = (SELECT max(id) FROM member)"
        " WHERE member_id <> (SELECT max(id) FROM member)",
    ],
    "A movement by hand is the one of its audit entry.": [
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'adjustment'",
        "UPDATE audit_entry SET entity_id = 'mem_none'",
        "UPDATE audit_entry SET action = 'points.guessed'",
        "UPDATE audit_entry SET actor = 'staff:dan'",
        """UPDATE audit_entry SET "after" = '{"unit": "stars", "amount": 40}'""",
    ],
    "An audit entry moves points once.": [
        "UPDATE transfer SET ref_id = (SELECT min(id) FROM audit_entry) WHERE ref_kind = 'audit'"
    ],
    "Points mature at their date.": [
        update(TRANSFER).where(TRANSFER.c.kind == "maturity").values(occurred_at=NOW),
        update(LOT).values(available_at=None),
    ],
    "Points are whole numbers of at most 2^53 - 1.": [
        "UPDATE wallet SET lifetime_earned = 9007199254740992",
        "UPDATE lot_draw SET amount = -9007199254740992",
    ],
    "The database refuses to change or delete what was written once.": ["SELECT 1"],
    "Every wallet's chain of hashes holds.": [
        "UPDATE transfer SET actor = 'nobody' WHERE kind = 'adjustment'"
    ],
    "The checkpoints hold, and the ledger against them.": [
        "UPDATE checkpoint SET root = previous_root",
        "UPDATE checkpoint SET wallets = wallets + 1",
        "UPDATE checkpoint SET signature = 'ab'",
        "UPDATE checkpoint_head SET head_hash = 'ab'",
        "DELETE FROM checkpoint WHERE number = 1",
    ],
    "The note of a transfer is the one that was written.": [
        "UPDATE transfer_note SET text = 'another reason'"
    ],
    "A purchase that was confirmed is there.": [
        insert(RECORD).values(
            principal="device:dan",
            operation="createTransaction",
            key="k",
            fingerprint="f",
            status=201,
            body='{"transaction": {"id": "act_none"}}',
            created_at=NOW,
            expires_at=LATER,
        )
    ],
    "A receipt is recorded once.": ["UPDATE activity SET source = 'one', external_id = 'one'"],
    "A return is recorded once.": [
        "UPDATE activity_return SET external_id = 'one',"
        " activity_id = (SELECT min(activity_id) FROM activity_return)"
    ],
    "A purchase gives its points in one transfer, once.": [
        "UPDATE activity SET points = points + 1",
        "UPDATE transfer SET ref_id = (SELECT min(id) FROM activity) WHERE kind = 'accrual'",
        "UPDATE transfer SET kind = 'adjustment' WHERE kind = 'accrual'",
    ],
    "A purchase that gave points is announced once.": ["DELETE FROM outbox"],
    "A return that moved points is announced once.": [
        "DELETE FROM outbox WHERE topic = 'points.reversed'"
    ],
    "A purchase that moved a tier is announced each time.": [
        "DELETE FROM outbox WHERE topic = 'tier.upgraded'"
    ],
    "Points that matured or expired are announced once.": [
        "DELETE FROM outbox WHERE topic = 'points.expired'",
        "DELETE FROM outbox WHERE topic = 'points.matured'",
    ],
    "Nothing is announced that did not happen.": [
        """UPDATE outbox SET payload = '{"activity_id": "act_none"}'"""
    ],
    "A row of the outbox waits, was delivered, or is dead.": [
        "UPDATE outbox SET delivered_at = created_at",
        "UPDATE outbox SET state = 'delivered'",
        "UPDATE outbox SET state = 'lost'",
    ],
    "A member's tier follows from the facts.": [
        "UPDATE member_tier SET tier_id = (SELECT id FROM tier WHERE key = 'platinum')",
        "DELETE FROM member_tier",
    ],
    "A member's tier is in its history.": ["DELETE FROM tier_change"],
    "A member's counters are the sum of the activities.": [
        f"UPDATE member_facts SET {name} = {name} + 1"
        for name in ("purchases", "visits", "items", "spend_minor", "qualifying_points")
    ]
    + ["UPDATE earn_counter SET points = points + 1", "DELETE FROM earn_counter"]
    + [
        update(MEMBER_FACTS).values(counts=counts)
        for counts in ({}, {"kinds": {"review": 1}}, {"categories": {"*": [1, 1]}})
    ],
    "The trace of a purchase gives its points again.": ["rounding"],
}
DAMAGE |= BADGE_DAMAGE
DAMAGE |= GAMES_DAMAGE
DAMAGE |= SEAL_DAMAGE
DAMAGE |= CALENDAR_DAMAGE
DAMAGE |= VOUCHER_DAMAGE
DAMAGE |= TRANSFER_DAMAGE
DAMAGE |= WHEEL_DAMAGE
DAMAGE |= RAFFLE_DAMAGE
DAMAGE |= DRAW_DAMAGE
DAMAGE |= MESSAGE_DAMAGE
UNIQUE = {"A receipt is recorded once.", "A return is recorded once."}
SHARES = 8
"""Of the damages, so that processes share them."""


KEPT = ("transfer", "lot_draw", "checkpoint", "checkpoint_head", "audit_entry")


def loosen(tx: Connection) -> None:
    """Take away what the database itself would refuse the damage with."""
    tx.execute(text("DROP INDEX uq_badge_award_once"))
    if tx.dialect.name == "sqlite":
        for guard in (
            tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            .scalars()
            .all()
        ):
            tx.execute(text(f"DROP TRIGGER {guard}"))
        tx.execute(text("PRAGMA ignore_check_constraints = ON"))
        tx.execute(text("PRAGMA defer_foreign_keys = ON"))
        return
    for table in KEPT:
        tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    constraints = text(
        "SELECT conrelid::regclass::text AS name, conname FROM pg_constraint"
        " WHERE contype IN ('c', 'f', 'u') AND connamespace = 'public'::regnamespace"
        " ORDER BY contype = 'u', conname"
    )
    for row in tx.execute(constraints).all():
        tx.execute(text(f"ALTER TABLE {row.name} DROP CONSTRAINT {row.conname} CASCADE"))


@contextmanager
def damaged(tx: Connection, damage: Any) -> Iterator[None]:
    """The data with one damage, which is gone afterwards."""
    point = tx.begin_nested()
    if damage == "rounding":
        (row,) = tx.execute(select(ACTIVITY).where(ACTIVITY.c.points > 0).limit(1)).all()
        longer = row.trace | {"accruals": row.trace["accruals"] * 2}
        tx.execute(update(ACTIVITY).where(ACTIVITY.c.id == row.id).values(trace=longer))
    else:
        tx.execute(text(damage) if isinstance(damage, str) else damage)
    yield
    point.rollback()


def test_every_invariant_meets_its_damage():
    assert set(DAMAGE) == {invariant.sentence for invariant in INVARIANTS}


def test_a_sound_shop_has_no_violations(tx):
    live_three_days(tx, among_others=True)
    assert [str(found) for found in check_all(tx, LATER, vault=VAULT)] == []


@pytest.mark.parametrize("share", range(SHARES))
def test_each_damage_is_found_by_its_invariant(tx, share):
    live_three_days(tx, among_others=True)
    missed, sound = [], tx.begin_nested()
    loosen(tx)
    for sentence, damages in list(DAMAGE.items())[share::SHARES]:
        if sentence in UNIQUE and tx.dialect.name == "sqlite":
            continue  # SQLite cannot let go of a unique constraint
        for damage in damages:
            with damaged(tx, damage):
                found = {one.sentence for one in check_all(tx, LATER, vault=VAULT)}
            if sentence not in found:
                missed.append((sentence, str(damage)))
    assert missed == []
    sound.rollback()
    assert check_all(tx, LATER) == []


def test_a_fraction_of_a_point_is_found_where_the_database_would_store_one(sqlite_app):
    with sqlite_app.app_context(), transaction() as tx:
        live_three_days(tx, among_others=True)
        tx.execute(text("UPDATE wallet SET lifetime_earned = 1.5"))
        codes = {violation.code for violation in check_all(tx, LATER)}
        assert "L11" in codes


def test_a_receipt_cannot_be_recorded_twice_in_the_first_place(tx):
    live_three_days(tx, among_others=True)
    point = tx.begin_nested()
    with pytest.raises(DBAPIError):
        tx.execute(text("UPDATE activity SET source = 'one', external_id = 'one'"))
    point.rollback()
    assert check_all(tx, LATER) == []


def test_a_violation_names_what_breaks_it(tx):
    ana, _ = live_three_days(tx, among_others=True)
    with damaged(tx, f"UPDATE member_facts SET visits = 9 WHERE member_id = '{ana}'"):
        (violation,) = (one for one in check_all(tx, LATER) if one.code == "F1")
    assert violation.offenders == (f"{ana} (visits is 9, the activities give 2)",)
    assert str(violation).startswith("F1  A member's counters are the sum of the activities.")
