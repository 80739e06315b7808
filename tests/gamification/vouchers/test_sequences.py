"""Any sequence of taking, using, undoing, giving back and waiting keeps every invariant."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

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
from sqlalchemy import select

from server.core.db import transaction
from server.core.errors import Refusal
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import WALLET
from server.gamification.vouchers.ending import cancel, lapse_vouchers, withdraw
from server.gamification.vouchers.models import VOUCHER_USE
from server.gamification.vouchers.redeeming import Reason, issue
from server.gamification.vouchers.using import undo_use
from tests.builders.purchases import NOW, TILL, add_member, open_shop
from tests.builders.rewards import EVA, STARS, donation, give_lots, offer, show, stored, take

PICK = st.integers(0, 3)


class Shelf(RuleBasedStateMachine):
    """One member, four rewards and the clock, in one transaction that is rolled back."""

    looks = 0

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction()
        self.tx = self.block.__enter__()
        self.now = NOW
        self.vouchers: list[Any] = []

    def teardown(self) -> None:
        self.tx.rollback()
        self.block.__exit__(None, None, None)

    @initialize(stock=st.integers(1, 4))
    def open_the_shop(self, stock: int) -> None:
        open_shop(self.tx)
        self.ana = add_member(self.tx)
        give_lots(self.tx, self.ana, (20, 2), (30, 9), (60, 40))
        give_lots(self.tx, self.ana, (6, 5), unit=STARS)
        self.rewards = [
            offer(self.tx, "coffee", stock=stock),
            offer(self.tx, "both", price={"points": 10, "stars": 2}, validity={"minutes": 20}),
            offer(self.tx, "shelter", settings=donation(stock=2)),
            offer(self.tx, "cake", price={"points": 5}, limit={"per_period": 2, "period": "day"}),
        ]

    def attempt(self, move: Callable[..., Any], *given: Any) -> Any:
        """Return what one movement gives, or None for a refusal, which undoes it."""
        point = self.tx.begin_nested()
        try:
            made = move(self.tx, *given)
        except Refusal:
            point.rollback()
            return None
        point.commit()
        return made

    @rule(pick=PICK)
    def take(self, pick: int) -> None:
        made = self.attempt(take, self.ana, self.rewards[pick], self.now)
        self.vouchers += [made] if made else []

    @rule()
    def give(self) -> None:
        made = self.attempt(issue, self.ana, "coffee", Reason("test", "x", EVA), self.now)
        self.vouchers += [made] if made else []

    @precondition(lambda self: self.vouchers)
    @rule(pick=PICK)
    def use(self, pick: int) -> None:
        voucher = self.vouchers[-1 - pick % len(self.vouchers)]
        if voucher.locator is not None:
            self.attempt(show, voucher, self.now)

    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        uses = self.tx.execute(select(VOUCHER_USE.c.id).order_by(VOUCHER_USE.c.id)).scalars().all()
        if uses:
            self.attempt(undo_use, uses[-1 - pick % len(uses)], TILL, self.now)

    @precondition(lambda self: self.vouchers)
    @rule(pick=PICK, by_member=st.booleans())
    def end(self, pick: int, by_member: bool) -> None:
        voucher = self.vouchers[-1 - pick % len(self.vouchers)]
        if by_member:
            self.attempt(cancel, self.ana, voucher.id, "member:ana", self.now)
        else:
            self.attempt(withdraw, voucher.id, EVA, self.now)

    @rule()
    def lapse(self) -> None:
        lapse_vouchers(self.tx, self.now, 10)

    @rule(minutes=st.sampled_from([1, 21, 60 * 24, 60 * 24 * 8]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def everything_holds(self) -> None:
        Shelf.looks += 1
        assert [str(found) for found in check_all(self.tx, self.now)] == []

    @invariant()
    def what_is_held_is_for_active_vouchers(self) -> None:
        active = [one for one in self.vouchers if stored(self.tx, one).ended_at is None]
        held = self.tx.execute(select(WALLET.c.held)).scalars().all()
        assert bool(sum(held)) <= bool(active)


def test_every_invariant_holds_whatever_becomes_of_vouchers(sqlite_app):
    with sqlite_app.app_context():
        run_state_machine_as_test(
            Shelf,
            settings=settings(
                max_examples=25,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert Shelf.looks > 100
