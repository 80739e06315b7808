"""Giving points to another member: a look first, then the deed."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.balances import UnitView, balance_update, unit_view
from server.api.presenters.updates import Updates
from server.api.schemas import Instant, Integer, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import ValidationFailed
from server.core.i18n import gettext
from server.core.installation import installation
from server.core.rate_limits import RateLimited
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.ledger.queries import spendable_now
from server.gamification.ledger.service import open_book
from server.gamification.ledger.types import AMOUNT_MAX
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.members.lookups import Probe
from server.gamification.members.types import Member
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS
from server.gamification.transfers.errors import (
    FeatureDisabled,
    RecipientUnknown,
    TransferLimitReached,
    TransferTooEarly,
    TransferTooLarge,
    TransferTooSmall,
    TransferToSelf,
)
from server.gamification.transfers.queries import PROBES, find_recipient
from server.gamification.transfers.rules import check_offered, masked
from server.gamification.transfers.service import check_giving, give_away
from server.gamification.transfers.types import Giving

_REFUSALS = (
    FeatureDisabled,
    RecipientUnknown,
    TransferToSelf,
    TransferTooEarly,
    TransferTooSmall,
    TransferTooLarge,
    TransferLimitReached,
    BalanceInsufficient,
    MemberBlocked,
    MemberMerged,
    RateLimited,
)


class TransferIn(RequestSchema):
    """How much, and to whom: exactly one of card, spoken code, phone and e-mail address.

    `card` is the number on the other's card, `spoken` the code that their app shows.
    """

    example = {"phone": "5555 0001", "amount": 1}

    amount = Integer(required=True, least=1, most=AMOUNT_MAX)
    unit = Text(load_default=POINTS, most=20)
    card = Text(load_default=None, allow_none=True, most=30)
    spoken = Text(load_default=None, allow_none=True, most=20)
    phone = Text(load_default=None, allow_none=True, most=40)
    email = Text(load_default=None, allow_none=True, most=254)


class OtherMember(Out):
    """As much of another member as is shown: the first letter of the first name, if known."""

    name = Text(required=True, allow_none=True)


class TransferQuote(Out):
    """What would be given to whom. `left_today` may still be given today after it."""

    recipient = Nested(OtherMember, required=True)
    amount = Integer(required=True)
    unit = Text(required=True)
    text = Text(required=True)
    available_after = Integer(required=True)
    left_today = Integer(required=True)


class TransferPart(Out):
    """Points that were given."""

    id = Text(required=True)
    recipient = Nested(OtherMember, required=True)
    amount = Integer(required=True)
    unit = Text(required=True)
    text = Text(required=True)
    created_at = Instant(required=True)


class TransferOut(Out):
    """The transfer, and the balance after it."""

    transfer = Nested(TransferPart, required=True)
    updates = Nested(Updates, required=True)


@member.post(
    "/me/transfer-quotes",
    "quoteTransfer",
    body=TransferIn,
    answers={200: TransferQuote},
    refuses=_REFUSALS,
    reads=True,
)
def quote_transfer(call: Call) -> Reply:
    """Look whom a card, code, phone or address names, before points are given.

    Nothing is moved. Of the other member only the first letter of the first name is shown. A member
    may look twenty times in an hour.
    """
    recipient, giving = _asked(call)
    left = check_giving(call.tx, giving, call.now)
    available = spendable_now(call.tx, giving.sender_id, giving.unit, call.now)
    if available < giving.amount:
        missing = giving.amount - available
        raise BalanceInsufficient(available=available, missing=missing, price=giving.amount)
    body = {"available_after": available - giving.amount, "left_today": left}
    return Reply(_present(call, recipient, giving) | body)


@member.post(
    "/me/transfers",
    "createTransfer",
    body=TransferIn,
    answers={201: TransferOut},
    refuses=_REFUSALS,
    idempotency="required",
    personal=True,
)
def create_transfer(call: Call) -> Reply:
    """Give points to another member.

    What expires soonest goes first, and keeps its dates. It cannot be undone.
    """
    recipient, giving = _asked(call)
    made = give_away(call.tx, giving, call.now)
    wallet = open_book(call.tx, giving.sender_id, giving.unit, call.now).wallet
    shown = {"id": made.id, "created_at": made.created_at}
    body = {
        "transfer": _present(call, recipient, giving) | shown,
        "updates": {"balances": [balance_update(wallet, _view(call, giving.unit))], "tier": None},
    }
    return Reply(body, 201)


def _asked(call: Call) -> tuple[Member, Giving]:
    """Return who is meant and what is to be done; every look at others is counted."""
    body, policies = call.body, get_programme(call.tx, call.revision or None).policies
    check_offered(policies.transfers, body["unit"])
    probe = _probe(body)
    standing = installation().limits.hit("recipients", call.principal.id)
    if not standing.allowed:
        raise RateLimited(retry_after_seconds=standing.reset)
    recipient = find_recipient(call.tx, call.vault, probe, policies.phone_region, call.now)
    return recipient, Giving(call.principal.id, recipient.id, body["unit"], body["amount"])


def _probe(body: dict[str, Any]) -> Probe:
    """Return the one way in which the recipient is named. Raise `ValidationFailed`."""
    sent = [name for name in PROBES if body[name] is not None]
    if len(sent) != 1:
        detail = f"Send exactly one of {', '.join(PROBES)}."
        raise ValidationFailed.at("", "exactly_one", detail)
    return Probe(sent[0], body[sent[0]])


def _present(call: Call, recipient: Member, giving: Giving) -> dict[str, Any]:
    amount = _view(call, giving.unit).text(giving.amount)
    return {
        "recipient": {"name": masked(recipient.profile.first_name)},
        "amount": giving.amount,
        "unit": giving.unit,
        "text": gettext(call.locale, "-{points}", points=amount),
    }


def _view(call: Call, unit: str) -> UnitView:
    programme = get_programme(call.tx, call.revision or None)
    return unit_view(programme, unit, call.locale, call.now)
