"""A shop with customers, for tests of what purchases do: programme, members, movements."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from server.core.ids import new_id
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.pipeline import record_purchase
from server.gamification.activities.types import (
    Outcome,
    Purchase,
    PurchaseLine,
    Recording,
    Return,
    ReturnLine,
    ReturnOutcome,
)
from server.gamification.earning.models import EARN_RULE
from server.gamification.holds.service import place_hold
from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.ledger.service import adjust, audited, open_book
from server.gamification.ledger.types import Cause, Hold, Term
from server.gamification.members.models import MEMBER
from server.gamification.presets.service import apply_preset
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.types import POINTS
from server.gamification.returns.service import return_purchase
from server.gamification.standings.assigning import Assignment, assign_tier

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
TILL = "device:dan"
_numbers = count(1)


def open_shop(tx: Connection, now: datetime = NOW, **settings: Any) -> None:
    """Put the four metals in force; `settings` are policies that differ from the preset."""
    apply_preset(tx, "four_metals", now)
    if settings:
        change_settings(tx, now, **settings)


def change_settings(tx: Connection, now: datetime, **settings: Any) -> None:
    """Change policies of the programme, as a new revision."""
    kept = tx.execute(select(PROGRAMME.c.settings)).scalar_one()
    values = {"settings": kept | settings, "revision": new_id("rev", now)}
    tx.execute(update(PROGRAMME).values(values))


def add_rule(tx: Connection, kind: str, points: int, now: datetime = NOW, **conditions: Any) -> str:
    """Publish another earn rule and return its id."""
    rule_id = new_id("rul", now)
    row = {"id": rule_id, "version": 1, "kind": kind, "names": {"en": kind}, "points": points}
    row |= {"per_minor": conditions.pop("per_minor", 0), "conditions": conditions}
    tx.execute(insert(EARN_RULE), row | {"created_at": now, "archived_at": None})
    change_settings(tx, now)
    return rule_id


def add_member(tx: Connection, now: datetime = NOW) -> str:
    """Return the id of a new member of whom nothing else is known."""
    member_id = new_id("mem", now)
    row = {"id": member_id, "status": "active", "attributes": {}, "joined_source": "api"}
    tx.execute(insert(MEMBER), row | {"created_at": now, "updated_at": now})
    return member_id


def put_in_tier(
    tx: Connection, member_id: str, key: str, now: datetime = NOW, *, is_locked: bool = False
) -> None:
    """Give a member a tier, by invitation where it is entered so, else by hand."""
    assign_tier(tx, member_id, Assignment(key, "a good friend", "staff:eva", is_locked), now)


def recording(tx: Connection, now: datetime = NOW) -> Recording:
    """Under today's rules, by Dan the till, at `now`."""
    return Recording(get_configuration(tx), TILL, now)


def purchase(member_id: str, minor: int, now: datetime = NOW, **fields: Any) -> Purchase:
    """A purchase of `minor` cents with a receipt number of its own."""
    bought = Purchase(member_id, "till-1", f"receipt-{next(_numbers)}", now, minor, "EUR")
    return replace(bought, **fields)


def buy(tx: Connection, member_id: str, minor: int, now: datetime = NOW, **fields: Any) -> Outcome:
    """Record a purchase of `minor` cents."""
    return record_purchase(tx, purchase(member_id, minor, now, **fields), recording(tx, now))


def line(minor: int, quantity: int = 1, **fields: Any) -> PurchaseLine:
    """A line of a receipt."""
    return PurchaseLine(minor, quantity, **fields)


def give_back(
    tx: Connection, bought: Outcome, minor: int | None = None, now: datetime = NOW, **fields: Any
) -> ReturnOutcome:
    """Return `minor` cents of a purchase (None: all that is left, or `lines`)."""
    fields.setdefault("external_id", f"return-{next(_numbers)}")
    return return_purchase(
        tx, bought.activity_id, Return(amount_minor=minor, **fields), recording(tx, now)
    )


def back(position: int, quantity: int, minor: int | None = None) -> ReturnLine:
    """A part of a line that comes back."""
    return ReturnLine(position, quantity, minor)


def cause(now: datetime = NOW, **fields: Any) -> Cause:
    """A movement by hand."""
    return Cause("staff", "stf-eva", "staff:eva", now, now, **fields)


def by_hand(
    tx: Connection, member_id: str, amount: int, now: datetime = NOW, **fields: Any
) -> Cause:
    """A movement by hand with its entry in the audit trail."""
    return audited(tx, member_id, POINTS, amount, cause(now, **fields))


def give(
    tx: Connection,
    member_id: str,
    amount: int,
    now: datetime = NOW,
    expires_at: datetime | None = None,
) -> None:
    """Add (or take) points by hand."""
    adjust(tx, member_id, POINTS, amount, cause(now), Term(now, expires_at))


def hold(
    tx: Connection, member_id: str, amount: int, now: datetime = NOW, minutes: int = 15
) -> Hold:
    """Set points of a member aside."""
    book = open_book(tx, member_id, POINTS, now)
    hold_id = new_id("hld", now)
    return place_hold(tx, book, amount, hold_cause(hold_id, now), timedelta(minutes=minutes))


def hold_cause(hold_id: str, now: datetime = NOW) -> Cause:
    """A movement of a hold, by the till."""
    return Cause("hold", hold_id, TILL, now, now)


def wallet(tx: Connection, member_id: str) -> RowMapping:
    """The stored wallet of a member's points."""
    of_points = select(WALLET).where(WALLET.c.member_id == member_id, WALLET.c.unit == POINTS)
    return tx.execute(of_points).mappings().one()


def balances(tx: Connection, member_id: str) -> tuple[int, int, int, int]:
    """Available, pending, held and owed points of a member, as stored."""
    row = wallet(tx, member_id)
    return row["available"], row["pending"], row["held"], row["debt"]


def kinds(tx: Connection, member_id: str) -> list[tuple[str, int]]:
    """Kind and amount of a member's movements, the oldest first."""
    of_wallet = TRANSFER.c.wallet_id == wallet(tx, member_id)["id"]
    rows = tx.execute(select(TRANSFER).where(of_wallet).order_by(TRANSFER.c.wallet_version))
    return [(row.kind, row.amount) for row in rows]
