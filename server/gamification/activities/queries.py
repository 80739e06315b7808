"""Reading activities, and gathering what a purchase needs in few round trips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Function, Select, and_, bindparam, func, select

from server.core.columns import Json, among
from server.core.errors import NotFound
from server.core.statements import Prepared
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.activities.types import Purchase, Shopper
from server.gamification.earning.models import EARN_COUNTER
from server.gamification.earning.queries import caps_used
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.queries import facts_of
from server.gamification.members.models import MEMBER
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.standings.queries import standing_of

PURCHASE, REDEMPTION = "purchase", "redemption"
SHOPPER = (
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
"""Members with what was counted of them and their standing; see `shopper_of`."""
_BY_RECEIPT = and_(
    ACTIVITY.c.source == bindparam("source"),
    ACTIVITY.c.external_id == bindparam("external_id"),
    ACTIVITY.c.kind == PURCHASE,
)
_ONE_SHOPPER = Prepared(SHOPPER.where(MEMBER.c.id == bindparam("member_id")))
_SHOPPERS = Prepared(SHOPPER.where(among(MEMBER.c.id, "member_ids")))
_KNOWN_ID = select(ACTIVITY.c.id).where(_BY_RECEIPT).scalar_subquery().label("known_id")


def buyer(as_object: Callable[..., Function[Any]]) -> Select[Any]:
    """A member with what is used of caps, as a JSON object."""
    used = select(as_object(EARN_COUNTER.c.cap_key, EARN_COUNTER.c.points, type_=Json)).where(
        EARN_COUNTER.c.member_id == bindparam("member_id"),
        among(EARN_COUNTER.c.cap_key, "cap_keys"),
    )
    found = SHOPPER.add_columns(used.scalar_subquery().label("used"))
    return found.where(MEMBER.c.id == bindparam("member_id"))


_BUYER = Prepared(
    buyer(func.json_object_agg).add_columns(_KNOWN_ID),
    sqlite=buyer(func.json_group_object).add_columns(_KNOWN_ID),
)
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

Receipt = tuple[str, str]
"""The natural key of a purchase: source and external id."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Members by id (only those that exist), and ids of receipts that are known already."""

    shoppers: dict[str, Shopper]
    known: dict[Receipt, str]


def gather(tx: Connection, purchases: Sequence[Purchase], cap_keys: Sequence[str] = ()) -> Gathered:
    """Read everything the purchases need about their members, and what is used of these caps.

    The members' points wallets are locked before, so that counters cannot change meanwhile.
    """
    if len(purchases) == 1:
        return _gather_one(tx, purchases[0], cap_keys)
    ids = list({purchase.member_id for purchase in purchases})
    gathered = Gathered(list_shoppers(tx, ids), known_receipts(tx, purchases))
    note_caps(gathered.shoppers, caps_used(tx, ids, cap_keys))
    return gathered


def _gather_one(tx: Connection, purchase: Purchase, cap_keys: Sequence[str]) -> Gathered:
    """Read all that a single purchase needs with one statement."""
    of = {"member_id": purchase.member_id, "cap_keys": list(cap_keys)}
    receipt = (purchase.source, purchase.external_id)
    row = _BUYER.first(tx, {**of, "source": receipt[0], "external_id": receipt[1]})
    if row is None:
        return Gathered({}, {})
    shopper = shopper_of(row)
    shopper.used = row.used or {}
    return Gathered({row.id: shopper}, {receipt: row.known_id} if row.known_id else {})


def note_caps(shoppers: dict[str, Shopper], caps: dict[str, dict[str, int]]) -> None:
    """Tell shoppers what they have used of capped rules; what was counted in memory stays."""
    for member_id, used in caps.items():
        if member_id in shoppers:
            shoppers[member_id].used = used | shoppers[member_id].used


def list_shoppers(tx: Connection, member_ids: Sequence[str]) -> dict[str, Shopper]:
    """Return members as the pipeline sees them, by id; only those that exist."""
    rows = _SHOPPERS.all(tx, {"member_ids": list(member_ids)})
    return {row.id: shopper_of(row) for row in rows}


def known_receipts(tx: Connection, purchases: Sequence[Purchase]) -> dict[Receipt, str]:
    """Return the ids of those purchases that were recorded before, by receipt."""
    sources, external_ids = ({p.source for p in purchases}, {p.external_id for p in purchases})
    keys = {"sources": list(sources), "external_ids": list(external_ids)}
    rows = _KNOWN_RECEIPTS.all(tx, keys)
    return {(row.source, row.external_id): row.id for row in rows}


def find_shopper(tx: Connection, member_id: str) -> Shopper | None:
    """Return a member as the pipeline sees them, or None when there is none."""
    row = _ONE_SHOPPER.first(tx, {"member_id": member_id})
    return shopper_of(row) if row else None


def get_shopper(tx: Connection, member_id: str) -> Shopper:
    """Return a member as the pipeline sees them. Raise `NotFound`."""
    shopper = find_shopper(tx, member_id)
    if shopper is None:
        raise NotFound("There is no such member.")
    return shopper


def shopper_of(row: Any) -> Shopper:
    """Turn a row of `SHOPPER` into the member that the pipeline sees."""
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
