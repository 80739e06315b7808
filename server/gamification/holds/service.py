"""Setting points aside, and what becomes of them: a hold resolves exactly once."""

from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, update

from server.gamification.holds import queries
from server.gamification.holds.errors import CaptureExceedsHold, HoldNotFound, HoldResolved
from server.gamification.holds.types import Purpose
from server.gamification.ledger.book import Book
from server.gamification.ledger.models import HOLD
from server.gamification.ledger.queries import net_draws
from server.gamification.ledger.service import load_lots, open_book, save_book
from server.gamification.ledger.types import Cause, Hold, HoldState, Kind

_INSERT_HOLD = insert(HOLD)
_RESOLVE_HOLD = (
    update(HOLD)
    .where(HOLD.c.id == bindparam("hold_id"), HOLD.c.state == HoldState.HELD)
    .values(
        state=bindparam("new_state"),
        captured=bindparam("new_captured"),
        resolved_at=bindparam("new_resolved_at"),
    )
)


def place_hold(
    tx: Connection,
    book: Book,
    amount: int,
    cause: Cause,
    length: timedelta,
    purpose: Purpose = Purpose.POINTS,
) -> Hold:
    """Set points aside for a time and return the hold; saves the book.

    `cause.ref_id` is the id of the new hold. Raise `BalanceInsufficient`.
    """
    lapses_at = cause.recorded_at + length
    transfer_id = book.hold(amount, cause)
    save_book(tx, book)
    hold = Hold(cause.ref_id, book.wallet.id, amount, 0, HoldState.HELD, lapses_at)
    tx.execute(
        _INSERT_HOLD,
        asdict(hold)
        | {"transfer_id": transfer_id, "purpose": str(purpose), "created_at": cause.recorded_at}
        | {"resolved_at": None},
    )
    return hold


def open_hold(
    tx: Connection, hold_id: str, now: datetime, purpose: Purpose = Purpose.POINTS
) -> tuple[Book, Hold, str]:
    """Lock the wallet and then the hold; return book, hold and the holding transfer's id.

    A hold past its time is still returned: the caller decides. Raise `HoldNotFound` (also for
    another purpose), or `HoldResolved` (param `state`) when it was resolved before.
    """
    owner = queries.find_hold_owner(tx, hold_id, purpose)
    if owner is None:
        raise HoldNotFound
    book = open_book(tx, *owner, now)
    found = queries.lock_hold(tx, hold_id)
    if found is None:
        raise HoldNotFound
    hold, transfer_id = found
    if hold.state is not HoldState.HELD:
        raise HoldResolved.into(hold.state)
    return book, hold, transfer_id


def capture_hold(
    tx: Connection,
    hold_id: str,
    amount: int | None,
    cause: Cause,
    purpose: Purpose = Purpose.POINTS,
) -> str:
    """Spend a hold in full (`amount` None) or in part, return the rest; return the transfer id.

    Raise `HoldNotFound`, `HoldResolved` (also when its time has passed), `CaptureExceedsHold`.
    """
    book, hold, transfer_id = open_hold(tx, hold_id, cause.recorded_at, purpose)
    if hold.lapses_at <= cause.recorded_at:
        raise HoldResolved.into(HoldState.LAPSED)
    taken = hold.amount if amount is None else amount
    if not 0 < taken <= hold.amount:
        raise CaptureExceedsHold(held=hold.amount, asked=taken)
    draws = net_draws(tx, transfer_id)
    load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
    captured = book.capture(hold, taken, draws, cause)
    save_book(tx, book)
    _resolve(tx, hold, HoldState.CAPTURED, taken, cause.recorded_at)
    return captured


def release_hold(
    tx: Connection,
    hold_id: str,
    cause: Cause,
    *,
    lapsed: bool = False,
    purpose: Purpose = Purpose.POINTS,
) -> Hold:
    """Return all points of a hold to their lots. Raise `HoldNotFound`, `HoldResolved`."""
    book, hold, transfer_id = open_hold(tx, hold_id, cause.recorded_at, purpose)
    draws = net_draws(tx, transfer_id)
    load_lots(tx, book, [draw.lot_id for draw in draws], cause.recorded_at)
    book.release(hold, draws, cause, Kind.LAPSE if lapsed else Kind.RELEASE)
    save_book(tx, book)
    state = HoldState.LAPSED if lapsed else HoldState.RELEASED
    _resolve(tx, hold, state, 0, cause.recorded_at)
    return hold


def lapse_holds(tx: Connection, now: datetime, limit: int) -> int:
    """Return the points of up to `limit` holds whose time is over; return how many holds.

    Holds of vouchers end with their voucher.
    """
    lapsed = 0
    for hold_id in queries.list_due_holds(tx, now, limit):
        cause = Cause("hold", hold_id, "system:lapse", now, now)
        with suppress(HoldResolved):  # somebody was quicker
            release_hold(tx, hold_id, cause, lapsed=True)
            lapsed += 1
    return lapsed


def _resolve(tx: Connection, hold: Hold, state: HoldState, captured: int, now: datetime) -> None:
    change = {"hold_id": hold.id, "new_state": str(state)}
    tx.execute(_RESOLVE_HOLD, change | {"new_captured": captured, "new_resolved_at": now})
