"""Changing when points expire, and saying before who would lose what."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, select, update

from server.core.audit import Change, write_audit
from server.core.clock import local_date
from server.core.statements import Prepared
from server.core.walking import walk
from server.gamification.facts.queries import last_purchases
from server.gamification.holds.queries import list_held_lots
from server.gamification.ledger.book import Book
from server.gamification.ledger.models import LOT, WALLET
from server.gamification.ledger.service import save_books
from server.gamification.ledger.sweeping import BATCH, read_books
from server.gamification.ledger.types import Lot
from server.gamification.points.errors import ExpiryInvalid
from server.gamification.points.redating import Redating, check_policies
from server.gamification.points.rules import add_months
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.queries import get_programme
from server.gamification.programme.service import change_settings
from server.gamification.programme.types import POINTS, ExpiryPolicy, Policies, Programme

MONTHS_AHEAD = 12
SHOWN_MAX = 10
_LOCK_PROGRAMME = select(PROGRAMME.c.id).with_for_update()
_OF_UNIT = select(WALLET.c.id).where(WALLET.c.unit == bindparam("unit"))
_NOT_OF = select(WALLET.c.id).where(WALLET.c.unit.not_in(bindparam("units", expanding=True)))
_FIRST: ColumnElement[datetime] = case(
    (LOT.c.redated_at.is_(None), LOT.c.expires_at), else_=LOT.c.first_expires_at
)
_REDATE = Prepared(
    update(LOT)
    .where(LOT.c.id == bindparam("lot_id"))
    .values(
        expires_at=bindparam("new_date"), redated_at=bindparam("new_at"), first_expires_at=_FIRST
    )
)


@dataclass(frozen=True, slots=True)
class Loss:
    """How many points of how many members expire in the month that begins `on`."""

    on: date
    members: int
    points: int


@dataclass(frozen=True, slots=True)
class Loser:
    """A member who would lose `points` in the months ahead, the first at the end of `first_on`."""

    member_id: str
    points: int
    first_on: date


@dataclass(frozen=True, slots=True)
class Forecast:
    """What expires in the months ahead if nothing is spent, and who loses most."""

    losses: tuple[Loss, ...]
    losers: tuple[Loser, ...]


def change_expiry(
    tx: Connection,
    policies: Sequence[ExpiryPolicy] | None,
    actor: str,
    now: datetime,
    unit: str = POINTS,
) -> None:
    """Put a set of expiry policies in force, for points to come and for those that exist.

    Units without policies of their own follow the points; None makes `unit` follow them again.
    Nothing expires by the change itself, see `redating`. All wallets are locked until the end of
    the transaction, a purchase waits or is refused as busy meanwhile. A purchase that was being
    recorded at the very moment may still follow the old policies. Raise `ExpiryInvalid`,
    `ProgrammeMissing`.
    """
    if tx.execute(_LOCK_PROGRAMME).first() is None:
        raise ProgrammeMissing
    programme = get_programme(tx)
    redating = _redating(programme, unit, policies, now)
    own = list(programme.policies.unit_expiry)
    asked = _NOT_OF.params(units=own) if unit == POINTS else _OF_UNIT.params(unit=unit)
    for books in _pages(tx, asked, now, is_locked=True):
        _redate(tx, books, redating, now)
        save_books(tx, books)
    before, after = _settings(programme.policies), _changed(programme.policies, unit, policies)
    change_settings(tx, after, actor, now)
    entry = Change("expiry.changed", "programme", "1", before, after)
    write_audit(tx, entry, actor=actor, now=now)


def forecast_expiry(
    tx: Connection, policies: Sequence[ExpiryPolicy] | None, now: datetime, unit: str = POINTS
) -> Forecast:
    """Return what of a unit would expire in the next 12 months under `policies`; None: as it is.

    Reads only, wallet by wallet, in flat memory. Raise `ExpiryInvalid`, `ProgrammeMissing`.
    """
    programme = get_programme(tx)
    tally = _Tally(programme.zone, now)
    redating = None
    if policies is not None:
        redating = _redating(programme, unit, policies, now)
    for books in _pages(tx, _OF_UNIT.params(unit=unit), now, is_locked=False):
        bought = last_purchases(tx, [book.wallet.member_id for book in books]) if redating else {}
        for book in books:
            tally.add(book, redating, bought.get(book.wallet.member_id))
    return tally.forecast()


def _redating(
    programme: Programme, unit: str, policies: Sequence[ExpiryPolicy] | None, now: datetime
) -> Redating:
    """Return what policies of a unit do to its dates. Raise `ExpiryInvalid`."""
    if unit not in {POINTS, *programme.units} or (policies is None and unit == POINTS):
        raise ExpiryInvalid("There is no such unit, or it follows nothing.", unit=unit)
    check_policies(policies or (), now, programme.zone)
    expiry = programme.policies.expiry if policies is None else policies
    return Redating(expiry, programme.policies.grace_lot_days, programme.zone, now)


def _changed(
    policies: Policies, unit: str, expiry: Sequence[ExpiryPolicy] | None
) -> dict[str, Any]:
    """Return the settings of expiry after a change of one unit."""
    if unit == POINTS:
        return _settings(replace(policies, expiry=tuple(expiry or ())))
    others = {code: own for code, own in policies.unit_expiry.items() if code != unit}
    own = {} if expiry is None else {unit: tuple(expiry)}
    return _settings(replace(policies, unit_expiry=others | own))


def _settings(policies: Policies) -> dict[str, Any]:
    own = policies.unit_expiry
    return {
        "expiry": [_dump(policy) for policy in policies.expiry],
        "unit_expiry": {unit: [_dump(policy) for policy in own[unit]] for unit in sorted(own)},
    }


def _pages(
    tx: Connection, wallets: Select[Any], now: datetime, *, is_locked: bool
) -> Iterator[list[Book]]:
    """Yield the books of wallets, settled at `now` in memory, in the order of their ids."""
    ids = (row.id for row in walk(tx, wallets, [WALLET.c.id]))
    while page := list(islice(ids, BATCH)):
        books = read_books(tx, page, is_locked=is_locked)
        for book in books:
            book.settle(now)
        yield books


def _redate(tx: Connection, books: Sequence[Book], redating: Redating, now: datetime) -> None:
    """Give lots and wallets their new dates; what is held may come back and is included."""
    bought = last_purchases(tx, [book.wallet.member_id for book in books])
    held = list_held_lots(tx, [book.wallet.id for book in books if book.wallet.held])
    open_lots = {lot.id: lot for book in books for lot in book.lots.values() if lot.remaining}
    lots = held | open_lots
    changes = [(lot, redating.lot(lot)) for lot in lots.values()]
    rows = [
        {"lot_id": lot.id, "new_date": found, "new_at": now}
        for lot, found in changes
        if found != lot.expires_at
    ]
    _REDATE.run(tx, rows)
    for book in books:
        found = redating.wallet(book.wallet, bought.get(book.wallet.member_id))
        book.wallet.idle_at = found


class _Tally:
    """Adds up, wallet by wallet, what expires in which month."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        first = local_date(now, zone).replace(day=1)
        self._months = [add_months(first, number) for number in range(MONTHS_AHEAD)]
        self._points: Counter[date] = Counter()
        self._members: Counter[date] = Counter()
        self._top: list[tuple[int, str, date]] = []

    def add(self, book: Book, redating: Redating | None, bought_at: datetime | None) -> None:
        """Count what of a wallet expires."""
        idle_at = redating.wallet(book.wallet, bought_at) if redating else book.wallet.idle_at
        lost: dict[date, int] = defaultdict(int)
        for lot in book.lots.values():
            day = self._last_day(lot, redating.lot(lot) if redating else lot.expires_at, idle_at)
            if day is not None and lot.remaining and day.replace(day=1) in self._months:
                lost[day] += lot.remaining
        for month in {day.replace(day=1) for day in lost}:
            self._members[month] += 1
        for day, points in lost.items():
            self._points[day.replace(day=1)] += points
        if lost:
            self._rank((sum(lost.values()), book.wallet.member_id, min(lost)))

    def _last_day(
        self, lot: Lot, expires_at: datetime | None, idle_at: datetime | None
    ) -> date | None:
        ends = [end for end in (expires_at, idle_at) if end is not None]
        if not ends or (lot.is_pending and lot.available_at is None):
            return None
        return local_date(min(ends) - timedelta(microseconds=1), self._zone)

    def _rank(self, entry: tuple[int, str, date]) -> None:
        push = heapq.heappush if len(self._top) < SHOWN_MAX else heapq.heappushpop
        push(self._top, entry)

    def forecast(self) -> Forecast:
        """Return what was counted."""
        losses = tuple(Loss(on, self._members[on], self._points[on]) for on in self._months)
        ranked = sorted(self._top, key=lambda entry: (-entry[0], entry[1]))
        return Forecast(losses, tuple(Loser(who, points, on) for points, who, on in ranked))


def _dump(policy: ExpiryPolicy) -> dict[str, Any]:
    if policy.on is not None:
        return {"kind": str(policy.kind), "on": policy.on.isoformat()}
    return {
        "kind": str(policy.kind),
        "months": policy.months,
        "round_to": str(policy.round_to),
    }
