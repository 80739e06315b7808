"""Reading receipts: the request schemas of purchases and what they mean to the domain."""

from typing import Any

from server.api.endpoint import Call
from server.api.schemas import (
    Boolean,
    Instant,
    Integer,
    Items,
    MoneyIn,
    Nested,
    RequestSchema,
    Text,
)
from server.core.errors import NotFound, ValidationFailed
from server.core.ids import EXAMPLE_MEMBER_ID
from server.gamification.activities.types import Purchase, PurchaseLine
from server.gamification.partners.queries import get_location
from server.gamification.partners.types import Location

QUANTITY_MAX = 100_000
SOURCE_MAX = 33
"""How long a source may be that is stored with the id of its partner."""
_OTHERS = ("loc_", "par_", "dev_", "import")
"""How the sources begin that only their owners may use."""


_BASKET: dict[str, Any] = {
    "member_id": EXAMPLE_MEMBER_ID,
    "total": {"amount_minor": 1320, "currency": "EUR"},
    "lines": [
        {"sku": "flat-white", "quantity": 2, "amount": {"amount_minor": 780, "currency": "EUR"}},
        {"sku": "rye-sandwich", "amount": {"amount_minor": 540, "currency": "EUR"}},
    ],
}


class LineIn(RequestSchema):
    """One line of the receipt: what is paid for it, tax included."""

    sku = Text(most=64, load_default=None, allow_none=True)
    category = Text(most=64, load_default=None, allow_none=True)
    quantity = Integer(least=1, most=QUANTITY_MAX, load_default=1)
    amount = Nested(MoneyIn, required=True)
    tax = Nested(MoneyIn, load_default=None, allow_none=True)


class ApplyIn(RequestSchema):
    """Something to use with the purchase: a redemption that holds the member's points."""

    redemption_id = Text(required=True, most=40)


class BasketIn(RequestSchema):
    """What quotes and purchases have in common."""

    member_id = Text(required=True, most=40)
    occurred_at = Instant(metadata={"description": "Now, when not sent."})
    location_id = Text(most=40, load_default=None, allow_none=True)
    total = Nested(MoneyIn, required=True)
    tax = Nested(MoneyIn, load_default=None, allow_none=True)
    lines = Items(Nested(LineIn), most=200, load_default=list)
    source = Text(most=40, load_default=None, allow_none=True, pattern="[A-Za-z0-9_.:-]+")
    apply = Items(Nested(ApplyIn), most=5, load_default=list)


class QuoteIn(BasketIn):
    """A basket that is not paid yet; the body of a purchase is understood too.

    `total` is the bill before the discount of the member's tier, which is worked out here; say
    `tier_discount_included: true` when it has been taken off already.
    """

    example = _BASKET

    external_id = Text(most=100, load_default=None, allow_none=True)
    tier_discount_included = Boolean(load_default=False)


class TransactionIn(BasketIn):
    """A purchase. `total` is what the customer pays, after all discounts and points.

    `external_id` is the receipt's number: with `source` it names the purchase for
    ever, so the same receipt is never counted twice. `source` is by default the location, or the
    key's partner. Keys without `partners:all` have sources of their own (33 characters at most).
    """

    example = _BASKET | {"external_id": "R-1001"}

    external_id = Text(required=True, most=100)
    awaits_confirmation = Boolean(
        load_default=None,
        allow_none=True,
        metadata={"description": "Points wait for the confirmation. Null: as the programme says."},
    )


def purchase_of(call: Call, body: dict[str, Any]) -> Purchase:
    """Return the purchase that a request body reports. Raises ValidationFailed."""
    location_id = location_of(call, body)
    lines = tuple(_line_of(line, index, body) for index, line in enumerate(body["lines"]))
    return Purchase(
        member_id=body["member_id"],
        source=source_of(call, body.get("source"), location_id),
        external_id=body["external_id"] or "",
        occurred_at=body.get("occurred_at") or call.now,
        amount_minor=body["total"]["amount_minor"],
        currency_code=body["total"]["currency"],
        tax_minor=_tax(body, "/tax", body["total"]),
        lines=lines,
        location_id=location_id,
        redemption_ids=tuple(part["redemption_id"] for part in body.get("apply", ())),
        awaits_confirmation=body.get("awaits_confirmation"),
    )


def source_of(call: Call, source: str | None, location_id: str | None) -> str:
    """Return who numbers the receipts: what was sent, else the location, else the partner.

    The numbers of a partner that is kept apart are its own: what it names, whatever it is but its
    own place, is stored with its id before it.
    """
    extra = call.principal.extra
    own = {location_id, extra["partner_id"], call.principal.id}
    is_closed = call.principal.kind == "device" or (source or "").startswith(_OTHERS)
    if source is not None and source not in own and is_closed:
        raise ValidationFailed.at("/source", "not_yours", "This source belongs to others.")
    named = source or location_id or str(extra["partner_id"] or call.principal.id)
    return named if extra["sees_all"] or _is_own(call, named) else _apart(call, named)


def _is_own(call: Call, named: str) -> bool:
    """Tell whether a source is the caller's partner, device or place, and nobody else's."""
    extra, place = call.principal.extra, call.looked_up.get(named)
    own = {extra["partner_id"], extra["location_id"], call.principal.id}
    return named in own or (place is not None and place.partner_id == extra["owner_id"])


def _apart(call: Call, named: str) -> str:
    if len(named) > SOURCE_MAX:
        raise ValidationFailed.at("/source", "too_long", f"At most {SOURCE_MAX} characters.")
    return f"{call.principal.extra['owner_id']}/{named}"


def location_of(call: Call, sent: dict[str, Any]) -> str | None:
    """Return where it happens: a till's own location comes before the one that was sent, which
    must exist and be no other partner's. Raises ValidationFailed.
    """
    own: str | None = call.principal.extra.get("location_id")
    return own or _known_location(call, sent)


def _known_location(call: Call, sent: dict[str, Any]) -> str | None:
    location_id: str | None = sent.get("location_id")
    if location_id is None:
        return None
    if location_id not in call.looked_up:
        call.looked_up[location_id] = _nameable(call, location_id)
    if call.looked_up[location_id] is None:
        raise ValidationFailed.at("/location_id", "unknown", "No such location.")
    return location_id


def _nameable(call: Call, location_id: str) -> Location | None:
    """Return a location that exists and is no other partner's."""
    try:
        found = get_location(call.tx, location_id)
    except NotFound:
        return None
    extra = call.principal.extra
    is_open = found.partner_id in {None, extra["owner_id"]} or extra["sees_all"]
    return found if is_open else None


def _line_of(line: dict[str, Any], index: int, body: dict[str, Any]) -> PurchaseLine:
    pointer = f"/lines/{index}"
    check_currency(line["amount"], body["total"], f"{pointer}/amount")
    return PurchaseLine(
        amount_minor=line["amount"]["amount_minor"],
        quantity=line["quantity"],
        tax_minor=_tax(line, f"{pointer}/tax", line["amount"]),
        sku=line["sku"],
        category=line["category"],
    )


def _tax(holder: dict[str, Any], pointer: str, whole: dict[str, Any]) -> int:
    """Return the tax of a bill or a line; it is a part of the amount and no more."""
    tax = holder.get("tax")
    if tax is None:
        return 0
    check_currency(tax, whole, pointer)
    if tax["amount_minor"] > whole["amount_minor"]:
        raise ValidationFailed.at(pointer, "too_large", "The tax exceeds the amount.")
    return int(tax["amount_minor"])


def check_currency(money: dict[str, Any], whole: dict[str, Any], pointer: str) -> None:
    """Raise ValidationFailed when a part is in another currency than the whole."""
    if money["currency"] != whole["currency"]:
        raise ValidationFailed.at(
            f"{pointer}/currency", "currency_mismatch", "One receipt has one currency."
        )
