"""Reading activities, and gathering what a purchase needs in few round trips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from server.core.errors import NotFound
from server.core.pagination import newest_first
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.activities.types import Purchase, Shopper
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.queries import facts_of
from server.gamification.members.models import MEMBER
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.standings.queries import standing_of

PURCHASE = "purchase"
_SHOPPER = (
    select(
        MEMBER.c.id,
        MEMBER.c.status,
        MEMBER.c.merged_into_id,
        MEMBER.c.created_at,
        *(column for column in MEMBER_FACTS.c if column.name != "member_id"),
        *(column for column in MEMBER_TIER.c if column.name != "member_id"),
    )
    .join(MEMBER_FACTS, MEMBER_FACTS.c.member_id == MEMBER.c.id, isouter=True)
    .join(MEMBER_TIER, MEMBER_TIER.c.member_id == MEMBER.c.id, isouter=True)
)
_BY_RECEIPT = and_(
    ACTIVITY.c.source == bindparam("source"),
    ACTIVITY.c.external_id == bindparam("external_id"),
    ACTIVITY.c.kind == PURCHASE,
)
_KNOWN = select(ACTIVITY.c.id).where(_BY_RECEIPT).scalar_subquery().label("known_id")
_ONE_SHOPPER = _SHOPPER.where(MEMBER.c.id == bindparam("member_id"))
_ONE_BUYER = _ONE_SHOPPER.add_columns(_KNOWN)
_SHOPPERS = _SHOPPER.where(MEMBER.c.id.in_(bindparam("member_ids", expanding=True)))
_KNOWN_RECEIPTS = select(ACTIVITY.c.id, ACTIVITY.c.source, ACTIVITY.c.external_id).where(
    ACTIVITY.c.external_id.in_(bindparam("external_ids", expanding=True)),
    ACTIVITY.c.source.in_(bindparam("sources", expanding=True)),
    ACTIVITY.c.kind == PURCHASE,
)
_BY_ID = select(ACTIVITY).where(ACTIVITY.c.id == bindparam("id"))
_BY_IDS = select(ACTIVITY).where(ACTIVITY.c.id.in_(bindparam("ids", expanding=True)))
_BY_RECEIPT_ROW = select(ACTIVITY).where(_BY_RECEIPT)
_RETURN = select(ACTIVITY_RETURN).where(
    ACTIVITY_RETURN.c.activity_id == bindparam("activity_id"),
    ACTIVITY_RETURN.c.external_id == bindparam("external_id"),
)
_RETURNS = (
    select(ACTIVITY_RETURN)
    .where(ACTIVITY_RETURN.c.activity_id == bindparam("activity_id"))
    .order_by(ACTIVITY_RETURN.c.recorded_at, ACTIVITY_RETURN.c.id)
)
_OF_MEMBER = newest_first(
    select(ACTIVITY).where(ACTIVITY.c.member_id == bindparam("member_id")),
    ACTIVITY.c.occurred_at,
    ACTIVITY.c.id,
)

Receipt = tuple[str, str]
"""The natural key of a purchase: source and external id."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Members by id (only those that exist), and ids of receipts that are known already."""

    shoppers: dict[str, Shopper]
    known: dict[Receipt, str]


def gather(tx: Connection, purchases: Sequence[Purchase]) -> Gathered:
    """Read everything the purchases need about their members; one statement for one purchase.

    The members' points wallets are locked before, so that counters cannot change meanwhile.
    """
    if len(purchases) == 1:
        return _gather_one(tx, purchases[0])
    ids = list({purchase.member_id for purchase in purchases})
    return Gathered(list_shoppers(tx, ids), known_receipts(tx, purchases))


def list_shoppers(tx: Connection, member_ids: Sequence[str]) -> dict[str, Shopper]:
    """Return members as the pipeline sees them, by id; only those that exist."""
    ids = {"member_ids": list(member_ids)}
    return {row.id: _shopper_of(row) for row in tx.execute(_SHOPPERS, ids)}


def known_receipts(tx: Connection, purchases: Sequence[Purchase]) -> dict[Receipt, str]:
    """Return the ids of those purchases that were recorded before, by receipt."""
    sources, external_ids = ({p.source for p in purchases}, {p.external_id for p in purchases})
    keys = {"sources": list(sources), "external_ids": list(external_ids)}
    return {(r.source, r.external_id): r.id for r in tx.execute(_KNOWN_RECEIPTS, keys)}


def _gather_one(tx: Connection, purchase: Purchase) -> Gathered:
    parameters = {
        "member_id": purchase.member_id,
        "source": purchase.source,
        "external_id": purchase.external_id,
    }
    row = tx.execute(_ONE_BUYER, parameters).first()
    if row is None:
        return Gathered({}, {})
    known = {(purchase.source, purchase.external_id): row.known_id} if row.known_id else {}
    return Gathered({row.id: _shopper_of(row)}, known)


def find_shopper(tx: Connection, member_id: str) -> Shopper | None:
    """Return a member as the pipeline sees them, or None when there is none."""
    row = tx.execute(_ONE_SHOPPER, {"member_id": member_id}).first()
    return _shopper_of(row) if row else None


def get_shopper(tx: Connection, member_id: str) -> Shopper:
    """Return a member as the pipeline sees them. Raise `NotFound`."""
    shopper = find_shopper(tx, member_id)
    if shopper is None:
        raise NotFound("There is no such member.")
    return shopper


def _shopper_of(row: Any) -> Shopper:
    facts, standing = facts_of(row.id, row), standing_of(row)
    return Shopper(row.id, row.status, row.merged_into_id, facts, standing, row.created_at)


def find_activity(tx: Connection, activity_id: str) -> Any:
    """Return the row of an activity, or None."""
    return tx.execute(_BY_ID, {"id": activity_id}).first()


def get_purchase(tx: Connection, activity_id: str) -> Any:
    """Return the row of a purchase. Raise `NotFound`."""
    row = find_activity(tx, activity_id)
    if row is None or row.kind != PURCHASE:
        raise NotFound("There is no such purchase.")
    return row


def list_activities(tx: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """Return rows of activities by id."""
    rows = tx.execute(_BY_IDS, {"ids": list(ids)}) if ids else ()
    return {row.id: row for row in rows}


def find_purchase_by_receipt(tx: Connection, source: str, external_id: str) -> Any:
    """Return the row of the purchase with this natural key, or None."""
    return tx.execute(_BY_RECEIPT_ROW, {"source": source, "external_id": external_id}).first()


def find_return(tx: Connection, activity_id: str, external_id: str) -> Any:
    """Return the row of a return by its natural key, or None."""
    keys = {"activity_id": activity_id, "external_id": external_id}
    return tx.execute(_RETURN, keys).first()


def list_returns(tx: Connection, activity_id: str) -> list[Any]:
    """Return the returns of a purchase, oldest first."""
    return list(tx.execute(_RETURNS, {"activity_id": activity_id}))


def page_activities(tx: Connection, member_id: str, parameters: dict[str, Any]) -> list[Any]:
    """Return rows of a member's activities, newest first (see `core.pagination`)."""
    return list(tx.execute(_OF_MEMBER, parameters | {"member_id": member_id}))
