"""Any sequence of entering, leaving, buying, returning and waiting keeps every invariant."""

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

from server.core.db import transaction
from server.core.errors import Refusal
from server.gamification.activities.types import Return
from server.gamification.invariants.service import check_all
from server.gamification.playing.returning import return_purchase
from server.gamification.playing.service import record_purchase
from server.gamification.tickets.cancelling import cancel_raffle
from server.gamification.tickets.entering import buy_tickets, enter_free
from server.gamification.tickets.leaving import cancel_entry, refund_entries
from server.gamification.tickets.queries import list_pool
from server.gamification.tickets.types import Asked
from tests.builders.purchases import NOW, add_member, open_shop, purchase, recording
from tests.builders.raffles import EVA, open_raffle, standing
from tests.builders.rewards import give_lots

WHO, PICK = st.integers(0, 8), st.integers(0, 5)


class Booth(RuleBasedStateMachine):
    """Nine members, one raffle with room for eight, and the clock; all is rolled back."""

    looks = 0

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction()
        self.tx = self.block.__enter__()
        self.now = NOW
        self.announced = 0
        self.entries: list[Any] = []
        self.purchases: list[Any] = []

    def teardown(self) -> None:
        self.tx.rollback()
        self.block.__exit__(None, None, None)

    @initialize()
    def open_the_shop(self) -> None:
        open_shop(self.tx)
        self.members = [add_member(self.tx) for _ in range(9)]
        for member_id in self.members:
            give_lots(self.tx, member_id, (60, 2), (60, 9), (60, 60))
        self.raffle = open_raffle(
            self.tx,
            cap=4,
            entrants_min=5,
            entrants_max=8,
            free_entry={"tickets": 1, "period": "day"},
            purchases={"per_minor": 10_00, "tickets": 1, "most": 3},
        )

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

    @rule(who=WHO, tickets=st.integers(1, 3), is_free=st.booleans())
    def enter(self, who: int, tickets: int, is_free: bool) -> None:
        move = enter_free if is_free else buy_tickets
        made = self.attempt(move, Asked(self.members[who], self.raffle, tickets, EVA), self.now)
        self.entries += [made] if made else []

    @precondition(lambda self: self.entries)
    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        entry = self.entries[-1 - pick % len(self.entries)]
        self.attempt(cancel_entry, entry.member_id, entry.id, EVA, self.now)

    @rule(who=WHO, minor=st.integers(5_00, 60_00))
    def buy(self, who: int, minor: int) -> None:
        bought = purchase(self.members[who], minor, self.now)
        self.purchases.append(record_purchase(self.tx, bought, recording(self.tx, self.now)))

    @precondition(lambda self: self.purchases)
    @rule(pick=PICK, minor=st.one_of(st.none(), st.integers(1, 30_00)))
    def give_back(self, pick: int, minor: int | None) -> None:
        bought = self.purchases[-1 - pick % len(self.purchases)]
        back = Return(external_id=f"back-{Booth.looks}", amount_minor=minor)
        self.attempt(return_purchase, bought.activity_id, back, recording(self.tx, self.now))

    @rule()
    def cancel(self) -> None:
        if Booth.looks % 9 == 0:  # seldom, or there would be little else to see
            self.attempt(cancel_raffle, self.raffle, "It rains.", EVA, self.now)

    @rule(most=st.integers(1, 9))
    def refund(self, most: int) -> None:
        refund_entries(self.tx, self.raffle, self.now, most)

    @rule(hours=st.sampled_from([1, 25, 24 * 4]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def everything_holds(self) -> None:
        Booth.looks += 1
        assert [str(found) for found in check_all(self.tx, self.now)] == []

    @invariant()
    def one_in_four_is_announced_and_never_falls(self) -> None:
        now = standing(self.tx, self.raffle)
        assert now.consolations >= self.announced
        assert 4 * now.consolations >= now.entrants - now.prizes
        assert len(list_pool(self.tx, self.raffle)) == now.tickets
        self.announced = now.consolations


def test_every_invariant_holds_whatever_becomes_of_tickets(sqlite_app):
    with sqlite_app.app_context():
        run_state_machine_as_test(
            Booth,
            settings=settings(
                max_examples=15,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert Booth.looks > 100
