"""The member's card: number, rotating code, spoken code."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.schemas import Choice, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.gamification.cards.queries import find_active_card, find_spoken_code
from server.gamification.cards.rules import (
    CODE_DIGITS,
    QR_PREFIX,
    STEP_SECONDS,
    secret_text,
    secret_valid_until,
)
from server.gamification.cards.service import master_secret, new_spoken_code
from server.gamification.cards.types import Assurance, Card, SpokenCode


class Barcode(Out):
    """What to draw as a barcode. It earns; it does not spend."""

    format = Choice("ean13", required=True)
    payload = Text(required=True)


class RotatingQr(Out):
    """How the app makes the rotating code by itself, offline.

    The payload is `prefix` followed by the time-based one-time password (RFC 6238, HMAC-SHA-1) of
    `secret_b32` with `digits` digits and a period of `period_s` seconds. Fetch the card again
    before `valid_until`; keep the secret in the phone's secure storage.
    """

    mode = Choice("rotating", required=True)
    prefix = Text(required=True)
    secret_b32 = Text(required=True)
    period_s = Integer(required=True)
    digits = Integer(required=True)
    valid_until = Instant(required=True)


class SpokenCodeOut(Out):
    """A code to say aloud, without letters that sound or look alike."""

    code = Text(required=True)
    expires_at = Instant(required=True)


class CardRules(Out):
    """What a till accepts: how to earn with an old code, and what spending needs."""

    stale_qr = Choice("earn_only", required=True)
    spend_needs = Items(Text(), required=True)


class Wallet(Out):
    """Links that add the card to a phone's wallet; null where there is none."""

    apple = Text(required=True, allow_none=True)
    google = Text(required=True, allow_none=True)


class CardOut(Out):
    """The active card; `number`, `barcode` and `qr` are null while the member has none."""

    number = Text(required=True, allow_none=True)
    barcode = Nested(Barcode, required=True, allow_none=True)
    qr = Nested(RotatingQr, required=True, allow_none=True)
    spoken = Nested(SpokenCodeOut, required=True, allow_none=True)
    rules = Nested(CardRules, required=True)
    wallet = Nested(Wallet, required=True)


@member.get("/me/card", "getMyCard", answers={200: CardOut})
def get_my_card(call: Call) -> Reply:
    """Get the card, with what the app needs to show it offline."""
    card = find_active_card(call.tx, call.principal.id)
    spoken = find_spoken_code(call.tx, call.principal.id, call.now)
    body = {
        "number": card.number if card else None,
        "barcode": {"format": "ean13", "payload": card.number} if card else None,
        "qr": _present_qr(call, card) if card else None,
        "spoken": _present_spoken(spoken) if spoken else None,
        "rules": {"stale_qr": "earn_only", "spend_needs": [str(Assurance.FRESH_QR)]},
        "wallet": {"apple": None, "google": None},
    }
    return Reply(body)


@member.post(
    "/me/card/spoken-code",
    "createSpokenCode",
    answers={201: SpokenCodeOut},
    idempotency="none",
)
def create_spoken_code(call: Call) -> Reply:
    """Make a code to say aloud at the till. It works for two minutes; an earlier one ends."""
    return Reply(_present_spoken(new_spoken_code(call.tx, call.principal.id, call.now)), 201)


def _present_qr(call: Call, card: Card) -> dict[str, Any]:
    return {
        "mode": "rotating",
        "prefix": f"{QR_PREFIX}.{card.id}.",
        "secret_b32": secret_text(master_secret(call.vault, card), call.now),
        "period_s": STEP_SECONDS,
        "digits": CODE_DIGITS,
        "valid_until": secret_valid_until(call.now),
    }


def _present_spoken(spoken: SpokenCode) -> dict[str, Any]:
    return {"code": spoken.code, "expires_at": spoken.expires_at}
