"""Writing a batch of purchases: each table with one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert

from server.core.outbox import Event, record
from server.core.statements import Prepared, together
from server.gamification.activities import events
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.queries import Receipt
from server.gamification.activities.types import Purchase, Recording, Shopper, State
from server.gamification.earning.refusals import stored_form
from server.gamification.earning.service import count_accruals
from server.gamification.earning.types import Accrual
from server.gamification.facts.service import save_facts
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import save_books
from server.gamification.ledger.types import Wallet
from server.gamification.standings.service import (
    Counts,
    TierMove,
    TierNotice,
    add_days,
    events_of,
    give_notices,
    save_moves,
)

_INSERT_ACTIVITY = Prepared(insert(ACTIVITY))


@dataclass(frozen=True, slots=True)
class Known:
    """A receipt that was recorded before (or earlier in the same batch)."""

    activity_id: str
    purchase: Purchase


@dataclass(slots=True)
class Batch:
    """What is to be written for the purchases decided so far."""

    recording: Recording
    known: dict[Receipt, str]
    activities: list[dict[str, Any]] = field(default_factory=list)
    accruals: list[tuple[str, Accrual]] = field(default_factory=list)
    shoppers: dict[str, Shopper] = field(default_factory=dict)
    moves: list[TierMove] = field(default_factory=list)
    days: dict[tuple[str, date], Counts] = field(default_factory=dict)
    notices: list[TierNotice] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    books: Mapping[tuple[str, str], Book] = field(default_factory=dict)

    def wallets_of(self, member_id: str) -> tuple[Wallet, ...]:
        """Return the member's wallets in other units that something has moved."""
        return tuple(book.wallet for (who, _), book in self.books.items() if who == member_id)

    def add(self, row: dict[str, Any], shopper: Shopper, accruals: Sequence[Accrual]) -> None:
        """Note one recorded purchase (its row of `activity`) of a member."""
        self.activities.append(row)
        self.shoppers[shopper.member_id] = shopper
        self.accruals += [(shopper.member_id, accrual) for accrual in accruals]
        self.events += events.of_purchase(row["id"], shopper.member_id, row["trace"])

    def move(self, moves: Sequence[TierMove]) -> None:
        """Note moves on the ladder, with what is told of them."""
        self.moves += moves
        self.events += events_of(moves)

    def count_day(self, member_id: str, day: date, counts: Counts) -> None:
        """Note what counts towards tiers on a day of a member."""
        points, spend, visits = self.days.get((member_id, day), (0, 0, 0))
        self.days[member_id, day] = (points + counts[0], spend + counts[1], visits + counts[2])


def activity_row(
    activity_id: str, purchase: Purchase, stored: dict[str, Any], recording: Recording
) -> dict[str, Any]:
    """Return the row of a newly recorded purchase."""
    return {
        "id": activity_id,
        "member_id": purchase.member_id,
        "kind": purchase.kind,
        "source": purchase.source,
        "external_id": purchase.external_id,
        "state": str(State.SETTLED),
        "occurred_at": purchase.occurred_at,
        "recorded_at": recording.now,
        "location_id": purchase.location_id,
        "actor": recording.actor,
        "amount_minor": purchase.amount_minor,
        "currency_code": purchase.currency_code,
        "points": stored["points"],
        "trace": stored,
        "returned": None,
        "clawed_back": 0,
        "restored": 0,
    }


def save(tx: Connection, batch: Batch, books: Sequence[Book]) -> None:
    """Write activities, movements, counters, tiers and events of a batch, with one statement."""
    now, rows = batch.recording.now, batch.activities
    told = give_notices(tx, batch.notices)
    with together(tx):
        _INSERT_ACTIVITY.run(tx, [row | {"trace": stored_form(row["trace"])} for row in rows])
        save_books(tx, books)
        count_accruals(tx, batch.accruals)
        save_facts(tx, [shopper.facts for shopper in batch.shoppers.values()])
        add_days(tx, batch.days)
        save_moves(tx, batch.moves, now)
        record(tx, batch.events + told, now=now)
