"""Reading activities, and gathering what a purchase needs in few round trips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from server.core.columns import among
from server.core.errors import NotFound
from server.core.pagination import newest_first
from server.core.statements import Later, Prepared
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
_ONE_SHOPPER = Prepared(_SHOPPER.where(MEMBER.c.id == bindparam("member_id")))
_SHOPPERS = Prepared(_SHOPPER.where(among(MEMBER.c.id, "member_ids")))
_KNOWN_RECEIPTS = Prepared(
    select(ACTIVITY.c.id, ACTIVITY.c.source, ACTIVITY.c.external_id).where(
        among(ACTIVITY.c.source, "sources"),
        among(ACTIVITY.c.external_id, "external_ids"),
        ACTIVITY.c.kind == PURCHASE,
    )
)
_BY_ID = select(ACTIVITY).where(ACTIVITY.c.id == bindparam("id"))
_BY_IDS = Prepared(select(ACTIVITY).where(among(ACTIVITY.c.id, "ids")))
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
    """Read everything the purchases need about their members.

    The members' points wallets are locked before, so that counters cannot change meanwhile.
    """
    return ask_gathered(tx, purchases)()


def ask_gathered(tx: Connection, purchases: Sequence[Purchase]) -> Later[Gathered]:
    """Send the questions of `gather`."""
    ids = list({purchase.member_id for purchase in purchases})
    shoppers, known = _ask_shoppers(tx, ids), _ask_known(tx, purchases)
    return lambda: Gathered(shoppers(), known())


def list_shoppers(tx: Connection, member_ids: Sequence[str]) -> dict[str, Shopper]:
    """Return members as the pipeline sees them, by id; only those that exist."""
    return _ask_shoppers(tx, member_ids)()


def _ask_shoppers(tx: Connection, member_ids: Sequence[str]) -> Later[dict[str, Shopper]]:
    sent = _SHOPPERS.send(tx, {"member_ids": list(member_ids)})
    return lambda: {row.id: _shopper_of(row) for row in sent.all()}


def known_receipts(tx: Connection, purchases: Sequence[Purchase]) -> dict[Receipt, str]:
    """Return the ids of those purchases that were recorded before, by receipt."""
    return _ask_known(tx, purchases)()


def _ask_known(tx: Connection, purchases: Sequence[Purchase]) -> Later[dict[Receipt, str]]:
    sources, external_ids = ({p.source for p in purchases}, {p.external_id for p in purchases})
    keys = {"sources": list(sources), "external_ids": list(external_ids)}
    sent = _KNOWN_RECEIPTS.send(tx, keys)
    return lambda: {(row.source, row.external_id): row.id for row in sent.all()}


def find_shopper(tx: Connection, member_id: str) -> Shopper | None:
    """Return a member as the pipeline sees them, or None when there is none."""
    return ask_shopper(tx, member_id)()


def ask_shopper(tx: Connection, member_id: str) -> Later[Shopper | None]:
    """Send the question of `find_shopper`."""
    sent = _ONE_SHOPPER.send(tx, {"member_id": member_id})

    def answer() -> Shopper | None:
        row = sent.first()
        return _shopper_of(row) if row else None

    return answer


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
    rows = _BY_IDS.all(tx, {"ids": list(ids)}) if ids else ()
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
