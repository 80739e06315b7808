"""Any sequence of movements, on a real database: every invariant holds after each step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from server.core.db import transaction
from server.core.errors import Refusal
from server.gamification.activities.pipeline import record_purchase
from server.gamification.confirmations.cancelling import cancel_unconfirmed
from server.gamification.confirmations.service import confirm_purchase
from server.gamification.holds.service import capture_hold, lapse_holds, release_hold
from server.gamification.invariants.service import check_all
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.queries import net_draws, spendable_now
from server.gamification.ledger.service import load_lots, open_book, save_book
from server.gamification.ledger.sweeping import expire_due, mature_due
from server.gamification.ledger.types import Kind, Term
from server.gamification.points.switching import change_expiry
from server.gamification.programme.types import (
    POINTS,
    ClawbackPolicy,
    ExpiryKind,
    ExpiryPolicy,
    Rounding,
)
from server.gamification.proofs.checkpoints import take_checkpoint
from server.gamification.transfers.service import give_away
from server.gamification.transfers.types import Giving
from tests.builders import purchases as shop
from tests.builders.members import VAULT

MEMBERS = st.integers(0, 1)
POINTS_MOVED = st.integers(1, 60)
PICK = st.integers(0, 3)
MONEY = st.integers(1, 400_00)
KEYS = ("bronze", "silver", "gold", "platinum")
EXPIRY = [
    [],
    [{"kind": ExpiryKind.MONTHS, "months": 1}],
    [
        {"kind": ExpiryKind.MONTHS, "months": 2, "round_to": "quarter"},
        {"kind": ExpiryKind.FIXED_DATE, "on": "2026-12-24"},
    ],
    [
        {"kind": ExpiryKind.MONTHS, "months": 2},
        {"kind": ExpiryKind.INACTIVITY, "months": 1},
    ],
]
POLICIES = [(), *((ExpiryPolicy(ExpiryKind.MONTHS, months),) for months in (1, 3))]
POLICIES.append((*POLICIES[2], ExpiryPolicy(ExpiryKind.INACTIVITY, 1)))


class Ledger(RuleBasedStateMachine):
    """Two members of one shop, everything that can happen to their points, and the clock.

    All of it happens in one transaction that is rolled back; a refusal rolls back its own step.
    """

    looks = 0

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction()
        self.tx = self.block.__enter__()
        self.now = shop.NOW
        self.purchases: list[Any] = []
        self.holds: list[tuple[int, str]] = []
        self.redemptions: list[tuple[int, str]] = []

    def teardown(self) -> None:
        self.tx.rollback()
        self.block.__exit__(None, None, None)

    @initialize(
        rounding=st.sampled_from(Rounding),
        clawback=st.sampled_from(ClawbackPolicy),
        pending_days=st.sampled_from([0, 0, 3]),
        expiry=st.sampled_from(EXPIRY),
        grace_lot_days=st.sampled_from([1, 14]),
    )
    def open_the_shop(self, **policies: Any) -> None:
        freely = {"account_days_min": 0, "most_per_day": 500}
        shop.open_shop(self.tx, self.now, transfers=freely, **policies)
        shop.add_rule(self.tx, "item", 7, categories=["coffee"], points_per_period_max=20)
        shop.add_rule(self.tx, "visit", 5, minimum_minor=20_00)
        self.members = [shop.add_member(self.tx) for _ in range(2)]
        for who, days in ((0, 10), (0, 40), (1, 20)):
            shop.give(self.tx, self.members[who], 80, self.now, self.now + timedelta(days=days))

    def attempt(self, move: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Return what one movement gives, or None for a refusal, which undoes it."""
        point = self.tx.begin_nested()
        try:
            made = move(self.tx, *given, **named)
        except Refusal:
            point.rollback()
            return None
        point.commit()
        return made

    @staticmethod
    def one_of(made: list[Any], pick: int) -> Any:
        """One of the newest things made: those of old are seldom worth another try."""
        return made[-1 - pick % min(len(made), 4)]

    def book(self, who: int) -> Any:
        return open_book(self.tx, self.members[who], POINTS, self.now)

    @rule(who=MEMBERS, minor=MONEY, pieces=st.integers(0, 3), late=st.booleans())
    def buy(self, who: int, minor: int, pieces: int, late: bool) -> None:
        lines = (shop.line(minor // 3, pieces, category="coffee"),) if pieces else ()
        at = self.now - timedelta(days=40) if late else self.now
        bought = shop.purchase(self.members[who], minor, at, lines=lines)
        self.purchases.append(record_purchase(self.tx, bought, shop.recording(self.tx, self.now)))

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, minor=MONEY)
    def buy_with_points(self, pick: int, minor: int) -> None:
        who, hold_id = self.one_of(self.holds, pick)
        spent = {"redemption_ids": (hold_id,)}
        bought = self.attempt(shop.buy, self.members[who], minor, self.now, **spent)
        self.purchases += [bought] if bought else []

    @rule(who=MEMBERS, minor=MONEY)
    def order(self, who: int, minor: int) -> None:
        """A purchase whose points wait until the shop confirms it."""
        waits = {"awaits_confirmation": True}
        self.purchases.append(shop.buy(self.tx, self.members[who], minor, self.now, **waits))

    @precondition(lambda self: self.purchases)
    @rule(pick=PICK)
    def confirm_order(self, pick: int) -> None:
        bought = self.one_of(self.purchases, pick)
        told = shop.recording(self.tx, self.now)
        self.attempt(confirm_purchase, bought.activity_id, told)

    @rule()
    def cancel_overdue(self) -> None:
        """What the job does with purchases that nobody confirmed in time."""
        cancel_unconfirmed(self.tx, self.now)

    @rule(policies=st.sampled_from(POLICIES))
    def change_policies(self, policies: tuple[ExpiryPolicy, ...]) -> None:
        """The owner decides anew when points expire."""
        self.attempt(change_expiry, policies, "staff:eva", self.now)

    @precondition(lambda self: self.purchases)
    @rule(pick=PICK, percent=st.integers(1, 120))
    def refund_in_part(self, pick: int, percent: int) -> None:
        bought = self.one_of(self.purchases, pick)
        minor = bought.amount_minor * percent // 100
        self.attempt(shop.give_back, bought, minor, self.now)

    @precondition(lambda self: self.purchases)
    @rule(pick=PICK, position=st.integers(0, 1), pieces=st.integers(0, 2))
    def refund_pieces(self, pick: int, position: int, pieces: int) -> None:
        lines = (shop.back(position, pieces),)
        bought = self.one_of(self.purchases, pick)
        self.attempt(shop.give_back, bought, None, self.now, lines=lines)

    @precondition(lambda self: self.purchases)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        whole = {"external_id": "all", "is_cancellation": True}
        bought = self.one_of(self.purchases, pick)
        self.attempt(shop.give_back, bought, None, self.now, **whole)

    @rule(who=MEMBERS, amount=st.integers(-30, 60), days=st.integers(0, 60))
    def adjust(self, who: int, amount: int, days: int) -> None:
        expires_at = self.now + timedelta(days=days) if days else None
        self.attempt(shop.give, self.members[who], amount, self.now, expires_at)

    @rule(who=MEMBERS, amount=POINTS_MOVED, days=st.sampled_from([2, 10]))
    def pend(self, who: int, amount: int, days: int) -> None:
        """Points that wait for a date."""
        book = self.book(who)
        until = self.now + timedelta(days=days)
        cause = shop.by_hand(self.tx, self.members[who], amount, self.now)
        term = Term(until, self.now + timedelta(days=20))
        book.accrue(amount, cause, term, Kind.ADJUSTMENT)
        save_book(self.tx, book)

    @rule(who=MEMBERS, amount=POINTS_MOVED)
    def spend(self, who: int, amount: int) -> None:
        """All that is there can be spent and no more; points past their date are not there."""
        can_spend = spendable_now(self.tx, self.members[who], POINTS, self.now)
        book = self.book(who)
        assert can_spend <= book.wallet.available
        if amount > book.wallet.available:
            with pytest.raises(BalanceInsufficient):
                book.spend(amount, shop.cause(self.now))
            return
        cause = shop.by_hand(self.tx, self.members[who], -amount, self.now)
        transfer_id = book.spend(amount, cause)
        save_book(self.tx, book)
        self.redemptions.append((who, transfer_id))

    @precondition(lambda self: self.redemptions)
    @rule(pick=PICK, amount=POINTS_MOVED)
    def reverse(self, pick: int, amount: int) -> None:
        """Give spent points back, as far as they are still out."""
        who, transfer_id = self.one_of(self.redemptions, pick)
        book = self.book(who)
        draws = net_draws(self.tx, transfer_id)
        out = min(amount, sum(draw.amount for draw in draws))
        if out:
            load_lots(self.tx, book, [draw.lot_id for draw in draws], self.now)
            reversal = {"reverses_id": transfer_id}
            cause = shop.by_hand(self.tx, self.members[who], out, self.now, **reversal)
            book.restore(out, draws, cause, Kind.REDEMPTION)
            save_book(self.tx, book)

    @rule(who=MEMBERS, amount=POINTS_MOVED)
    def give_away(self, who: int, amount: int) -> None:
        """One gives the other points."""
        giving = Giving(self.members[who], self.members[1 - who], POINTS, amount)
        self.attempt(give_away, giving, self.now)

    @rule(who=MEMBERS, amount=st.integers(1, 30), minutes=st.sampled_from([15, 60 * 72]))
    def hold(self, who: int, amount: int, minutes: int) -> None:
        made = self.attempt(shop.hold, self.members[who], amount, self.now, minutes)
        self.holds += [(who, made.id)] if made else []

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, amount=st.none() | st.integers(1, 30))
    def capture(self, pick: int, amount: int | None) -> None:
        _, hold_id = self.one_of(self.holds, pick)
        self.attempt(capture_hold, hold_id, amount, shop.hold_cause(hold_id, self.now))

    @precondition(lambda self: self.holds)
    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        _, hold_id = self.one_of(self.holds, pick)
        self.attempt(release_hold, hold_id, shop.hold_cause(hold_id, self.now))

    @rule()
    def lapse(self) -> None:
        """What the job does with holds whose time is over."""
        lapse_holds(self.tx, self.now, limit=10)

    @rule(hours=st.sampled_from([1, 30, 24 * 9, 24 * 33]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(limit=st.sampled_from([1, 2000]), matures=st.booleans())
    def sweep(self, limit: int, matures: bool) -> None:
        """What the night does, perhaps only half of it."""
        if matures:
            mature_due(self.tx, self.now, limit)
        expire_due(self.tx, self.now, limit)

    @rule(who=MEMBERS)
    def settle(self, who: int) -> None:
        """Whoever touches a wallet writes down what matured and expired."""
        save_book(self.tx, self.book(who))

    @rule(who=MEMBERS, key=st.sampled_from(KEYS), locked=st.booleans())
    def give_tier(self, who: int, key: str, locked: bool) -> None:
        shop.put_in_tier(self.tx, self.members[who], key, self.now, is_locked=locked)

    @rule()
    def checkpoint(self) -> None:
        take_checkpoint(self.tx, VAULT, self.now)

    @invariant()
    def everything_holds(self) -> None:
        Ledger.looks += 1
        assert [str(found) for found in check_all(self.tx, self.now)] == []


def test_every_invariant_holds_after_every_step(sqlite_app):
    with sqlite_app.app_context():
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=40,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert Ledger.looks > 100
