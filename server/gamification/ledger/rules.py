"""Which lots a movement touches: pure decisions, no database and no clock."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.clock import end_of_day, local_date
from server.gamification.ledger.errors import AmountInvalid, BalanceInsufficient
from server.gamification.ledger.types import AMOUNT_MAX, Due, Lot, LotDraw, Turn

_NEVER = datetime.max.replace(tzinfo=UTC)


def check_amount(amount: int) -> None:
    """Refuse an amount that is no whole number from 1 to 2^53 - 1 (`AmountInvalid`)."""
    if not 0 < amount <= AMOUNT_MAX:
        raise AmountInvalid(amount=str(amount))


def spend_order(lot: Lot) -> tuple[datetime, datetime, str]:
    """Return the sort key of spending: soonest expiry first, undated last, then the oldest."""
    return (lot.expires_at or _NEVER, lot.earned_at, lot.id)


def is_expired(lot: Lot, now: datetime) -> bool:
    """Tell whether the lot's expiry has been reached; a lot expires at the instant itself."""
    return lot.expires_at is not None and lot.expires_at <= now


def grace_end(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the end of the calendar day in `zone` that is `days` days after `now`."""
    return end_of_day(local_date(now, zone) + timedelta(days=days), zone)


def spendable(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """Return the lots that can be spent at `now`, in spend order."""
    live = (lot for lot in lots if lot.remaining and not lot.is_pending)
    return sorted((lot for lot in live if not is_expired(lot, now)), key=spend_order)


def has_idled(lot: Lot, idled_at: datetime | None) -> bool:
    """Tell whether the lot was there when its wallet's points last expired for inactivity."""
    return idled_at is not None and (lot.available_at or lot.earned_at) < idled_at


def due_steps(lots: Iterable[Lot], now: datetime, idle_at: datetime | None = None) -> list[Due]:
    """Return what has happened to the lots by itself until `now`, in the order of time.

    At the same instant points first mature and then expire. At `idle_at` all expire that are
    available then.
    """
    steps: dict[tuple[datetime, Turn, datetime], list[Lot]] = {}
    for lot in sorted((lot for lot in lots if lot.remaining), key=spend_order):
        for key in _due_at(lot, now, idle_at):
            steps.setdefault(key, []).append(lot)
    return [Due(at, turn, found) for (_, turn, at), found in sorted(steps.items())]


def _due_at(
    lot: Lot, now: datetime, idle_at: datetime | None
) -> Iterator[tuple[datetime, Turn, datetime]]:
    """Yield when the lot's turn comes, what happens then, and the date of it."""
    matured_at = None
    if lot.is_pending:
        if lot.available_at is None or lot.available_at > now:
            return
        matured_at = lot.available_at
        yield matured_at, Turn.MATURITY, matured_at
    if idle_at is None or idle_at > now or (matured_at is not None and matured_at >= idle_at):
        idle_at = None
    ends_at = lot.expires_at
    if ends_at is not None and ends_at <= now and (idle_at is None or ends_at <= idle_at):
        yield max(ends_at, matured_at or ends_at), Turn.EXPIRY, ends_at
    elif idle_at is not None:
        yield idle_at, Turn.INACTIVITY, idle_at


def draw_lots(lots: Sequence[Lot], amount: int) -> list[LotDraw]:
    """Return how much to take from each of `lots`, in their order, to gather `amount`.

    Raise `BalanceInsufficient` (params `available`, `missing`) when they hold less.
    """
    draws: list[LotDraw] = []
    left = amount
    for lot in lots:
        if not left:
            break
        draws.append(LotDraw(lot.id, min(lot.remaining, left)))
        left -= draws[-1].amount
    if left:
        told = f"{amount} are needed and {amount - left} are available."
        raise BalanceInsufficient(told, available=amount - left, missing=left, price=amount)
    return draws


def draw_at_most(lots: Sequence[Lot], amount: int) -> list[LotDraw]:
    """Return draws of `amount` in the lots' order, or of all they hold when that is less."""
    held = sum(lot.remaining for lot in lots)
    return draw_lots(lots, min(amount, held))


def returned_draws(draws: Sequence[LotDraw], amount: int) -> list[LotDraw]:
    """Return how much of `amount` goes back to each lot: what was drawn last returns first.

    `draws` are the net draws in spend order. Repeated partial returns with the remaining net
    draws never give a lot more than was taken from it, and together give back all.
    """
    back: list[LotDraw] = []
    left = amount
    for draw in reversed(draws):
        if not left:
            break
        part = min(draw.amount, left)
        back.append(LotDraw(draw.lot_id, part))
        left -= part
    if left:
        raise AmountInvalid("More is returned than was taken.", amount=str(amount))
    return back
