"""Returns and cancellations: what a purchase gave is taken back, worked out from its trace.

`clawback_k = earned(original) - earned(what is left after k returns) - taken back before`, so that
any split of a return takes back exactly what was earned. Points spent with the purchase go back to
the lots they came from, in proportion to the money returned.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from server.core.clock import local_date, local_hour
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.outbox import record
from server.gamification.activities import events, queries, rules, trace
from server.gamification.activities.errors import DuplicateMismatch, ReturnExceedsSale
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.activities.types import (
    BasketLine,
    Recording,
    Return,
    Returned,
    ReturnOutcome,
    Shopper,
    State,
)
from server.gamification.earning.rules import points_left, qualifying_left
from server.gamification.earning.service import uncount
from server.gamification.earning.types import Line
from server.gamification.facts.rules import PurchaseFacts, take_back, take_back_report
from server.gamification.facts.service import save_facts
from server.gamification.facts.types import PURCHASE
from server.gamification.ledger.book import Book
from server.gamification.ledger.queries import net_draws
from server.gamification.ledger.service import load_lots, open_book, save_book
from server.gamification.ledger.types import Cause, Clawback, Kind
from server.gamification.programme.types import POINTS, ClawbackPolicy, Rounding
from server.gamification.returns.forgiving import claim_forgiven
from server.gamification.returns.goods import FINAL, goods_back, returned_of, zone_in
from server.gamification.returns.units import take_back_units
from server.gamification.standings import climbing
from server.gamification.standings.service import add_days, events_of, save_moves

CANCELLATION = "cancellation"
"""The external id that a cancellation has as a return."""
_INSERT_RETURN = insert(ACTIVITY_RETURN)
_UPDATE_ACTIVITY = (
    update(ACTIVITY)
    .where(ACTIVITY.c.id == bindparam("activity_id"))
    .values(
        state=bindparam("new_state"),
        returned=bindparam("new_returned"),
        clawed_back=bindparam("new_clawed_back"),
        restored=bindparam("new_restored"),
    )
)


class Undoing:
    """One return in the making: the purchase as stored, and what is left of it before and after."""

    def __init__(self, row: Any, back: Return) -> None:
        self.row = row
        self.lines: tuple[BasketLine, ...] = trace.load_lines(row.trace)
        self.before = returned_of(row, self.lines)
        self.after = rules.returned_after(self.lines, self.before, back)
        self.is_whole = rules.is_all(self.lines, self.after)
        self.amount_minor = self.after.amount_minor - self.before.amount_minor
        if self.after == self.before and not self.is_whole:
            raise ReturnExceedsSale("Nothing would be returned.", left_minor=0)

    @property
    def state_after(self) -> State:
        """The state of the purchase after a return (a cancellation overrides it)."""
        return State.RETURNED if self.is_whole else State.PARTLY_RETURNED

    def points_by_rule(self, returned: Returned) -> list[int]:
        """What each accrual is worth on the part of the purchase that was not returned."""
        rounding = Rounding(self.row.trace["rounding"])
        left = rules.lines_left(self.lines, returned)
        accruals = trace.load_accruals(self.row.trace)
        return [points_left(accrual, left, rounding) for accrual in accruals]

    @property
    def qualifying(self) -> int:
        """How many of the points that count towards tiers go."""
        return self._qualifying_left(self.before) - self._qualifying_left(self.after)

    def _qualifying_left(self, returned: Returned) -> int:
        accruals = trace.load_accruals(self.row.trace)
        if returned is self.before and not self.row.returned:
            return sum(accrual.qualifying for accrual in accruals)
        rounding = Rounding(self.row.trace["rounding"])
        left = rules.lines_left(self.lines, returned)
        return sum(qualifying_left(accrual, left, rounding) for accrual in accruals)

    @property
    def clawback(self) -> int:
        """How many points this return takes back."""
        gone: int = self.row.points - sum(self.points_by_rule(self.after))
        return gone - int(self.row.clawed_back)

    @property
    def points_to_restore(self) -> int:
        """How many of the points spent with the purchase are due back now."""
        spent = sum(part["points"] for part in self.row.trace["spent"])
        return max(0, rules.restored_after(spent, self.lines, self.after) - int(self.row.restored))

    @property
    def lines_left(self) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """What is left of the lines before and after this return."""
        return (
            tuple(rules.lines_left(self.lines, self.before)),
            tuple(rules.lines_left(self.lines, self.after)),
        )

    @property
    def items(self) -> int:
        """How many pieces come back."""
        return self._items_left(self.before) - self._items_left(self.after)

    def _items_left(self, returned: Returned) -> int:
        return rules.items_of(rules.lines_left(self.lines, returned))


def return_purchase(
    tx: Connection, activity_id: str, back: Return, recording: Recording
) -> ReturnOutcome:
    """Take back (part of) a purchase; the same return reported again has its first outcome.

    Raise `NotFound`, `ReturnExceedsSale`, `DuplicateMismatch`.
    """
    return _undo(tx, activity_id, back, recording, queries.get_purchase)


def cancel_report(tx: Connection, activity_id: str, recording: Recording) -> ReturnOutcome:
    """Take back a reported activity with all that it gave; again: the first outcome.

    Raise `NotFound`.
    """
    back = Return(CANCELLATION, is_cancellation=True)
    return _undo(tx, activity_id, back, recording, _get_report)


def _get_report(tx: Connection, activity_id: str) -> Any:
    """Return the row of an activity that is no purchase. Raise `NotFound`."""
    row = queries.find_activity(tx, activity_id)
    if row is None or row.kind in (PURCHASE, queries.REDEMPTION):
        raise NotFound("There is no such activity.")
    return row


def _undo(
    tx: Connection,
    activity_id: str,
    back: Return,
    recording: Recording,
    get_row: Callable[[Connection, str], Any],
) -> ReturnOutcome:
    row = get_row(tx, activity_id)
    book = open_book(tx, row.member_id, POINTS, recording.now)
    repeated = queries.find_return(tx, activity_id, back.external_id)
    if repeated is not None:
        return _first_outcome(repeated, back, book)
    row = get_row(tx, activity_id)
    if row.state in FINAL:
        raise ReturnExceedsSale(left_minor=0)
    undoing = Undoing(row, back)
    cause = _cause(row, recording)
    # First what the member gets back: it may cover what is taken, so that nothing falls short.
    before = book.wallet.available
    restored = _restore(tx, book, undoing, cause)
    claimed = claim_forgiven(tx, book, book.wallet.available - before, recording)
    clawback = _claw_back(book, undoing, cause, recording)
    save_book(tx, book)
    others = take_back_units(tx, row, undoing.lines_left, cause)
    _uncount(tx, undoing, recording)
    outcome = _outcome(undoing, back, clawback, restored, book, recording)
    outcome.points_claimed = claimed
    outcome.others = others
    _save(tx, undoing, outcome, back, recording)
    return outcome


def _cause(row: Any, recording: Recording) -> Cause:
    return Cause(
        "return", row.id, recording.actor, recording.now, recording.now, row.trace["transfer_id"]
    )


def _claw_back(book: Book, undoing: Undoing, cause: Cause, recording: Recording) -> Clawback:
    if not undoing.clawback:
        return Clawback(0, 0, 0)
    policy = recording.configuration.programme.policies.clawback
    return book.claw_back(undoing.clawback, cause, as_debt=policy is ClawbackPolicy.DEBT)


def _restore(tx: Connection, book: Book, undoing: Undoing, cause: Cause) -> int:
    """Give spent points back, redemption by redemption, until what is due is back."""
    due = undoing.points_to_restore
    for part in undoing.row.trace["spent"]:
        draws = net_draws(tx, part["transfer_id"], part["hold_id"])
        amount = min(due, sum(draw.amount for draw in draws))
        if not amount:
            continue
        load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
        reversal = Cause(
            "return",
            undoing.row.id,
            cause.actor,
            cause.occurred_at,
            cause.recorded_at,
            part["transfer_id"],
        )
        book.restore(amount, draws, reversal, Kind.REDEMPTION)
        due -= amount
    return undoing.points_to_restore - due


def _uncount(tx: Connection, undoing: Undoing, recording: Recording) -> None:
    """Roll counters, caps and tier back; what the purchase counted for is in its trace."""
    row = undoing.row
    shopper = queries.get_shopper(tx, row.member_id)
    zone = zone_in(row.trace, recording.configuration.programme.zone)
    returned = PurchaseFacts(
        undoing.items,
        undoing.amount_minor,
        undoing.qualifying,
        row.trace["is_visit"],
        goods_back(undoing.lines, undoing.before, undoing.after),
        local_hour(row.occurred_at, zone),
        row.location_id,
    )
    day = local_date(row.occurred_at, zone)
    if row.kind == PURCHASE:
        take_back(shopper.facts, returned, day, is_whole=undoing.is_whole)
    else:
        take_back_report(shopper.facts, row.kind, returned, day)
    save_facts(tx, [shopper.facts])
    _uncount_day(tx, row, returned, is_whole=undoing.is_whole)
    befores = undoing.points_by_rule(undoing.before)
    afters = undoing.points_by_rule(undoing.after)
    for accrual, before, after in zip(row.trace["accruals"], befores, afters, strict=True):
        if accrual["cap_key"] and before > after:
            uncount(tx, row.member_id, accrual["cap_key"], before - after)
    _move_tier(tx, row, shopper, recording)


def _uncount_day(tx: Connection, row: Any, returned: PurchaseFacts, *, is_whole: bool) -> None:
    """Subtract on the day on which the purchase counted, if it counted on one."""
    if "day_on" in row.trace:
        day = date.fromisoformat(row.trace["day_on"])
        visits = int(is_whole and returned.is_visit)
        add_days(tx, {(row.member_id, day): (-returned.points, -returned.spend_minor, -visits)})


def _move_tier(tx: Connection, row: Any, shopper: Shopper, recording: Recording) -> None:
    """Move the member by what is left: a tier that was earned with the purchase may be lost."""
    ladder, now = recording.configuration.ladder, recording.now
    today = local_date(now, ladder.scheme.zone)
    climbing.load_days(tx, [shopper], ladder, today)
    moves = climbing.settle_tier(shopper, ladder, today)
    moved = climbing.move_on(shopper, ladder, row.id, now, is_return=True)
    moves += [moved] if moved else []
    save_moves(tx, moves, now)
    record(tx, events_of(moves), now=now)


def _outcome(
    undoing: Undoing,
    back: Return,
    clawback: Clawback,
    restored: int,
    book: Book,
    recording: Recording,
) -> ReturnOutcome:
    programme = recording.configuration.programme
    policy = programme.policies.clawback
    worth = programme.units[POINTS].worth_minor if POINTS in programme.units else 0
    is_cash = policy is ClawbackPolicy.CASH_VALUE
    return ReturnOutcome(
        return_id=new_id("ret", recording.now),
        activity_id=undoing.row.id,
        state=State.CANCELLED if back.is_cancellation else undoing.state_after,
        amount_minor=undoing.amount_minor,
        points_taken=clawback.taken,
        points_restored=restored,
        shortfall=clawback.shortfall,
        policy=str(policy),
        cash_value_minor=clawback.shortfall * worth if is_cash else 0,
        wallet=book.wallet,
    )


def _save(
    tx: Connection, undoing: Undoing, outcome: ReturnOutcome, back: Return, recording: Recording
) -> None:
    row = undoing.row
    change = {
        "activity_id": row.id,
        "new_state": str(outcome.state),
        "new_returned": _dump(undoing.after),
        "new_clawed_back": row.clawed_back + undoing.clawback,
        "new_restored": row.restored + outcome.points_restored,
    }
    tx.execute(_UPDATE_ACTIVITY, change)
    tx.execute(_INSERT_RETURN, _return_row(outcome, back, recording))
    events_of = events.of_return(
        row.id, outcome.return_id, row.member_id, outcome.points_taken, outcome.points_restored
    )
    record(tx, events_of, now=recording.now)


def _dump(returned: Returned) -> dict[str, Any]:
    return {"amounts": returned.amounts, "quantities": returned.quantities}


def _return_row(outcome: ReturnOutcome, back: Return, recording: Recording) -> dict[str, Any]:
    return {
        "id": outcome.return_id,
        "activity_id": outcome.activity_id,
        "external_id": back.external_id,
        "amount_minor": outcome.amount_minor,
        "points_taken": outcome.points_taken,
        "points_restored": outcome.points_restored,
        "shortfall": outcome.shortfall,
        "claimed": 0,
        "points_claimed": outcome.points_claimed,
        "policy": outcome.policy,
        "cash_value_minor": outcome.cash_value_minor,
        "state_after": str(outcome.state),
        "request": _request(back),
        "actor": recording.actor,
        "recorded_at": recording.now,
    }


def _request(back: Return) -> dict[str, Any]:
    return {"amount_minor": back.amount_minor, "lines": [asdict(part) for part in back.lines]}


def _first_outcome(row: Any, back: Return, book: Book) -> ReturnOutcome:
    if row.request != _request(back):
        raise DuplicateMismatch(transaction_id=row.activity_id)
    return ReturnOutcome(
        return_id=row.id,
        activity_id=row.activity_id,
        state=State(row.state_after),
        amount_minor=row.amount_minor,
        points_taken=row.points_taken,
        points_restored=row.points_restored,
        shortfall=row.shortfall,
        policy=row.policy,
        cash_value_minor=row.cash_value_minor,
        wallet=book.wallet,
        points_claimed=row.points_claimed,
        is_duplicate=True,
    )
